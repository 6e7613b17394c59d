"""Korridor: a live shared workspace for municipalities, firms, charities and citizens."""

__version__ = "0.1.0"

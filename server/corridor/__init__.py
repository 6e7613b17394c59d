"""The corridor: the few goals that an area agreed on, and what lies inside and outside of them."""

from . import commands

__all__ = ["commands"]  # importing them registers handlers, followers and read tables

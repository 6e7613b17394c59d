"""The corridor: the few goals that an area agreed on, and what lies inside and outside of them."""

from . import commands  # noqa: F401  (registers the handlers)

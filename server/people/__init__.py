"""People: the area's directory, the spaces it lists, and who takes part in each of them as what."""

from . import commands, followers, tables  # noqa: F401  (registers handlers, followers and read tables)

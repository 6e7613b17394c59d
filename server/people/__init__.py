"""People: the area's directory, the spaces it lists, and who takes part in each of them as what."""

from . import commands, directory, followers, invitations, tables

# Importing them registers handlers, followers and read tables.
__all__ = ["commands", "directory", "followers", "invitations", "tables"]

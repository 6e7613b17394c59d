"""What a process counts about itself: plain numbers, added to where things happen, read by whoever watches over it."""

from __future__ import annotations

from msgspec import Struct


class Counters(Struct):
    """Counts since the process began."""

    taken_in: int = 0
    """Entries that another process wrote and this one read from the journal."""

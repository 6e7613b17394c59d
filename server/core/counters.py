"""What a process counts about itself: plain numbers, added to where things happen, read by whoever watches over it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, field

from shared_schema.frames import Accepted, Refused

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Distribution(Struct):
    """How often a value was at most so much: once for each bound, and once for all that is beyond."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Counters(Struct):
    """Counts since the process began."""

    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Commands by the tag of the reason, of which there are as many as `shared_schema/refusals.py` has."""
    written: int = 0
    """Entries that this process wrote."""
    taken_in: int = 0
    """Entries that another process wrote and this one read from the journal."""
    announced: int = 0
    """Messages to other processes that a space has new entries."""
    heard: int = 0
    """Such messages from other processes."""
    fell_behind: int = 0
    """Seats that were taken from clients that did not read."""
    batches: Distribution = field(default_factory=lambda: Distribution(SIZES))
    """Commands in a batch."""
    commits: Distribution = field(default_factory=lambda: Distribution(SECONDS))
    """Seconds from the beginning of a batch's transaction to its COMMIT."""
    showings: Distribution = field(default_factory=lambda: Distribution(SECONDS))
    """Seconds from when an entry was committed until it was written to the last seat, the longest of each showing."""

    def answered(self, answers: Iterable[Accepted | Refused]) -> None:
        for answer in answers:
            if isinstance(answer, Accepted):
                self.accepted += 1
            else:
                self.refused[answer.reason.__struct_config__.tag] += 1  # type: ignore[index]

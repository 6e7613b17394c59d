"""Moments as the journal writes them, and the clocks that say which moment it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from time import monotonic
from typing import Protocol


@lru_cache(maxsize=64)  # all entries of a batch are of the same moment
def write(moment: datetime) -> str:
    """`2026-11-16T09:00:00.000000Z`, always 27 characters."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Clock(Protocol):
    """Says what time it is for a batch, given the database's time."""

    def now(self, database: datetime) -> datetime: ...


class DatabaseClock:
    """The database's own clock: one for all processes, whatever theirs say."""

    def now(self, database: datetime) -> datetime:
        return database


class RunningOn:
    """A clock that was read and runs on since: what it would say now, without asking again, and whatever this
    machine's own clock says meanwhile."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self._read_at = monotonic()

    def now(self) -> datetime:
        return self._moment + timedelta(seconds=monotonic() - self._read_at)


class SetClock:
    """A clock that stands where it was set: for tests, and for seeding a history."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def set(self, moment: datetime) -> None:
        self.moment = moment

    def now(self, database: datetime) -> datetime:
        return self.moment

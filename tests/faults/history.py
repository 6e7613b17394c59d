"""What happened, as the clients saw it: one line of JSON for each event, written as it happens.

The order of the lines is the order in which things happened, because all clients run on one loop. The file is all that
the checker needs of the clients, and it stays when a test fails.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterable
from itertools import pairwise
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct

from shared_schema.base import Id


class _Anybody:
    def __contains__(self, _: object) -> bool:
        return True


ANYBODY: Container[str] = _Anybody()


class Event(Struct, frozen=True, kw_only=True, tag_field="event", omit_defaults=True):
    """Something that a client did, was told, or saw in a space. `at` is in seconds since the beginning."""

    client: str
    space: Id
    at: float = 0.0


class Invoke(Event, frozen=True, kw_only=True, tag="invoke"):
    """A command is sent for the first time by this client; `writes` is the thing and the value it gives to it."""

    command: Id
    writes: tuple[Id, str] | None = None


class Ok(Event, frozen=True, kw_only=True, tag="ok"):
    """It was acknowledged, with the number of its entry in each space."""

    command: Id
    seqs: dict[Id, int]


class Refused(Event, frozen=True, kw_only=True, tag="refused"):
    """It was refused for good, so that it must have changed nothing."""

    command: Id
    reason: str


class Unknown(Event, frozen=True, kw_only=True, tag="unknown"):
    """No answer came, or one that says nothing of what became of it: it may have happened or not."""

    command: Id
    why: str = ""


class Saw(Event, frozen=True, kw_only=True, tag="saw"):
    """Entries arrived, by number and command; a hidden one has none."""

    entries: tuple[tuple[int, Id | None], ...]


class Ask(Event, frozen=True, kw_only=True, tag="ask"):
    """A snapshot is asked for: it must have all that is known by now."""

    reading: int


class Read(Event, frozen=True, kw_only=True, tag="read"):
    """A snapshot was read: its number, and the values that the client looked at (None: not there).

    `anew`: what the client holds begins with it, and so does what it sees from now on. `reading`: the `Ask` before it.
    """

    seq: int
    reading: int = 0
    values: dict[Id, str | None] = {}
    anew: bool = False


AnyEvent = Invoke | Ok | Refused | Unknown | Saw | Ask | Read

_line: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class History:
    """Writes events to a file. Use it as a context."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._began = time.monotonic()
        self._file = path.open("wb")
        self._encode = msgspec.json.Encoder().encode

    def note(self, event: AnyEvent) -> None:
        """Adds an event, with the time it is now."""
        timed = msgspec.structs.replace(event, at=self.now())
        self._file.write(self._encode(timed) + b"\n")

    def now(self) -> float:
        """The time as the events have it."""
        return round(time.monotonic() - self._began, 4)

    def events(self) -> list[AnyEvent]:
        """Everything noted so far, read from the file."""
        self._file.flush()
        return read(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


def read(path: Path) -> list[AnyEvent]:
    """The events of a file."""
    with path.open("rb") as lines:
        return [_line.decode(line) for line in lines]


def waited(events: Iterable[AnyEvent], kind: type[Event], since: float, clients: Container[str] = ANYBODY) -> float:
    """The seconds until the first event of a kind after a moment; endless if there was none."""
    later = (event.at for event in events if isinstance(event, kind) and event.at > since and event.client in clients)
    return next(later, inf) - since


def longest_silence(events: Iterable[AnyEvent], since: float, until: float, clients: Container[str]) -> float:
    """The longest time between two moments in which none of these clients was acknowledged anything."""
    acknowledged = [event.at for event in events if isinstance(event, Ok) and event.client in clients]
    moments = [since, *(at for at in acknowledged if since < at < until), until]
    return max(later - earlier for earlier, later in pairwise(moments))


def lags(events: Iterable[AnyEvent], writers: Container[str], readers: Container[str], since: float) -> list[float]:
    """The seconds from each acknowledgement to one of the writers until each reader saw the entry, if they did."""
    acknowledged: dict[tuple[Id, int], float] = {}
    found: list[float] = []
    for event in events:
        if isinstance(event, Ok) and event.client in writers and event.at > since:
            acknowledged[event.space, event.seqs[event.space]] = event.at
        elif isinstance(event, Saw) and event.client in readers:
            keys = ((event.space, seq) for seq, _ in event.entries)
            found += [event.at - acknowledged[key] for key in keys if key in acknowledged]
    return found

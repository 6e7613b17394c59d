"""The last entries of a space, encoded once for each kind of viewer: what is shown live, and what catches a seat up."""

from __future__ import annotations

from collections import deque
from itertools import islice

import msgspec

from server.core.commands import MOST_CHANGES
from server.core.journal import Committed
from server.core.ledger import short
from server.core.shown import hides, shown
from shared_schema.base import Id, Viewer
from shared_schema.journal import Entry

LENGTH = 1_000
"""Entries kept. At the pace of a busy workshop (2 a second) that is eight minutes: every reconnect, and most naps."""

_encode = msgspec.json.Encoder().encode


class Line:
    """An entry on its way to seats."""

    __slots__ = ("_encoded", "_whole", "entry", "erases", "head")

    def __init__(self, committed: Committed) -> None:
        self.entry: Entry = committed.entry
        self.head: bytes = committed.head
        self.erases = committed.erases
        self._encoded: dict[Viewer, bytes] = {}
        self._whole: bytes | None = None

    @property
    def seq(self) -> int:
        return self.entry.seq

    def encoded(self, viewer: Viewer) -> bytes:
        """The entry as this kind of viewer gets it. Kinds that see all of it share the same bytes."""
        found = self._encoded.get(viewer)
        if found is None:
            found = self._encoded[viewer] = self._encode(viewer)
        return found

    def _encode(self, viewer: Viewer) -> bytes:
        seen = shown(self.entry, viewer)
        if seen is not self.entry:
            return _encode(seen)
        if self._whole is None:
            self._whole = _encode(seen)
        return self._whole


class Ring:
    """The last lines of a space, without holes; `seq` and `head` are where the space stands."""

    def __init__(self, seq: int, head: bytes, length: int = LENGTH) -> None:
        self.seq = seq
        self.head = head
        self._lines: deque[Line] = deque()
        self._length = length
        self._before = (seq, head)
        """Where the space stood before the first of the lines."""

    def add(self, committed: list[Committed]) -> list[Line] | None:
        """Takes in what follows, and answers with it as lines; None if there is a hole: then nothing here is of use."""
        lines = [Line(one) for one in committed if one.entry.seq > self.seq]
        if not lines:
            return []
        if lines[0].seq != self.seq + 1:
            self._forget(lines[-1])
            return None
        self._lines.extend(lines)
        self.seq, self.head = lines[-1].seq, lines[-1].head
        self._shorten(lines)
        return lines

    def since(self, seq: int, head: str | None) -> list[Line] | None:
        """What follows after `seq`; None if the ring does not reach back so far, or if its head there is another."""
        known = self._head_at(seq)
        if known is None or head not in (None, short(known)):
            return None
        return self.after(seq)

    def after(self, seq: int) -> list[Line] | None:
        """What follows after `seq`; None if the ring does not reach back so far."""
        if not self._before[0] <= seq <= self.seq:
            return None
        return list(islice(self._lines, seq - self._before[0], None))

    def _head_at(self, seq: int) -> bytes | None:
        if seq == self._before[0]:
            return self._before[1]
        index = seq - self._before[0] - 1
        return self._lines[index].head if 0 <= index < len(self._lines) else None

    def _shorten(self, new: list[Line]) -> None:
        """Keeps the length, and no giant: an entry of thousands of changes is dearer than a snapshot."""
        if any(len(line.entry.changes) > MOST_CHANGES for line in new):
            self._forget(new[-1])
        while len(self._lines) > self._length:
            gone = self._lines.popleft()
            self._before = (gone.seq, gone.head)

    def _forget(self, last: Line) -> None:
        self._lines.clear()
        self.seq, self.head = self._before = (last.seq, last.head)


def payload(space: Id, lines: list[Line], viewer: Viewer, head: bytes) -> bytes:
    """The `entries` message of these lines, as its Struct would be encoded."""
    entries = b",".join([line.encoded(viewer) for line in lines])
    return b'{"t":"entries","space":"%b","entries":[%b],"head":"%b"}' % (space.encode(), entries, short(head).encode())


def page(space: Id, lines: list[Line], viewer: Viewer, seq: int, head: bytes) -> bytes:
    """The `EntriesPage` of these lines; without any, `seq` and `head` say where the space stands."""
    if lines:
        seq, head = lines[-1].seq, lines[-1].head
    entries = b",".join([line.encoded(viewer) for line in lines])
    return b'{"space":"%b","seq":%d,"head":"%b","entries":[%b]}' % (space.encode(), seq, short(head).encode(), entries)


def takes_away(lines: list[Line], viewer: Viewer) -> bool:
    """Whether something in these lines, or before them, is hidden from the viewer by a later one or was erased, so that
    what they hold cannot be continued."""
    return any(line.erases or hides(line.entry, viewer) for line in lines)

"""Hot spaces: loading them from the database, keeping them at hand, letting go of those that nobody uses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared_schema.base import Id

from . import journal
from .counters import Counters
from .database import Database
from .journal import Committed
from .space import Space

Shown = Callable[[Id, list[Committed], bool], None]
"""(space, entries, own): whether this process wrote them."""
Renewed = Callable[[Id], None]

MOST_IDLE = 200
"""Spaces kept hot without anybody watching; beyond it the longest unused go."""
CATCH_UP_PAGE = 500


class Keeper:
    """A hot space, who holds on to it, and when it was last used."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.held = 0
        self.used = time.monotonic()


class Keepers:
    """All hot spaces of this process. `show` gets every entry once, in order, from this process or another.

    `renewed` is told of a space whose journal is not the one any more that was shown: its database was put back.
    """

    def __init__(self, database: Database, show: Shown, renewed: Renewed, counters: Counters) -> None:
        self._database = database
        self._show = show
        self._renewed = renewed
        self._counters = counters
        self._hot: dict[Id, Keeper] = {}
        self._loading: dict[Id, asyncio.Future[Space | None]] = {}
        self._held: dict[Id, int] = {}
        self._shown: dict[Id, tuple[int, bytes]] = {}

    def __len__(self) -> int:
        return len(self._hot)

    def peek(self, id: Id) -> Space | None:
        """The space if it is hot."""
        keeper = self._hot.get(id)
        return keeper.space if keeper else None

    async def get(self, id: Id) -> Space | None:
        """The space, loaded if need be; None if there is none."""
        keeper = self._hot.get(id)
        if keeper:
            keeper.used = time.monotonic()
            return keeper.space
        if id not in self._loading:
            self._loading[id] = asyncio.ensure_future(self._load(id))
        return await asyncio.shield(self._loading[id])

    async def _load(self, id: Id) -> Space | None:
        try:
            space = await self._database.read(journal.load_space, id)
            if space is None:
                return None
            missed = await self._missed(space)
        finally:
            del self._loading[id]
        self.add(space)
        if missed is None:
            self._renewed(id)
        elif missed:
            self._show(id, missed, False)
        return space

    async def _missed(self, space: Space) -> list[Committed] | None:
        """Entries that came while a watched space was not hot, after a commit in doubt for example; None if those
        that were shown last are not in its journal."""
        shown = self._shown.get(space.id)
        if shown is None or shown == (space.seq, space.head):
            return []
        if space.seq < shown[0]:
            return None
        entries = await self._database.read(journal.entries_after, space.id, shown[0] - 1, space.seq - shown[0] + 1)
        return _following(entries, *shown)

    def add(self, space: Space) -> None:
        """Takes in a space that was just loaded or founded."""
        self._hot[space.id] = Keeper(space)
        self._shown[space.id] = (space.seq, space.head)

    def heads(self) -> dict[Id, tuple[int, bytes]]:
        """Where the hot spaces stand."""
        return {id: (keeper.space.seq, keeper.space.head) for id, keeper in self._hot.items()}

    def drop(self, id: Id) -> None:
        """Forgets the state, because it may not be what the database has. What was shown is remembered."""
        self._hot.pop(id, None)

    def forgotten(self) -> list[Id]:
        """Spaces that somebody holds on to and that were dropped: nothing is shown of them until they are read anew."""
        return [id for id in self._held if id in self._shown and id not in self._hot]

    def advance(self, space: Space, entries: list[Committed]) -> None:
        """Shows entries of this process that are in the space's state now."""
        self._shown[space.id] = (space.seq, space.head)
        self._show(space.id, entries, True)

    async def catch_up(self, id: Id) -> None:
        """Brings a hot space up to the journal, where another process was ahead. Call it between batches only."""
        while (space := self.peek(id)) is not None:
            entries = await self._database.read(journal.entries_after, id, space.seq - 1, CATCH_UP_PAGE)
            if not self.take_in(space, entries):
                await self.renew(id)
            if len(entries) < CATCH_UP_PAGE:
                return

    def take_in(self, space: Space, entries: list[Committed]) -> bool:
        """Applies what another process wrote to a hot space and shows it.

        The first of `entries` is the one at which the space stands. If that is another one, nothing is done: False.
        """
        news = _following(entries, space.seq, space.head)
        if not news:
            return news is not None
        self._counters.taken_in += len(news)
        for committed in news:
            space.apply(committed.entry.changes)
            space.seq, space.head, space.at = committed.entry.seq, committed.head, committed.entry.at
        self._shown[space.id] = (space.seq, space.head)
        self._show(space.id, news, False)
        return True

    async def renew(self, id: Id) -> Space | None:
        """Reads a space anew whose journal is not the one any more that is held here."""
        self.drop(id)
        space = await self.get(id)
        if space is None:
            self._shown.pop(id, None)
            self._renewed(id)
        return space

    @contextmanager
    def hold(self, id: Id) -> Iterator[None]:
        """As long as it is open, the space is not let go."""
        self._held[id] = self._held.get(id, 0) + 1
        try:
            yield
        finally:
            self._held[id] -= 1
            if not self._held[id]:
                del self._held[id]

    def let_go(self) -> None:
        """Drops the longest unused spaces beyond the number kept. Call it between batches only."""
        idle = [keeper for id, keeper in self._hot.items() if id not in self._held]
        for keeper in sorted(idle, key=lambda keeper: keeper.used)[: max(0, len(idle) - MOST_IDLE)]:
            del self._hot[keeper.space.id]
            self._shown.pop(keeper.space.id, None)


def _following(entries: list[Committed], seq: int, head: bytes) -> list[Committed] | None:
    """What follows the first of the entries, if that is the one at `seq` with this head; else None."""
    if not entries or (entries[0].entry.seq, entries[0].head) != (seq, head):
        return None
    return entries[1:]

"""A space as it was: replayed from the journal, off the commit path, with states kept on the way.

The states kept are a disposable cache. They stand close together near the present, where people look, and ever wider
apart towards the beginning.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from server.core.journal import Committed
from server.core.kernel import Kernel
from server.core.ledger import genesis
from server.core.shown import in_snapshot, shown
from server.core.space import Space, kind_of
from shared_schema.base import Audience, Entity, Id, Viewer
from shared_schema.journal import Change, Drop, Entry, Hidden, Put

PAGE = 250
"""Entries read from the journal at a time; between two pages the loop is free for others."""
STEP = 250
"""Entries between two states kept near the present."""
WIDENING = 4
"""How much wider the steps get with age: at an age of n entries a quarter of n."""
MOST_SPACES = 16
"""Spaces whose states are kept; the longest unused go."""


class Checkpoint(Struct, frozen=True):
    seq: int
    head: bytes
    entities: tuple[Entity, ...]


class Story:
    """What has been replayed of one space: the newest state reached, the states kept, and what is gone by now."""

    def __init__(self, space: Space) -> None:
        self.tip = _blank(space)
        self.checkpoints = [Checkpoint(0, self.tip.head, ())]
        self.gone: dict[tuple[str, Id], Audience] = {}
        self.turn = asyncio.Lock()

    def take_in(self, committed: list[Committed]) -> None:
        for one in committed:
            _advance(self.tip, one)
            for change in one.entry.changes:
                self._note(change)
        if self.tip.seq - self.checkpoints[-1].seq >= STEP:
            self.checkpoints.append(Checkpoint(self.tip.seq, self.tip.head, tuple(self.tip)))
            self._thin()

    def nearest(self, seq: int) -> Checkpoint:
        """The last state kept that is not after `seq`."""
        return self.checkpoints[bisect_right(self.checkpoints, seq, key=lambda kept: kept.seq) - 1]

    def _note(self, change: Change) -> None:
        match change:
            case Put():
                self.gone.pop((kind_of(change.entity), change.entity.id), None)
            case Drop():
                self.gone[change.kind, change.id] = change.to

    def _thin(self) -> None:
        kept = [self.checkpoints[0]]
        for checkpoint, following in zip(self.checkpoints[1:], self.checkpoints[2:], strict=False):
            if following.seq - kept[-1].seq > max(STEP, (self.tip.seq - following.seq) // WIDENING):
                kept.append(checkpoint)
        self.checkpoints = [*kept, self.checkpoints[-1]]


class Histories:
    """Reads the past of spaces. What a viewer may not see now is not shown in the past either."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._stories: OrderedDict[Id, Story] = OrderedDict()

    async def at(self, space: Space, seq: int) -> Space:
        """The space as it was after the entry with this number; 0 is before the first."""
        story = await self._read(space)
        nearest = story.nearest(seq)
        past = _blank(space)
        past.load(nearest.entities)
        past.seq, past.head = nearest.seq, nearest.head
        while past.seq < seq:
            for one in await self._page(space.id, past.seq, min(PAGE, seq - past.seq)):
                _advance(past, one)
        return past

    async def seen(self, space: Space, past: Space, viewer: Viewer) -> Iterator[Entity]:
        """What of a past state this viewer may see now and could see then; what is gone counts with its last `to`."""
        story = await self._read(space)
        return (
            entity
            for entity in past
            if entity.to & viewer
            and in_snapshot(entity)
            and _audience_now(space, story, kind_of(entity), entity.id) & viewer
        )

    async def page(
        self, space: Space, viewer: Viewer, before: int | None, about: Id | None, limit: int
    ) -> tuple[list[Entry], int]:
        """Up to `limit` past entries of which this viewer may see something, newest first, and how far was read (0: to
        the beginning)."""
        story = await self._read(space)
        found: list[Entry] = []
        while len(found) < limit:
            committed = await self._kernel.entries_before(space.id, before, about, PAGE)
            for one in committed:
                before = one.entry.seq
                seen = _seen(space, story, one.entry, viewer)
                if seen is not None:
                    found.append(seen)
                if len(found) == limit:
                    return found, before
            if len(committed) < PAGE:
                return found, 0
        return found, before or 0

    def forget(self, space: Id) -> None:
        """Drops what was kept of a space, because its journal was changed (erasure)."""
        self._stories.pop(space, None)

    async def _read(self, space: Space) -> Story:
        """The story of a space, read up to where the space stands."""
        story = self._stories.setdefault(space.id, Story(space))
        self._stories.move_to_end(space.id)
        while len(self._stories) > MOST_SPACES:
            self._stories.popitem(last=False)
        async with story.turn:
            while story.tip.seq < space.seq:
                story.take_in(await self._page(space.id, story.tip.seq, PAGE))
        return story

    async def _page(self, space: Id, after: int, limit: int) -> list[Committed]:
        found = await self._kernel.entries(space, after, limit)
        if not found:
            raise LookupError(f"the journal of {space} ends at {after}, before where the space stands")
        return found


def _audience_now(space: Space, story: Story, kind: str, id: Id) -> Audience:
    entity = space.lookup(kind, id)
    return story.gone.get((kind, id), 0) if entity is None else entity.to


def _seen(space: Space, story: Story, entry: Entry, viewer: Viewer) -> Entry | None:
    """What a viewer may see of an entry today: what they could see then, of what they may see now."""
    then = shown(entry, viewer)
    if isinstance(then, Hidden):
        return None
    changes = tuple(change for change in then.changes if _now(space, story, change) & viewer)
    if not changes and entry.changes:
        return None
    return then if len(changes) == len(then.changes) else replace(then, changes=changes)


def _now(space: Space, story: Story, change: Change) -> Audience:
    if isinstance(change, Put):
        return _audience_now(space, story, kind_of(change.entity), change.entity.id)
    return _audience_now(space, story, change.kind, change.id)


def _blank(space: Space) -> Space:
    blank = Space(space.id, space.kind, space.area_id)
    blank.head = genesis(space.id)
    return blank


def _advance(space: Space, committed: Committed) -> None:
    space.apply(committed.entry.changes)
    space.seq, space.head, space.at = committed.entry.seq, committed.head, committed.entry.at

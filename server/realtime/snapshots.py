"""Snapshots as bytes: encoded on the loop, compressed off it, and kept while the space stands where it stood."""

from __future__ import annotations

import asyncio
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import cast

import msgspec
from msgspec import Struct

from server.core.ledger import short
from server.core.shown import visible
from server.core.space import Space
from shared_schema.base import Entity, Id, Viewer
from shared_schema.frames import Snapshot
from shared_schema.journal import AnyEntity

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of snapshots kept in memory, the longest unused go first. A board of 5,000 tasks takes about 5 MB a viewer."""
LEVEL = 1
"""Of gzip. A board of 1,000 tasks (1 MB): level 1 takes 3.6 ms and leaves 9.8 %, level 6 takes 26 ms, leaves 8.0 %."""

_encode = msgspec.json.Encoder().encode


class Made(Struct, frozen=True):
    """A snapshot that is ready to be sent."""

    plain: bytes
    gzipped: bytes


class Snapshots:
    """The snapshots of this process. A crowd that asks for the same one at once waits for one making of it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.made = 0
        """How many have been made, in all."""
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, Made] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[Made]] = {}

    async def now(self, space: Space, viewer: Viewer) -> Made:
        """The space as it is now, for this kind of viewer."""
        return await self.get((space.id, viewer, space.head), lambda: snapshot(space, viewer))

    async def get(self, key: Hashable, make: Callable[[], Snapshot]) -> Made:
        """The snapshot known by this key, made if need be. `make` is called at once or not at all."""
        made = self._kept.get(key)
        if made is not None:
            self._kept.move_to_end(key)
            return made
        if key not in self._making:
            self._making[key] = asyncio.get_running_loop().create_task(self._make(key, _encode(make())))
        return await asyncio.shield(self._making[key])

    def forget(self, space: Id) -> None:
        """Drops what was kept of a space, because its journal says something else now."""
        for key in [key for key in self._kept if isinstance(key, tuple) and key[0] == space]:
            made = self._kept.pop(key)
            self._bytes -= len(made.plain) + len(made.gzipped)

    async def _make(self, key: Hashable, plain: bytes) -> Made:
        try:
            made = Made(plain, await asyncio.to_thread(_gzip, plain))
        finally:
            del self._making[key]
        self.made += 1
        self._kept[key] = made
        self._bytes += len(made.plain) + len(made.gzipped)
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.plain) + len(oldest.gzipped)
        return made


def snapshot(space: Space, viewer: Viewer) -> Snapshot:
    """The space as this kind of viewer sees it."""
    return snapshot_of(space.id, space.seq, space.head, viewer, visible(space, viewer))


def snapshot_of(space: Id, seq: int, head: bytes, viewer: Viewer, entities: Iterable[Entity]) -> Snapshot:
    seen = cast(tuple[AnyEntity, ...], tuple(entities))
    return Snapshot(space=space, seq=seq, head=short(head), viewer=viewer, entities=seen)


def _gzip(plain: bytes) -> bytes:
    packer = zlib.compressobj(LEVEL, wbits=31)
    return packer.compress(plain) + packer.flush()

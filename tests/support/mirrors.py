"""What a client holds of a space: a snapshot, and the entries after it, as they came over the wire.

It keeps the rules of the client's own reducer (`web/src/sync/state.ts`): cold kinds and what was put away are kept for
tasks whose part is open, and pass by otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from server.core.ledger import short
from server.core.shown import in_snapshot, shown, visible
from server.core.space import Space, kind_of, patched
from shared_schema.base import Entity, Id, Viewer
from shared_schema.frames import Snapshot
from shared_schema.journal import Drop, Entry, Hidden, Patch, Put

Held = dict[tuple[str, Id], Entity]

_shown: msgspec.json.Decoder[Entry | Hidden] = msgspec.json.Decoder(Entry | Hidden)
_snapshot: msgspec.json.Decoder[Snapshot] = msgspec.json.Decoder(Snapshot)


class Hole(AssertionError):
    """An entry is missing between what is held and the one that came."""


def by_key(entities: Iterable[Entity]) -> Held:
    return {(kind_of(entity), entity.id): entity for entity in entities}


def task_of(entity: Entity) -> Id:
    """The task that an entity hangs on, or is."""
    task: Id = getattr(entity, "task", entity.id)
    return task


class Mirror:
    """The confirmed state of a client for one kind of viewer. `everything`: it has the part of every task open."""

    def __init__(self, snapshot: bytes, *, everything: bool = False) -> None:
        self.everything = everything
        self.open: set[Id] = set()
        self.take(snapshot)

    def take(self, snapshot: bytes) -> None:
        """Begins anew with a snapshot. Parts that were open have to be fetched again."""
        read = _snapshot.decode(snapshot)
        self.space, self.seq, self.head, self.viewer = read.space, read.seq, read.head, read.viewer
        self.held: Held = by_key(read.entities)
        self.open.clear()

    def take_part(self, task: Id, entities: Iterable[Entity]) -> None:
        """Opens the part of a task, which must be of the very entry at which this stands."""
        self.open.add(task)
        self.held |= by_key(entities)

    def apply(self, entry: Entry | Hidden) -> None:
        """Makes an entry true here; one that is held already passes by."""
        if entry.seq <= self.seq:
            return
        if entry.seq != self.seq + 1:
            raise Hole(f"entry {entry.seq} after {self.seq}")
        self.seq = entry.seq
        for change in entry.changes if isinstance(entry, Entry) else ():
            match change:
                case Put(entity=entity):
                    self._put(entity)
                case Patch(kind=kind, id=id) if (kind, id) in self.held:
                    self.held[kind, id] = patched(self.held[kind, id], change)
                case Drop(kind=kind, id=id):
                    self.held.pop((kind, id), None)

    def _put(self, entity: Entity) -> None:
        key = (kind_of(entity), entity.id)
        if in_snapshot(entity) or self.everything or task_of(entity) in self.open:
            self.held[key] = entity
        else:
            self.held.pop(key, None)

    def differs(self, space: Space) -> Iterator[str]:
        """What is not as somebody of this kind would find it, opening the page now."""
        for key, held, found in _differences(self.held, by_key(self._expected(space))):
            yield f"{key[0]} {key[1]}: held {held}, but is {found}"
        if self.seq != space.seq:
            yield f"stands at {self.seq}, the space at {space.seq}"

    def _expected(self, space: Space) -> Iterator[Entity]:
        for entity in space:
            if entity.to & self.viewer and (in_snapshot(entity) or self.everything or task_of(entity) in self.open):
                yield entity


def _differences(held: Held, found: Held) -> Iterator[tuple[tuple[str, Id], Entity | None, Entity | None]]:
    for key in sorted(held.keys() | found.keys()):
        if held.get(key) != found.get(key):
            yield key, held.get(key), found.get(key)


def over_the_wire(entry: Entry, viewer: Viewer) -> Entry | Hidden:
    """The entry as this kind of viewer gets it, encoded and read again."""
    return _shown.decode(msgspec.json.encode(shown(entry, viewer)))


def snapshot_bytes(space: Space, viewer: Viewer, *, cold: bool = False) -> bytes:
    """The snapshot as it is sent; with everything that a viewer may ever open, if `cold`."""
    entities = tuple(entity for entity in space if entity.to & viewer) if cold else tuple(visible(space, viewer))
    made = Snapshot(
        space=space.id,
        seq=space.seq,
        head=short(space.head),
        viewer=viewer,
        entities=entities,  # type: ignore[arg-type]
    )
    return msgspec.json.encode(made)

"""A space in memory: its entities by kind and id, the one reducer, and overlays on which commands are decided.

A `Space` without a base holds committed state. `overlay()` gives a Space on top of it that keeps its own changes to
itself until `adopt`; `seen_by` gives the view that a handler gets: what this actor may not see is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from typing import Any, Self, TypeVar, cast, get_args

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from shared_schema.base import Audience, Entity, Id, SpaceKind, Viewer
from shared_schema.journal import AnyEntity, Change, Drop, Patch, Put
from shared_schema.refusals import AlreadyExists, NotFound, Refusal

E = TypeVar("E", bound=Entity)

ALL_EYES = -1
"""Sees whatever anybody sees."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KINDS: dict[str, type[Entity]] = {cls.__struct_config__.tag: cls for cls in get_args(AnyEntity)}
NOT_PATCHED = frozenset({"id", "to", "put_away_at"})
"""A change of these is always a `Put`, because it decides who gets the entity and in which part."""


def kind_of(entity: type[Entity] | Entity) -> str:
    """The tag of an entity's kind, as it stands in changes and rows."""
    return entity.__struct_config__.tag  # type: ignore[return-value]


@cache
def _field_types(kind: str) -> dict[str, Any]:
    info = msgspec.inspect.type_info(KINDS[kind])
    assert isinstance(info, msgspec.inspect.StructType)
    hints = msgspec._utils.get_class_annotations(KINDS[kind])  # type: ignore[attr-defined]
    return {field.name: hints[field.name] for field in info.fields}


def patched(entity: Entity, patch: Patch) -> Entity:
    """The entity with the patch's fields; values read from a journal are text and become dates and times again."""
    types = _field_types(patch.kind)
    return replace(entity, **{name: msgspec.convert(value, types[name]) for name, value in patch.fields.items()})


class Space:
    """Everything that exists in one space, and where its journal stands (`seq`, `head`, `at`)."""

    def __init__(self, id: Id, kind: SpaceKind, area: Id, *, base: Space | None = None) -> None:
        self.id = id
        self.kind = kind
        self.area_id = area
        self.base = base
        self.seq: int = base.seq if base else 0
        self.head: bytes = base.head if base else b""
        self.at: datetime = base.at if base else EPOCH
        self._eyes: int = ALL_EYES
        self.above: Space | None = base.above if base else None
        self._own: dict[str, dict[Id, Entity | None]] = {}
        self._index: dict[tuple[str, str], dict[Any, dict[Id, None]]] = {}

    # --- reading -----------------------------------------------------------------------------------------------------

    def lookup(self, kind: str, id: Id) -> Entity | None:
        """The entity, whoever may see it; None if there is none."""
        own = self._own.get(kind)
        if own is not None and id in own:
            return own[id]
        return self.base.lookup(kind, id) if self.base else None

    def find(self, cls: type[E], id: Id) -> E | None:
        """The entity, if it exists and the one who looks may see it."""
        entity = self.lookup(kind_of(cls), id)
        if entity is None or not entity.to & self._eyes:
            return None
        return cast(E, entity)

    def get(self, cls: type[E], id: Id) -> E:
        """The entity; refuses `not_found` if there is none, or none that the one who looks may see."""
        entity = self.find(cls, id)
        if entity is None:
            raise Refusal(NotFound(kind=kind_of(cls), id=id))
        return entity

    def all(self, cls: type[E]) -> Iterator[E]:
        """Every entity of a kind, hidden ones too."""
        return cast(Iterator[E], self._all(kind_of(cls)))

    def _all(self, kind: str) -> Iterator[Entity]:
        own = self._own.get(kind, {})
        if self.base is None:
            yield from cast(dict[Id, Entity], own).values()
            return
        yield from (entity for entity in self.base._all(kind) if entity.id not in own)
        yield from (entity for entity in own.values() if entity is not None)

    def where(self, cls: type[E], **equals: object) -> list[E]:
        """Entities of a kind whose one indexed field has this value, hidden ones too, in no particular order."""
        ((field, value),) = equals.items()
        if field not in cls.indexed:
            raise TypeError(f"{cls.__name__}.{field} is not indexed")
        return cast(list[E], self._where(kind_of(cls), field, value))

    def _where(self, kind: str, field: str, value: object) -> list[Entity]:
        own = self._own.get(kind, {})
        if self.base is None:
            return [entity for id in self._indexed(kind, field).get(value, ()) if (entity := own[id])]
        below = self.base._where(kind, field, value)
        if not own:
            return below
        kept = [entity for entity in below if entity.id not in own]
        return kept + [e for e in own.values() if e is not None and getattr(e, field) == value]

    def _indexed(self, kind: str, field: str) -> dict[Any, dict[Id, None]]:
        """Ids by the values of a field; made when it is first asked for, because a snapshot asks for none."""
        index = self._index.get((kind, field))
        if index is None:
            index = self._index[kind, field] = {}
            for entity in self._own.get(kind, {}).values():
                index.setdefault(getattr(entity, field), {})[cast(Entity, entity).id] = None
        return index

    def __iter__(self) -> Iterator[Entity]:
        """Every entity of every kind."""
        for kind in KINDS:
            yield from self._all(kind)

    @property
    def area(self) -> Space:
        """The space of the area above this one, or this one if it is the area."""
        return self if self.above is None else self.above

    # --- making changes ----------------------------------------------------------------------------------------------

    def add(self, entity: Entity) -> Put:
        """The change that brings a new entity into being; refuses `already_exists`."""
        if self.lookup(kind_of(entity), entity.id) is not None:
            raise Refusal(AlreadyExists(kind=kind_of(entity), id=entity.id))
        return Put(entity=cast(AnyEntity, entity))

    def put(self, entity: Entity) -> Put:
        """The change after which the entity is just this; says who could see it before if that is different."""
        before = self.lookup(kind_of(entity), entity.id)
        formerly = before.to if before is not None and before.to != entity.to else UNSET
        return Put(entity=cast(AnyEntity, entity), formerly=formerly)

    def patch(self, entity: Entity, **fields: Any) -> Patch:
        """The change that gives scalar fields new values; fields that have them already are left out."""
        if not NOT_PATCHED.isdisjoint(fields):
            raise TypeError(f"{sorted(NOT_PATCHED & set(fields))} change by a Put")
        new = {name: value for name, value in fields.items() if getattr(entity, name) != value}
        was = {name: getattr(entity, name) for name in new}
        return Patch(kind=kind_of(entity), id=entity.id, fields=new, was=was, to=entity.to)

    def drop(self, entity: Entity) -> Drop:
        """The change after which the entity does not exist."""
        return Drop(kind=kind_of(entity), id=entity.id, to=entity.to)

    def show(self, entity: Entity, to: Audience) -> Put:
        """The change of who may see an entity."""
        return self.put(replace(entity, to=to))

    # --- the reducer -------------------------------------------------------------------------------------------------

    def apply(self, changes: Iterable[Change]) -> None:
        """Makes the changes true here. The same reducer serves deciding, loading, replay, import and time travel."""
        for change in changes:
            match change:
                case Put():
                    self._store(kind_of(change.entity), change.entity)
                case Patch():
                    entity = self.lookup(change.kind, change.id)
                    if entity is None:
                        raise LookupError(f"patch of {change.kind} {change.id}, which does not exist in {self.id}")
                    self._store(change.kind, patched(entity, change))
                case Drop():
                    self._remove(change.kind, change.id)

    def load(self, entities: Iterable[Entity]) -> None:
        """Takes in the stored entities of a space that is empty so far; quickest if they come kind by kind."""
        self._index.clear()
        for kind, group in groupby(entities, kind_of):
            self._own.setdefault(kind, {}).update({entity.id: entity for entity in group})

    def _store(self, kind: str, entity: Entity) -> None:
        own = self._own.setdefault(kind, {})
        if self.base is None:
            before = own.get(entity.id)
            for field in KINDS[kind].indexed:
                self._reindex(kind, field, before, entity)
        own[entity.id] = entity

    def _remove(self, kind: str, id: Id) -> None:
        own = self._own.setdefault(kind, {})
        if self.base is not None:
            own[id] = None
        elif (before := own.pop(id, None)) is not None:
            for field in KINDS[kind].indexed:
                self._reindex(kind, field, before, None)

    def _reindex(self, kind: str, field: str, before: Entity | None, after: Entity | None) -> None:
        index = self._index.get((kind, field))
        if index is None:
            return
        old = None if before is None else getattr(before, field)
        new = None if after is None else getattr(after, field)
        if before is not None and (after is None or old != new):
            index[old].pop(before.id, None)
            if not index[old]:
                del index[old]
        if after is not None:
            index.setdefault(new, {})[after.id] = None

    # --- overlays ----------------------------------------------------------------------------------------------------

    def overlay(self) -> Self:
        """A space on top of this one: reads through, keeps its changes to itself."""
        return type(self)(self.id, self.kind, self.area_id, base=self)

    def seen_by(self, viewer: Viewer, above: Space | None) -> Self:
        """What a handler gets: hidden entities are not found, and the area above is at hand."""
        view = type(self)(self.id, self.kind, self.area_id, base=self.base)
        view.seq, view.head, view.at = self.seq, self.head, self.at
        view._own, view._index = self._own, self._index  # a view has nothing of its own: one step less to every read
        view._eyes = int(viewer)  # the sum as a plain number: an operation of the enum takes ten times as long
        view.above = above
        return view

    def touched(self) -> Iterator[tuple[str, Id, Entity | None]]:
        """Kind, id and new state (None: gone) of what this overlay changed."""
        for kind, own in self._own.items():
            for id, entity in own.items():
                yield kind, id, entity

    def adopt(self, overlay: Space) -> None:
        """Makes what an overlay changed part of this space."""
        for kind, id, entity in overlay.touched():
            if entity is None:
                self._remove(kind, id)
            else:
                self._store(kind, entity)
        self.seq, self.head, self.at = overlay.seq, overlay.head, overlay.at

"""What is left of what somebody said when they are forgotten: pure functions of changes and of texts.

What an entity has of a person stands in its class (`own`, `personal`, `texts`, `written_by`), so that a new kind is
covered by saying so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared_schema.base import Entity, Id
from shared_schema.journal import Change, Patch, Put

from .space import KINDS, Space, kind_of

E = TypeVar("E", bound=Entity)
NOBODY = "…"
"""Stands in a text where the name of one stood who was forgotten."""
SHORTEST = 3
"""Letters of a word of a name that is looked for by itself; shorter ones stand in too many other words' places."""


class Forgotten(Struct, frozen=True):
    """Who is to be forgotten, and by which names they have been known."""

    person: Id
    names: tuple[str, ...]

    def without(self, text: str) -> str:
        """A text of theirs without their name, and without each of its words."""
        words = [word for name in self.names for word in name.split() if len(word) >= SHORTEST and word[0].isupper()]
        return _replaced(text, [*self.names, *words])

    def named_in(self, text: str) -> bool:
        """Whether a text of somebody else speaks of them by name: the whole of it, or what it ends with."""
        last = [name.split()[-1] for name in self.names if name.split()]
        return _replaced(text, [*self.names, *last]) != text


def _replaced(text: str, names: Iterable[str]) -> str:
    pattern = _pattern(frozenset(names))
    return text if pattern is None else pattern.sub(NOBODY, text)


@lru_cache(maxsize=16)
def _pattern(names: frozenset[str]) -> re.Pattern[str] | None:
    longest_first = sorted({re.escape(name) for name in names if name}, key=lambda name: (-len(name), name))
    if not longest_first:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.IGNORECASE)


class Retelling:
    """Tells a journal again as if the person had never had a name: change by change, beside the first telling."""

    def __init__(self, space: Space, forgotten: Forgotten) -> None:
        self.first = Space(space.id, space.kind, space.area_id)
        self.second = Space(space.id, space.kind, space.area_id)
        self._forgotten = forgotten

    def take(self, changes: Iterable[Change], by: Id) -> tuple[Change, ...]:
        """What these changes say from now on."""
        return tuple(self._take(change, by) for change in changes)

    def differences(self) -> Iterator[Entity]:
        """The entities that are others now than they were."""
        for entity in self.first:
            retold = self.second.lookup(kind_of(entity), entity.id)
            if retold is not None and retold != entity:
                yield retold

    def _take(self, change: Change, by: Id) -> Change:
        retold: Change = change
        if isinstance(change, Put):
            retold = replace(change, entity=self._put(change.entity, by))
        elif isinstance(change, Patch):
            retold = self._patch(change, by)
        self.first.apply([change])
        self.second.apply([retold])
        return retold

    def _put(self, entity: E, by: Id) -> E:
        """Texts that this entry did not change were changed before; others are whose entry it is."""
        before = self.first.lookup(kind_of(entity), entity.id)
        texts: dict[str, Any] = {}
        for name in entity.texts:
            value = getattr(entity, name)
            if before is not None and getattr(before, name) == value:
                texts[name] = getattr(self.second.lookup(kind_of(entity), entity.id), name)
            elif isinstance(value, str) and self._theirs(entity, by, new=before is None):
                texts[name] = self._forgotten.without(value)
        return self._emptied(replace(entity, **texts))

    def _theirs(self, entity: Entity, by: Id, *, new: bool) -> bool:
        """Who brings an entity from another space has not written what stands in it."""
        wrote = getattr(entity, entity.written_by) if new and entity.written_by else by
        return self._forgotten.person in (wrote, by)

    def _emptied(self, entity: E) -> E:
        if entity.own is None or getattr(entity, entity.own) != self._forgotten.person:
            return entity
        emptied: dict[str, Any] = dict.fromkeys(entity.personal, "")
        return replace(entity, **emptied, **({"erased": True} if hasattr(entity, "erased") else {}))

    def _patch(self, patch: Patch, by: Id) -> Patch:
        cls, entity = KINDS[patch.kind], self.second.lookup(patch.kind, patch.id)
        if entity is None:
            return patch
        emptied = cls.personal if cls.own and getattr(entity, cls.own) == self._forgotten.person else ()
        fields, was = dict(patch.fields), dict(patch.was)
        for name in patch.fields.keys() & {*cls.texts, *emptied}:
            was[name] = msgspec.to_builtins(getattr(entity, name))
            if name in emptied:
                fields[name] = ""
            elif isinstance(fields[name], str) and by == self._forgotten.person:
                fields[name] = self._forgotten.without(fields[name])
        return replace(patch, fields=fields, was=was)

"""Every field that can hold a person's id, or what somebody typed, is known: own data and erasure are complete."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest

from shared_schema.base import Entity
from shared_schema.journal import AnyEntity

ENTITIES = get_args(AnyEntity)
IDS = {"Id", "Id | None", "tuple[Id, ...]"}
OTHERS = {
    *("interest_group", "organisation", "through", "parent", "area", "space"),
    *("board", "column", "task", "goal", "invitation"),
    *("entity", "on"),  # of a trace: a text, and a task
}
"""Fields with ids of what is no person. Of a new one, say here or in its class what it is."""


def fields(cls: type[Entity]) -> dict[str, str]:
    """Every field with its type as it is written."""
    found: dict[str, str] = {}
    for one in reversed(cls.__mro__[:-2]):
        found |= {name: str(type_) for name, type_ in inspect.get_annotations(one).items()}
    return {name: type_ for name, type_ in found.items() if name in cls.__struct_fields__}


@pytest.mark.parametrize("cls", ENTITIES, ids=lambda cls: cls.__name__)
def test_every_field_with_an_id_is_known_to_be_a_persons_or_not(cls: type[Entity]) -> None:
    ids = {name for name, type_ in fields(cls).items() if type_ in IDS and name != "id"}
    assert ids - OTHERS == set(cls.persons) - {"id"}


@pytest.mark.parametrize("cls", ENTITIES, ids=lambda cls: cls.__name__)
def test_what_is_said_of_fields_is_said_of_fields_that_there_are(cls: type[Entity]) -> None:
    named = {*cls.persons, *cls.texts, *cls.personal, *filter(None, (cls.own, cls.written_by))}
    assert named <= set(cls.__struct_fields__)
    assert {one for one in (cls.own, cls.written_by) if one} <= set(cls.persons)
    assert bool(cls.own) == bool(cls.personal)


STRUCTURED = {"place", "kind", "colour", "of", "timezone", "language", "token_hash"}
"""Strings that the system, or a choice, has made."""
WRITTEN_OF_THINGS = {
    *("area.name", "area.claim", "area.description", "organisation.name", "organisation.description"),
    "organisation.website",
    *("interest_group.name", "listing.name", "listing.purpose", "profile.name", "profile.purpose"),
    *("participant.organisation_name", "board.title", "column.title"),
}
"""Texts about things, by those who answer for them."""


@pytest.mark.parametrize("cls", ENTITIES, ids=lambda cls: cls.__name__)
def test_every_text_is_known_to_hold_names_or_not(cls: type[Entity]) -> None:
    kind = cls.__struct_config__.tag
    if kind == "goal":
        return
    texts = {name for name, type_ in fields(cls).items() if type_ in ("str", "str | None")} - STRUCTURED
    unknown = {f"{kind}.{name}" for name in texts - {*cls.texts, *cls.personal}} - WRITTEN_OF_THINGS
    assert not unknown

"""The record of processing names every table and every kind of entity that has something of a person."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from server.core.space import kind_of
from server.tables import metadata
from shared_schema.journal import AnyEntity

RECORD = Path(__file__).parents[2] / "docs" / "datenschutz" / "verzeichnis.md"
NAMED = set(re.findall(r"`([a-z_]+)`", RECORD.read_text(encoding="utf-8")))
NOTHING_OF_PERSONS = {
    *("instance", "spaces", "follow_ups", "leases", "mail_servers"),
    "board_columns",  # the titles of columns
}
"""Tables in which no person stands. Of a new one, say here or in the record what it holds."""


def test_every_table_is_in_the_record_or_holds_nothing_of_persons() -> None:
    assert set(metadata.tables) - NAMED == NOTHING_OF_PERSONS


def test_every_kind_of_entity_that_names_a_person_is_in_the_record() -> None:
    assert {kind_of(cls) for cls in get_args(AnyEntity) if cls.persons} <= NAMED

"""Read tables: typed rows beside the entities, for views across spaces. Written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct
from sqlalchemy import Table

from shared_schema.base import Entity

from .space import kind_of

Row = Callable[[Any], dict[str, Any] | None]


class Projection(Struct, frozen=True):
    """`row` gives the columns besides `space` and `id`, or None when the entity has no row."""

    table: Table
    row: Row


PROJECTIONS: dict[str, Projection] = {}
R = TypeVar("R", bound=Row)


def projects(cls: type[Entity], table: Table) -> Callable[[R], R]:
    """Registers the read table of a kind; its primary key is (space, id)."""
    if [column.name for column in table.primary_key.columns] != ["space", "id"]:
        raise TypeError(f"the key of {table.name} is not (space, id)")

    def register(row: R) -> R:
        PROJECTIONS[kind_of(cls)] = Projection(table, row)
        return row

    return register

"""Rows on their way into tables: one statement for each table on SQLite, one for all of them on PostgreSQL.

Over a network a way there and back is what costs: twenty commands touch four tables or more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Table,
    bindparam,
    cast,
    column,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import UserDefinedType

from .statements import run, run_many

Rows = Sequence[Mapping[str, Any]]
MOST_ROWS = 5_000
"""Rows of a table in one statement: a fifth of a second on a slow machine, where a statement may take five."""


class Write(Struct, frozen=True):
    """What becomes of rows that name these columns; all but an insert find theirs by the primary key."""

    how: Literal["insert", "upsert", "update", "delete"]
    table: Table
    columns: tuple[str, ...]


@cache
def insert_into(table: Table) -> Write:
    return Write("insert", table, tuple(table.c.keys()))


@cache
def upsert_into(table: Table) -> Write:
    """A row that is there already is replaced."""
    return Write("upsert", table, tuple(table.c.keys()))


@cache
def update_of(table: Table, *columns: str) -> Write:
    """The rows name the primary key and these columns."""
    return Write("update", table, (*_key(table), *columns))


@cache
def delete_from(table: Table) -> Write:
    """The rows name the primary key."""
    return Write("delete", table, _key(table))


def write_all(connection: Connection, writes: Iterable[tuple[Write, Rows]]) -> None:
    """Writes the rows. What refers to a row stands after it; no row may stand there twice."""
    filled = [(write, rows) for write, rows in writes if rows]
    if connection.dialect.name == "sqlite":
        for write, rows in filled:
            run_many(connection, _one_by_one(write), rows)
        return
    while filled:
        part = [(write, rows[:MOST_ROWS]) for write, rows in filled]
        values = {_name(number): rows for number, (_, rows) in enumerate(part)}
        run(connection, _together(tuple(write for write, _ in part)), **values)
        filled = [(write, rows[MOST_ROWS:]) for write, rows in filled if len(rows) > MOST_ROWS]


# --- statements ------------------------------------------------------------------------------------------------------


@cache
def _one_by_one(write: Write) -> Any:
    """For `executemany`."""
    return _statement(write, sqlite.insert, {name: bindparam(name) for name in write.columns})


@cache
def _together(writes: tuple[Write, ...]) -> Any:
    """All of it as parts of one statement."""
    parts = []
    for number, write in enumerate(writes):
        rows = _rows(number, write)
        parts.append(_statement(write, postgresql.insert, rows.c, rows).cte(f"part_{number}"))
    return select(literal_column("1")).add_cte(*parts)


def _rows(number: int, write: Write) -> FromClause:
    """The rows as one parameter, an array of the table's own rows: a column that a row does not name is NULL.

    An array for each column costs the driver a third more: it asks of each value whether it is an array too.
    """
    given = cast(bindparam(_name(number)), _RowsOf(write.table))
    columns = [column(name, write.table.c[name].type) for name in write.columns]
    return func.unnest(given).table_valued(*columns, name=f"rows_{number}")


def _name(number: int) -> str:
    return f"rows_{number}"


class _RowsOf(UserDefinedType[Any]):
    """PostgreSQL has a type of its own for the rows of each table."""

    cache_ok = True

    def __init__(self, table: Table) -> None:
        self.table = table

    def get_col_spec(self, **_: Any) -> str:
        return f"{self.table.name}[]"


def _statement(write: Write, insert: Any, value: Any, rows: FromClause | None = None) -> Any:
    """`value` has what stands in a column of the row that is written: a parameter, or a column of the `rows`."""
    table, key = write.table, _key(write.table)
    mine: list[ColumnElement[bool]] = [table.c[name] == value[name] for name in key]
    rest = [name for name in write.columns if name not in key]
    match write.how:
        case "delete":
            return delete(table).where(*mine)
        case "update":
            return update(table).where(*mine).values({name: value[name] for name in rest})
    names = list(write.columns)
    into = insert(table)
    into = into.values({name: value[name] for name in names}) if rows is None else into.from_select(names, select(rows))
    if write.how == "insert":
        return into
    return into.on_conflict_do_update(index_elements=list(key), set_={name: into.excluded[name] for name in rest})


def _key(table: Table) -> tuple[str, ...]:
    return tuple(table.primary_key.columns.keys())

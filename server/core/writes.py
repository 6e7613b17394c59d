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
    String,
    Table,
    bindparam,
    column,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

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
        run(connection, _together(tuple(write for write, _ in part)), **_arrays(part))
        filled = [(write, rows[MOST_ROWS:]) for write, rows in filled if len(rows) > MOST_ROWS]


def _arrays(part: Iterable[tuple[Write, Rows]]) -> dict[str, list[Any]]:
    return {
        _array_name(number, name): [row[name] for row in rows]
        for number, (write, rows) in enumerate(part)
        for name in write.columns
    }


# --- statements ------------------------------------------------------------------------------------------------------


@cache
def _one_by_one(write: Write) -> Any:
    """For `executemany`."""
    return _statement(write, sqlite.insert, {name: bindparam(name) for name in write.columns})


@cache
def _together(writes: tuple[Write, ...]) -> Any:
    """All of it as parts of one statement, the rows given column by column, as arrays."""
    parts = [
        _statement(write, postgresql.insert, rows.c, rows).cte(f"part_{number}")
        for number, write in enumerate(writes)
        for rows in [_rows(number, write)]
    ]
    return select(literal_column("1")).add_cte(*parts)


def _rows(number: int, write: Write) -> FromClause:
    types = {name: write.table.c[name].type for name in write.columns}
    # Without a length: a cast to VARCHAR(36)[] would cut off quietly what an insert refuses.
    open_types = {name: String() if isinstance(type_, String) else type_ for name, type_ in types.items()}
    arrays = [bindparam(_array_name(number, name), type_=postgresql.ARRAY(open_types[name])) for name in types]
    columns = [column(name, type_) for name, type_ in types.items()]
    return func.unnest(*arrays).table_valued(*columns).render_derived(name=f"rows_{number}")


def _array_name(number: int, column: str) -> str:
    return f"{number}_{column}"


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

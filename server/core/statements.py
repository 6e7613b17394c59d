"""Statements that every batch runs: compiled once for each kind of database, then handed to the driver's cursor.

SQLAlchemy's usual way from a statement to the driver costs twice what SQLite itself does for twenty rows.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

T = TypeVar("T")

DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+asyncpg"}


def fetch(connection: Connection, statement: Any, **values: Any) -> list[Any]:
    """The rows of a query as named tuples, their values as the driver gives them."""
    row = _row(statement)
    return [row(*found) for found in _ask(connection, statement, values)]


def fetch_column(connection: Connection, statement: Any, **values: Any) -> list[Any]:
    """The one column of a query; for many thousand rows, a third of the time."""
    return [value for (value,) in _ask(connection, statement, values)]


def run(connection: Connection, statement: Any, **values: Any) -> None:
    """Runs a statement once."""
    _ask(connection, statement, values)


def run_many(connection: Connection, statement: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    """Runs a statement once for each row of named values, in one go."""
    prepared = _prepare(statement, connection.dialect.name)
    ordered = [prepared.ordered(row) for row in rows]
    _with_cursor(connection, lambda cursor: cursor.executemany(prepared.sql, ordered))


def run_text(connection: Connection, sql: str) -> str | None:
    """Runs a statement without values, such as BEGIN; answers with what asyncpg says was done."""
    if _is_bare(connection):
        done: str = _with_driver(connection, lambda driver: driver.execute(sql))
        return done
    _with_cursor(connection, lambda cursor: cursor.execute(sql))
    return None


def _ask(connection: Connection, statement: Any, values: Mapping[str, Any]) -> Iterable[Any]:
    prepared = _prepare(statement, connection.dialect.name)
    ordered = prepared.ordered(values)
    if _is_bare(connection):
        return _with_driver(connection, lambda driver: driver.fetch(prepared.sql, *ordered))

    def rows(cursor: Any) -> Iterable[Any]:
        cursor.execute(prepared.sql, ordered)
        found: Iterable[Any] = cursor.fetchall()
        return found

    return _with_cursor(connection, rows)


# --- the driver ------------------------------------------------------------------------------------------------------


def _is_bare(connection: Connection) -> bool:
    """Whether this is a connection of asyncpg for which nobody but us begins a transaction (PostgreSQL's writer).

    Then statements go to asyncpg itself; SQLAlchemy's cursor over it takes as long again as asyncpg.
    """
    return connection.dialect.driver == "asyncpg" and bool(connection.connection.autocommit)


def _with_driver(connection: Connection, work: Callable[[Any], Awaitable[T]]) -> T:
    adapted: Any = connection.connection.dbapi_connection
    with _own_errors(connection):
        try:
            answer: T = adapted.run_async(work)
        except Exception as error:
            adapted._handle_exception(error)  # raises it, or what it is among the errors of the DB-API
            raise
        return answer


def _with_cursor(connection: Connection, work: Callable[[Any], T]) -> T:
    cursor = connection.connection.cursor()
    try:
        with _own_errors(connection):
            return work(cursor)
    finally:
        cursor.close()


@contextmanager
def _own_errors(connection: Connection) -> Iterator[None]:
    """Errors come out as SQLAlchemy's own, and a connection that was lost goes back to no pool."""
    dialect, driver = connection.dialect, connection.connection
    errors = dialect.loaded_dbapi.Error
    try:
        yield
    except errors as error:
        lost = dialect.is_disconnect(error, driver, None)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            None, None, error, errors, hide_parameters=True, connection_invalidated=lost, dialect=dialect
        ) from error


# --- compiling -------------------------------------------------------------------------------------------------------


class _Prepared:
    """What the driver gets: the text, and the values in the order in which they stand there."""

    def __init__(self, compiled: SQLCompiler) -> None:
        self.sql = compiled.string
        self._names = tuple(compiled.positiontup or ())
        self._converted = _converters(compiled)

    def ordered(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        if not self._converted:
            return tuple([values[name] for name in self._names])
        converted = {name: convert(values[name]) for name, convert in self._converted.items()}
        return tuple([converted[name] if name in converted else values[name] for name in self._names])


def _converters(compiled: SQLCompiler) -> dict[str, Callable[[Any], Any]]:
    """How values become what the driver takes, where they are something else: dates on SQLite, for example."""
    dialect = compiled.dialect
    found = {name: compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in compiled.binds}
    return {name: convert for name, convert in found.items() if convert is not None}


@cache
def _prepare(statement: Any, dialect: str) -> _Prepared:
    return _Prepared(statement.compile(dialect=_dialect(dialect)))


@cache
def _row(query: Any) -> Any:
    return namedtuple("Row", query.selected_columns.keys())


@cache
def _dialect(name: str) -> Dialect:
    return make_url(f"{DRIVERS[name]}://").get_dialect()()

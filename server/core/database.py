"""The database behind its two doors: reads, and one writer. SQL is written once, as functions of a `Connection`.

SQLite runs them on threads: one for the writer, two for reads on connections that cannot write. PostgreSQL runs the
same functions through asyncpg. Nothing here knows a table.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

P = ParamSpec("P")
T = TypeVar("T")
Query = Callable[Concatenate[Connection, P], T]

UNREACHABLE = (DBAPIError, OSError, TimeoutError)
"""What a database raises that cannot be reached or cannot write. (`IntegrityError` is a DBAPIError too: ask first.)"""

READERS = 2
SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "FULL",  # an acknowledged commit survives a power cut; grouped commits make it affordable
    "foreign_keys": "ON",
    "busy_timeout": 5000,
    "wal_autocheckpoint": 4000,
    "cache_size": -64_000,
}
POSTGRES_WRITER = {
    "synchronous_commit": "on",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "2000",
    "statement_timeout": "5000",
    "tcp_user_timeout": "5000",
    "jit": "off",
    # The writer finds rows by key only. A plan made while a table was small would read all of it for ever: 3.8 ms a
    # batch instead of 0.4 ms at 8,000 entries.
    "enable_seqscan": "off",
    "application_name": "korridor writer",
}
POSTGRES_READER = {"statement_timeout": "15000", "jit": "off", "application_name": "korridor reader"}


class Transaction(Protocol):
    """An open transaction of the writer. Leaving its context without `commit` rolls it back."""

    async def run(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...
    async def commit(self) -> None: ...


class Database:
    """Reads run side by side; there is one writer, and its transactions follow one another."""

    url: URL
    dialect: str

    async def read(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a query in a transaction of its own that sees one state and writes nothing."""
        raise NotImplementedError

    def transaction(self) -> Any:
        """An async context with the writer's next `Transaction`."""
        raise NotImplementedError

    async def write(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs one short query on the writer and commits it."""
        async with self.transaction() as transaction:
            answer: T = await transaction.run(query, *args, **kwargs)
            await transaction.commit()
            return answer

    async def close(self) -> None:
        raise NotImplementedError


def open_database(url: str | URL) -> Database:
    """A database by its URL: `sqlite:///file` or `postgresql://…`."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return SqliteDatabase(parsed)
        case "postgresql":
            return PostgresDatabase(parsed.set(drivername="postgresql+asyncpg"))
        case other:
            raise ValueError(f"Korridor runs on SQLite or PostgreSQL, not on {other}")


# --- SQLite ----------------------------------------------------------------------------------------------------------


def sqlite_engine(url: URL, *, writes: bool) -> Engine:
    """An engine whose connections carry our pragmas and begin their transactions themselves."""
    engine = create_engine(
        url, hide_parameters=True, connect_args={"check_same_thread": False, "isolation_level": None}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        for name, value in SQLITE_PRAGMAS.items():
            connection.execute(f"PRAGMA {name} = {value}").close()
        if not writes:
            connection.execute("PRAGMA query_only = ON").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE: a writer that begins as a reader can be refused in the middle.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


class SqliteDatabase(Database):
    dialect = "sqlite"

    def __init__(self, url: URL) -> None:
        self.url = url
        self._writer = sqlite_engine(url, writes=True)
        self._reader = sqlite_engine(url, writes=False)
        self._writing = ThreadPoolExecutor(1, "korridor-writer")
        self._reading = ThreadPoolExecutor(READERS, "korridor-reader")
        self._turn = asyncio.Lock()

    async def read(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def run() -> T:
            with self._reader.begin() as connection:
                return query(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._reading, run)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._turn:
            transaction = SqliteTransaction(self._writer, self._writing)
            try:
                yield transaction
            finally:
                await asyncio.shield(transaction.end())

    async def close(self) -> None:
        async with self._turn:
            for engine in (self._reader, self._writer):
                engine.dispose()
            self._writing.shutdown()
            self._reading.shutdown()


class SqliteTransaction:
    """Begins with its first query. Everything happens on the writer's thread, one step after the other."""

    def __init__(self, engine: Engine, thread: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._thread = thread
        self._connection: Connection | None = None
        self._open = False

    async def run(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def on_thread() -> T:
            if self._connection is None:
                self._connection = self._engine.connect()
                self._connection.begin()
            return query(self._connection, *args, **kwargs)

        self._open = True
        return await asyncio.get_running_loop().run_in_executor(self._thread, on_thread)

    async def commit(self) -> None:
        def on_thread() -> None:
            if self._connection is not None:
                self._connection.commit()
                self._connection.close()

        await asyncio.get_running_loop().run_in_executor(self._thread, on_thread)
        self._open = False

    async def end(self) -> None:
        """Rolls back what was not committed."""

        def on_thread() -> None:
            if self._connection is not None:
                self._connection.close()

        if self._open:
            await asyncio.get_running_loop().run_in_executor(self._thread, on_thread)


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


class PostgresDatabase(Database):
    dialect = "postgresql"

    def __init__(self, url: URL) -> None:
        self.url = url
        self._writer = self._engine(POSTGRES_WRITER, pool_size=1, max_overflow=0, isolation_level="READ COMMITTED")
        self._reader = self._engine(
            POSTGRES_READER, pool_size=4, max_overflow=2, isolation_level="REPEATABLE READ", pool_pre_ping=True
        )
        self._turn = asyncio.Lock()

    def _engine(self, settings: dict[str, str], **options: Any) -> AsyncEngine:
        from sqlalchemy.ext.asyncio import create_async_engine  # brings the whole ORM: a sixth of a start on SQLite

        return create_async_engine(
            self.url,
            hide_parameters=True,  # a failing statement is logged, what people wrote is not
            connect_args={"server_settings": settings, "timeout": 5, "command_timeout": 20},
            pool_timeout=5,
            **options,
        )

    async def read(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._reader.begin() as connection:
            return await connection.run_sync(query, *args, **kwargs)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._turn, self._writer.connect() as connection:
            yield PostgresTransaction(connection)

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()


class PostgresTransaction:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def run(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._connection.run_sync(query, *args, **kwargs)

    async def commit(self) -> None:
        await self._connection.commit()

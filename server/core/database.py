"""The database behind its two doors: reads, and one writer. SQL is written once, as functions of a `Connection`.

SQLite runs them on threads: one for the writer, two for reads on connections that cannot write. PostgreSQL runs the
same functions through asyncpg (see postgres.py). Nothing here knows a table.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from .statements import run_text

P = ParamSpec("P")
T = TypeVar("T")
Query = Callable[Concatenate[Connection, P], T]


class InDoubt(OSError):
    """The connection was lost in COMMIT: it may have happened, or not."""


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


class Transaction(Protocol):
    """An open transaction of the writer. Leaving its context without `finish` rolls it back."""

    async def run(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...

    async def finish(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs the last query and commits; raises `InDoubt` if nobody knows whether the commit happened."""
        ...


class Database:
    """Reads run side by side; there is one writer, and its transactions follow one another."""

    url: URL
    dialect: str
    shared: bool
    """Whether other processes may write to it at the same time."""

    async def read(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a query in a transaction of its own that sees one state and writes nothing."""
        raise NotImplementedError

    def transaction(self) -> Any:
        """An async context with the writer's next `Transaction`."""
        raise NotImplementedError

    async def write(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs one short query on the writer and commits it."""
        async with self.transaction() as transaction:
            answer: T = await transaction.finish(query, *args, **kwargs)
            return answer

    async def scrub(self) -> None:
        """Leaves nothing of what was deleted or replaced in the file. PostgreSQL does that by itself, in time."""

    async def close(self) -> None:
        raise NotImplementedError


def open_database(url: str | URL) -> Database:
    """A database by its URL: `sqlite:///file` or `postgresql://…`."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return SqliteDatabase(parsed)
        case "postgresql":
            from .postgres import PostgresDatabase  # brings the whole ORM: a sixth of a start on SQLite

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
        run_text(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def scrub_file(engine: Engine) -> None:
    """Writes the file anew without what was deleted, and empties the log beside it."""
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("VACUUM").close()
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def scrub_database(url: str | URL) -> None:
    """The same for a database that nobody has open. There is nothing to do where it is no file of ours."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sqlite_engine(parsed, writes=True)
        scrub_file(engine)
        engine.dispose()


class SqliteDatabase(Database):
    dialect = "sqlite"
    shared = False

    def __init__(self, url: URL) -> None:
        self.url = url
        self._writer = sqlite_engine(url, writes=True)
        self._reader = sqlite_engine(url, writes=False)
        self._writing = ThreadPoolExecutor(1, "korridor-writer")
        self._reading = ThreadPoolExecutor(READERS, "korridor-reader")
        self._turn = asyncio.Lock()
        self._kept: Connection | None = None

    async def read(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def run() -> T:
            with self._reader.begin() as connection:
                return query(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._reading, run)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._turn:
            transaction = SqliteTransaction(self._writer, self._writing, self._kept)
            self._kept = None
            try:
                yield transaction
            finally:
                if transaction.open:
                    await asyncio.shield(transaction.end())
                else:
                    self._kept = transaction.connection

    async def scrub(self) -> None:
        async with self._turn:
            await asyncio.get_running_loop().run_in_executor(self._writing, scrub_file, self._writer)

    async def close(self) -> None:
        async with self._turn:
            if self._kept is not None:
                self._kept.close()
                self._kept = None
            for engine in (self._reader, self._writer):
                engine.dispose()
            self._writing.shutdown()
            self._reading.shutdown()


class SqliteTransaction:
    """Begins with its first query. Everything happens on the writer's thread, one step after the other."""

    def __init__(self, engine: Engine, thread: ThreadPoolExecutor, kept: Connection | None) -> None:
        self._engine = engine
        self._thread = thread
        self.connection = kept
        """The one that writes; after a commit it serves the next transaction, too."""
        self.open = False

    async def run(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._on_thread(lambda: query(self._begun(), *args, **kwargs))

    async def finish(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def last_and_commit() -> T:  # one way to the thread and back, not two
            connection = self._begun()
            answer = query(connection, *args, **kwargs)
            _commit_or_doubt(connection)
            return answer

        answer = await self._on_thread(last_and_commit)
        self.open = False
        return answer

    async def end(self) -> None:
        """Rolls back what was not committed."""
        await self._on_thread(self._close)

    def _close(self) -> None:
        if self.connection is not None:  # a query that was given up before it began has opened none
            self.connection.close()

    def _begun(self) -> Connection:
        connection = self.connection or self._engine.connect()
        self.connection = connection
        if not connection.in_transaction():
            connection.begin()
        return connection

    async def _on_thread(self, work: Callable[[], T]) -> T:
        self.open = True
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _commit_or_doubt(connection: Connection) -> None:
    try:
        connection.commit()
    except UNREACHABLE as error:
        raise InDoubt from error

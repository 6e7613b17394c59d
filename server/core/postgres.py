"""PostgreSQL behind the two doors of `database.py`: a pool of readers, and one connection that writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from .database import UNREACHABLE, Database, InDoubt, P, Query, T, Transaction
from .statements import run_text

POSTGRES_WRITER = {
    "synchronous_commit": "on",
    # Longer than a process that was cut off may hold a lock.
    "lock_timeout": "3000",
    "idle_in_transaction_session_timeout": "2000",
    "statement_timeout": "5000",
    "tcp_user_timeout": "5000",
    "jit": "off",
    # The writer finds rows by key only. A plan made while a table was small would read all of it for ever: 3.8 ms a
    # batch instead of 0.4 ms at 8,000 entries. So would a join with the rows that are to be changed.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "application_name": "korridor writer",
}
WRITES_WITHIN = 3.5
"""Seconds without an answer after which the writer takes the database for cut off: people are told within five. A wait
for a lock ends before that, and the largest batch takes a fifth of a second."""
READS_WITHIN = 20.0
ROLLS_BACK_WITHIN = 2.0
"""Seconds, the time in which PostgreSQL gives up an idle transaction by itself."""
POSTGRES_READER = {"statement_timeout": "15000", "jit": "off", "application_name": "korridor reader"}


class PostgresDatabase(Database):
    dialect = "postgresql"
    shared = True

    def __init__(self, url: URL) -> None:
        self.url = url
        self._writer = self._engine(
            POSTGRES_WRITER, WRITES_WITHIN, pool_size=1, max_overflow=0, isolation_level="AUTOCOMMIT"
        )
        self._reader = self._engine(
            POSTGRES_READER,
            READS_WITHIN,
            pool_size=4,
            max_overflow=2,
            isolation_level="REPEATABLE READ",
            pool_pre_ping=True,
        )
        self._turn = asyncio.Lock()
        self._kept: AsyncConnection | None = None

    def _engine(self, settings: dict[str, str], answers_within: float, **options: Any) -> AsyncEngine:
        return create_async_engine(
            self.url,
            hide_parameters=True,  # a failing statement is logged, what people wrote is not
            connect_args={"server_settings": settings, "timeout": 3, "command_timeout": answers_within},
            pool_timeout=3,
            **options,
        )

    async def read(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._reader.connect() as connection:
            try:
                answer = await connection.run_sync(query, *args, **kwargs)
                await connection.commit()
            except (TimeoutError, asyncio.CancelledError):
                await _cut(connection)
                raise
            return answer

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._turn:
            connection, self._kept = self._kept or await self._writer.connect(), None
            transaction = PostgresTransaction(connection)
            try:
                yield transaction
            finally:
                if transaction.open:
                    await asyncio.shield(transaction.end())
                if not transaction.doubtful:
                    self._kept = connection  # to give it to the pool and take it again costs as much as two statements

    async def close(self) -> None:
        if self._kept is not None:
            await self._kept.close()
            self._kept = None
        await self._reader.dispose()
        await self._writer.dispose()


class PostgresTransaction:
    """Begins with its first query. SQLAlchemy, which is told that each statement commits itself, begins nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.doubtful = False
        self.open = False

    async def run(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def first_begin(connection: Connection) -> T:
            self._begin(connection)
            return query(connection, *args, **kwargs)

        return await self._ask(first_begin)

    async def finish(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def last_and_commit(connection: Connection) -> T:
            self._begin(connection)
            answer = query(connection, *args, **kwargs)
            _commit_or_doubt(connection)
            return answer

        answer = await self._ask(last_and_commit)
        self.open = False
        return answer

    async def end(self) -> None:
        """Rolls back what was not committed. A doubtful connection is given up, and that rolls back too."""
        try:
            if not self.doubtful:
                async with asyncio.timeout(ROLLS_BACK_WITHIN):
                    await self._connection.run_sync(run_text, "ROLLBACK")
        except UNREACHABLE:
            self.doubtful = True
        finally:
            if self.doubtful:
                await _cut(self._connection)
                await self._connection.close()

    async def _ask(self, query: Callable[[Connection], T]) -> T:
        try:
            return await self._connection.run_sync(query)
        except UNREACHABLE as error:
            # It may be cut off, or know a table as it was before a migration. (A broken constraint says neither.)
            self.doubtful = not isinstance(error, IntegrityError)
            raise

    def _begin(self, connection: Connection) -> None:
        if not self.open:
            self.open = True
            run_text(connection, "BEGIN ISOLATION LEVEL READ COMMITTED")


async def _cut(connection: AsyncConnection) -> None:
    """Ends a connection here and now: to say goodbye to a server that is out of reach would take two seconds."""
    if not connection.invalidated:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        driver.terminate()
        await connection.invalidate()


def _commit_or_doubt(connection: Connection) -> None:
    try:
        done = run_text(connection, "COMMIT")
    except UNREACHABLE as error:
        raise InDoubt from error
    if done != "COMMIT":  # after a failed statement PostgreSQL rolls back and calls it a success
        raise OSError(f"the transaction ended with {done}")

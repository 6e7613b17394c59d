"""One long transaction on a connection of its own: for whole databases, which take longer than a server may wait."""

from __future__ import annotations

from sqlalchemy import Connection, make_url, text
from sqlalchemy.engine import URL

from .database import P, Query, T, sqlite_engine

APPLICATION = "korridor maintenance"
"""By this name PostgreSQL knows those who do this."""
ALONE = 0x6B6F7272
"""Number of the advisory lock that PostgreSQL gives to one long writer at a time."""


async def read_long(url: str | URL, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs a query that sees one state of the database, however long it takes, and writes nothing."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _on_sqlite(parsed, False, query, *args, **kwargs)
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return await _on_postgres(parsed, options, query, *args, **kwargs)


async def write_long(url: str | URL, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs a query and commits it: all that it wrote, or nothing. On PostgreSQL one such query waits for the other."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _on_sqlite(parsed, True, query, *args, **kwargs)

    def alone(connection: Connection) -> T:
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ALONE})
        return query(connection, *args, **kwargs)

    return await _on_postgres(parsed, {}, alone)


def _on_sqlite(url: URL, writes: bool, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    engine = sqlite_engine(url, writes=writes)
    try:
        with engine.begin() as connection:
            return query(connection, *args, **kwargs)
    finally:
        engine.dispose()


async def _on_postgres(
    url: URL, options: dict[str, object], query: Query[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    from sqlalchemy.ext.asyncio import create_async_engine  # brings the whole ORM: a sixth of a start on SQLite

    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        hide_parameters=True,
        connect_args={"timeout": 5, "server_settings": {"jit": "off", "application_name": APPLICATION}},
    )
    try:
        async with engine.connect() as connection:
            await connection.execution_options(**options)
            async with connection.begin():
                return await connection.run_sync(query, *args, **kwargs)
    finally:
        await engine.dispose()

"""The database's shape, brought up to date step by step.

Steps only add; a step that was released is never changed. A database that a newer Korridor has written is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.engine import URL

from server.core.database import sqlite_engine

# Alembic is imported where there is something to do: most starts find the database as it should be.
if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent
ONE_AT_A_TIME = 0x6B6F7272
"""Number of the advisory lock under which processes that start together bring PostgreSQL up to date one by one."""


class NewerDatabase(Exception):
    """The database has steps that this version does not know."""


async def migrate(url: str | URL) -> None:
    """Brings a database up to date; makes the file and its folder if there is none yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
        _migrate_sqlite(parsed)
    else:
        await _migrate_postgres(parsed.set(drivername="postgresql+asyncpg"))


def _migrate_sqlite(url: URL) -> None:
    engine = sqlite_engine(url, writes=True)
    try:
        with engine.begin() as connection:
            upgrade(connection)
    finally:
        engine.dispose()


async def _migrate_postgres(url: URL) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    # An engine of its own: a step on a large table may take longer than the writer's timeouts allow.
    engine = create_async_engine(url, connect_args={"timeout": 5})
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ONE_AT_A_TIME})
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


def upgrade(connection: Connection) -> None:
    """Applies the missing steps within the caller's transaction: all of them, or none."""
    if _version(connection) == newest():
        return
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        if "Can't locate revision" not in str(error):
            raise
        raise NewerDatabase from error


def _version(connection: Connection) -> str | None:
    """The newest step that the database has seen."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def newest() -> str:
    """The name of the newest step: its file begins with it, and the names count up."""
    return max(path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*.py"))


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file: the steps lie beside this module."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config

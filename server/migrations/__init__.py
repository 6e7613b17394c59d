"""The database's shape, brought up to date step by step.

Steps only add; a step that was released is never changed. A database that a newer Korridor has written is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.engine import URL

from server.core.long import write_long

# Alembic is imported where there is something to do: most starts find the database as it should be.
if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent


class NewerDatabase(Exception):
    """The database has steps that this version does not know."""


class OlderDatabase(Exception):
    """The database lacks steps, and what is asked for does not make them."""


async def migrate(url: str | URL) -> None:
    """Brings a database up to date; makes the file and its folder if there is none yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
    await write_long(parsed, upgrade)


def upgrade(connection: Connection, to: str | None = None) -> None:
    """Applies the missing steps, or those up to this one, within the caller's transaction: all of them, or none."""
    if _version(connection) == (to or newest()):
        return
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(alembic_config(connection), to or "head")
    except CommandError as error:
        if "Can't locate revision" not in str(error):
            raise
        raise NewerDatabase from error


def expect_newest(connection: Connection) -> None:
    """Raises if the database is not as this version makes it."""
    version = _version(connection) or ""
    if version != newest():
        raise OlderDatabase if version < newest() else NewerDatabase


def _version(connection: Connection) -> str | None:
    """The newest step that the database has seen."""
    return stored_version(connection) if inspect(connection).has_table("alembic_version") else None


def stored_version(connection: Connection) -> str | None:
    """The newest step that a database has seen which was brought up to date before."""
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

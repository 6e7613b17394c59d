"""The commands an operator has. Settings come from the environment; a wrong one is answered with a sentence."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

import click
import uvloop
from msgspec import MsgspecError
from msgspec.structs import replace
from sqlalchemy import Connection
from sqlalchemy.exc import NoResultFound

from server import __version__, log
from server.core.database import UNREACHABLE, Database, open_database
from server.core.verify import Difference, Verified, export_space, verify_database, verify_export
from server.listening import PortTaken
from server.lock import InUse, only_writer
from server.migrations import NewerDatabase
from server.migrations import migrate as bring_up_to_date
from server.settings import Settings, SettingsError, likely_mistakes, read_settings

T = TypeVar("T")

WRONG_SETTINGS = 2
FAILED = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="korridor")
def main() -> None:
    """Korridor, a live shared workspace. Settings come from the environment, see docs/operating.md."""


@main.command()
@click.option("--demo", is_flag=True, help="With the demo area, and signing in by choosing a person (KORRIDOR_DEMO=1).")
@click.option("--workers", type=click.IntRange(1), help="How many processes serve (KORRIDOR_WORKERS).")
def serve(*, demo: bool, workers: int | None) -> None:
    """Brings the database up to date and serves until it is told to stop."""
    from server import serving, workers as processes  # noqa: I001  the whole server: other commands start faster without it

    over = {"KORRIDOR_DEMO": "1"} if demo else {}
    settings = _settings(over | ({} if workers is None else {"KORRIDOR_WORKERS": str(workers)}))
    with _plain_errors(settings), only_writer(settings.sqlite_file):
        uvloop.run(serving.serve(settings) if settings.workers == 1 else processes.supervise(settings))


@main.command(hidden=True)
@click.argument("port", type=int)
@click.argument("line", type=int)
def worker(port: int, line: int) -> None:
    """One of the processes behind a port; begun by `serve --workers`, with the numbers of two open files."""
    from server import serving

    with closing(socket.socket(fileno=port)) as listening, closing(socket.socket(fileno=line)) as supervisor:
        uvloop.run(serving.work(_settings(), listening, supervisor))


@main.command()
def migrate() -> None:
    """Brings the database up to date."""
    settings = _settings()
    with _plain_errors(settings), only_writer(settings.sqlite_file):
        uvloop.run(bring_up_to_date(settings.database_url))
    click.echo("The database is up to date.")


@main.command()
def seed() -> None:
    """Writes the demo area into a database that does not hold it."""
    from server import serving

    settings = _settings()
    with _plain_errors(settings), only_writer(settings.sqlite_file):
        fresh = uvloop.run(serving.prepare(replace(settings, demo=True)))
    if not fresh:
        _fail("The database holds the demo area already; nothing was changed.")
    click.echo("The demo area is in the database.")


@main.command()
@click.option(
    "--export",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check an exported space instead of the database.",
)
def verify(file: Path | None) -> None:
    """Checks that no journal was altered: the chain of hashes, and its replay against the stored entities."""
    if file is not None:
        outcomes = [_verify_export(file)]
    else:
        outcomes = _with_database(lambda database: database.read(_verify_all))
    for outcome in outcomes:
        click.echo(_sentence(outcome))
    if any(isinstance(outcome, Difference) for outcome in outcomes):
        sys.exit(FAILED)


@main.command()
@click.argument("space")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def export(space: str, file: Path) -> None:
    """Writes the journal and the entities of SPACE (an id) to FILE, which `verify --export` can check alone."""
    try:
        count = _with_database(lambda database: database.read(export_space, space, file))
    except NoResultFound:
        _fail(f"There is no space {space}.")
    click.echo(f"{count} entries written to {file}.")


# --- what the commands share -----------------------------------------------------------------------------------------


def _settings(over: dict[str, str] | None = None) -> Settings:
    environment = {**os.environ, **(over or {})}
    try:
        settings = read_settings(environment)
    except SettingsError as error:
        _fail(str(error), WRONG_SETTINGS)
    for sentence in likely_mistakes(environment):
        click.echo(sentence, err=True)
    log.configure(settings.log_level)
    return settings


def _with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    settings = _settings()
    file = settings.sqlite_file
    if file is not None and not file.exists():
        _fail(f"There is no database at {file}.")

    async def run() -> T:
        database = open_database(settings.database_url)
        try:
            return await work(database)
        finally:
            await database.close()

    with _plain_errors(settings):
        return asyncio.run(run())


@contextmanager
def _plain_errors(settings: Settings) -> Iterator[None]:
    """What an operator can mend is said in a sentence, not as a traceback."""
    try:
        yield
    except InUse:
        _fail(f"Another Korridor is running on {settings.sqlite_file}. Stop it first.")
    except NewerDatabase:
        _fail("A newer Korridor has written this database. Install that version, or restore a backup.")
    except PortTaken as taken:
        _fail(str(taken))
    except UNREACHABLE as error:
        _fail(f"The database cannot be used: {_reason(error)}")


def _reason(error: Exception) -> str:
    """The driver's own words: SQLAlchemy would add the statement and its values."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


def _verify_export(file: Path) -> Verified | Difference:
    try:
        return verify_export(file)
    except (MsgspecError, LookupError, ValueError):
        _fail(f"{file} is no export of a space.")


def _verify_all(connection: Connection) -> list[Verified | Difference]:
    return list(verify_database(connection))


def _sentence(outcome: Verified | Difference) -> str:
    if isinstance(outcome, Verified):
        return f"space {outcome.space}: {outcome.entries} entries, whole, head {outcome.head}"
    return str(outcome)


def _fail(sentence: str, code: int = FAILED) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()

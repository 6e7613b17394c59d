"""The commands that look after what is kept: verify, backup, restore, export, import."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

import click
import uvloop

from server import backup as saving
from server import restore as loading
from server.core.archive import Counts
from server.core.long import read_long
from server.core.verify import Difference, Verified, verify_archive, verify_database
from server.files import STANDARD, written_whole
from server.lock import only_writer
from server.people.erasure_list import ErasureList, Listed, UnreadableList
from server.settings import Settings
from server.terminal import (
    FAILED,
    existing_database,
    fail,
    plain_errors,
    plain_file_errors,
    settings_from_environment,
)

to_write = click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
EXISTING = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
to_read = click.argument("file", type=EXISTING)
to_erase = click.option(
    "--erasures",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Erase again whom this list names (KORRIDOR_ERASURES); may be given several times.",
)
force = click.option("--force", is_flag=True, help="Replace FILE if there is one.")


@click.command()
@click.option(
    "--backup", "--export", "file", type=EXISTING, help="Check a backup or an export instead of the database."
)
def verify(file: Path | None) -> None:
    """Checks that no journal was altered: the chain of hashes, and its replay against the stored entities."""
    outcomes = _verify_database() if file is None else _verify_file(file)
    for outcome in outcomes:
        click.echo(_sentence(outcome))
    if any(isinstance(outcome, Difference) for outcome in outcomes):
        sys.exit(FAILED)


@click.command()
@to_write
@force
def backup(file: Path, *, force: bool) -> None:
    """Writes all that a restore needs to FILE (- is standard output), also while a server runs."""
    _write(file, force, saving.backup)


@click.command()
@click.argument("space")
@to_write
@force
def export(space: str, file: Path, *, force: bool) -> None:
    """Writes SPACE (an id), and if it is an area all spaces in it, to FILE (- is standard output)."""
    _write(file, force, lambda url, target: saving.export(url, space, target))


@click.command()
@to_read
@to_erase
def restore(file: Path, erasures: tuple[Path, ...]) -> None:
    """Fills an empty database from the backup FILE (- is standard input): with all of it, verified, or with nothing."""
    _read(file, settings_from_environment(), loading.restore, erasures)


@click.command("import")
@to_read
@to_erase
def import_(file: Path, erasures: tuple[Path, ...]) -> None:
    """Adds the spaces of the export FILE (- is standard input) to the database: all of them, verified, or none."""
    _read(file, existing_database(), loading.import_spaces, erasures)


# --- writing and reading ---------------------------------------------------------------------------------------------


def _write(file: Path, force: bool, work: Callable[[str, BinaryIO], Awaitable[Counts]]) -> None:
    settings = existing_database()

    async def run() -> Counts:
        with written_whole(file, replace=force) as target:
            return await work(settings.database_url, target)

    with plain_file_errors(_name(file)), plain_errors(settings):
        counts = uvloop.run(run())
    to_standard = file == STANDARD  # where the archive stands itself
    to = "" if to_standard else f" to {file}"
    click.echo(f"{_count(counts.spaces, counts.entries)} written{to}.", err=to_standard)


def _read(
    file: Path,
    settings: Settings,
    work: Callable[[str, BinaryIO, list[Listed]], Awaitable[list[Verified]]],
    erasures: tuple[Path, ...],
) -> None:
    erased = _listed(settings, erasures)

    async def run() -> list[Verified]:
        with _opened(file) as source:
            return await work(settings.database_url, source, erased)

    with plain_file_errors(_name(file)), plain_errors(settings), only_writer(settings.sqlite_file):
        outcomes = uvloop.run(run())
    click.echo(f"{_count(len(outcomes), sum(outcome.entries for outcome in outcomes))} stored, all of them whole.")


def _listed(settings: Settings, files: tuple[Path, ...]) -> list[Listed]:
    """Who is to stay erased: by the lists that are named, or else by the one that the settings name."""
    known = files or ((settings.erasure_list,) if settings.erasure_list else ())
    for file in known:
        try:
            ErasureList(file).read()
        except UnreadableList:
            fail(f"{file} is no list of erasures.")
    return [one for file in known for one in ErasureList(file).read()]


def _opened(file: Path) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if file == STANDARD else file.open("rb")


def _name(file: Path) -> str:
    return "The file" if file == STANDARD else str(file)


def _count(spaces: int, entries: int) -> str:
    return f"{spaces} {'space' if spaces == 1 else 'spaces'}, {entries} {'entry' if entries == 1 else 'entries'}"


# --- verifying -------------------------------------------------------------------------------------------------------


def _verify_database() -> list[Verified | Difference]:
    settings = existing_database()
    with plain_errors(settings):
        return uvloop.run(read_long(settings.database_url, lambda connection: list(verify_database(connection))))


def _verify_file(file: Path) -> list[Verified | Difference]:
    with plain_file_errors(_name(file)), _opened(file) as source:
        return list(verify_archive(loading.opened(source)))


def _sentence(outcome: Verified | Difference) -> str:
    if isinstance(outcome, Verified):
        return f"space {outcome.space}: {outcome.entries} entries, whole, head {outcome.head}"
    return str(outcome)

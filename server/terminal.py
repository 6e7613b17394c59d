"""What the commands share: settings, and what an operator can mend said in a sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from server import log
from server.backup import NotDone
from server.core.archive import Unreadable
from server.core.database import UNREACHABLE
from server.files import CannotWrite
from server.listening import PortTaken
from server.lock import InUse
from server.migrations import NewerDatabase, OlderDatabase
from server.settings import Settings, SettingsError, likely_mistakes, read_settings

WRONG_SETTINGS = 2
FAILED = 1


def settings_from_environment(over: dict[str, str] | None = None) -> Settings:
    """The settings, and the log set up by them; the process ends if they are wrong."""
    environment = {**os.environ, **(over or {})}
    try:
        settings = read_settings(environment)
    except SettingsError as error:
        fail(str(error), WRONG_SETTINGS)
    for sentence in likely_mistakes(environment):
        click.echo(sentence, err=True)
    log.configure(settings.log_level)
    return settings


def existing_database() -> Settings:
    """The settings of a database that is there: nothing is made where somebody only wants to read."""
    settings = settings_from_environment()
    file = settings.sqlite_file
    if file is not None and not file.exists():
        fail(f"There is no database at {file}.")
    return settings


@contextmanager
def plain_errors(settings: Settings) -> Iterator[None]:
    """What an operator can mend is said in a sentence, not as a traceback."""
    try:
        yield
    except InUse:
        fail(f"Another Korridor is running on {settings.sqlite_file}. Stop it first.")
    except NewerDatabase:
        fail("A newer Korridor has written this database. Install that version, or restore a backup.")
    except OlderDatabase:
        fail("An older Korridor has written this database. Bring it up to date by `korridor migrate` first.")
    except (PortTaken, NotDone) as error:
        fail(str(error))
    except UNREACHABLE as error:
        fail(f"The database cannot be used: {_reason(error)}")


@contextmanager
def plain_file_errors(name: str) -> Iterator[None]:
    """The same for a file that cannot be written, or that is not what it should be."""
    try:
        yield
    except CannotWrite as error:
        fail(f"{name} cannot be written: {error}.")
    except Unreadable as error:
        fail(f"{name} {error}.")


def _reason(error: Exception) -> str:
    """The driver's own words: SQLAlchemy would add the statement and its values."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


def fail(sentence: str, code: int = FAILED) -> NoReturn:
    """Says what is wrong and ends the process."""
    click.echo(sentence, err=True)
    sys.exit(code)

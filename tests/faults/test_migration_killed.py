"""P21: an upgrade survives a crash. `kill -9` before, in and after the transaction of the steps; the next run completes
it, and no row is lost. A database that is ahead is refused, with a sentence.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text

from server import migrations
from server.core.database import open_database
from tests.faults.dying import BEYOND
from tests.faults.figures import record
from tests.faults.places import prepare
from tests.faults.scenes import LONG
from tests.support.commands import environment, korridor

STEP = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9000", "{newest}", None, None


def upgrade() -> None:
    op.create_table("moods", sa.Column("id", sa.String(36), primary_key=True))
    op.add_column("entities", sa.Column("mood", sa.String(20)))
    op.execute("UPDATE entities SET mood = 'calm'")
    op.create_index("ix_entities_mood", "entities", ["mood"])
"""
"""A step of a version to come: a new table, a new column for every entity, and an index."""
TABLES = ("journal", "entities", "spaces", "sessions", "memberships", "ownerships", "instance")
KILLED = -signal.SIGKILL
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    """The steps of the version after this one."""
    folder = shutil.copytree(migrations.HERE, tmp_path / "migrations")
    (folder / "versions" / "9000_moods.py").write_text(STEP.format(newest=migrations.newest()))
    return folder


def killed_at_statements(url: str, folder: Path) -> Iterator[int]:
    """Kills upgrades, one after the other: in the long form at every statement of the way. Answers with its number."""
    for number in count(1) if LONG else (5,):
        if ends(url, folder, str(number)) == BEYOND:
            return
        yield number


def ends(url: str, folder: Path, point: str) -> int:
    """How an upgrade ends that is to die at this point."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.dying", folder, point],
        env=environment(KORRIDOR_DATABASE_URL=url),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode in (0, BEYOND, KILLED), done.stderr
    return done.returncode


def rows_of(url: str) -> tuple[str | None, Rows]:
    """The newest step that the database has seen, and every row of the tables that this version knows."""

    def read(connection: Connection) -> tuple[str | None, Rows]:
        present = inspect(connection).get_table_names()
        step = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if present else None
        return step, {name: _rows(connection, name) for name in TABLES if name in present}

    async def ask() -> tuple[str | None, Rows]:
        database = open_database(url)
        try:
            return await database.read(read)
        finally:
            await database.close()

    return asyncio.run(ask())


def _rows(connection: Connection, table: str) -> list[tuple[Any, ...]]:
    columns = [column["name"] for column in inspect(connection).get_columns(table) if column["name"] != "mood"]
    return sorted(map(tuple, connection.execute(text(f"SELECT {', '.join(columns)} FROM {table}"))), key=repr)


def test_p21_an_upgrade_killed_at_any_point_is_completed_by_the_next(database_url: str, next_version: Path) -> None:
    asyncio.run(prepare(database_url, people=2, spaces=2))
    before = rows_of(database_url)
    kills = 2
    for number in killed_at_statements(database_url, next_version):
        assert rows_of(database_url) == before, f"killed at statement {number}"
        kills += 1
    assert ends(database_url, next_version, "commit") == KILLED
    assert rows_of(database_url) == before
    assert ends(database_url, next_version, "after") == KILLED
    assert ends(database_url, next_version, "never") == 0
    assert rows_of(database_url) == ("9000", before[1])
    done = korridor("verify", KORRIDOR_DATABASE_URL=database_url)
    assert done.returncode == 0, done.stdout + done.stderr
    record(f"P21 upgrade killed, {database_url.partition(':')[0]}", kills=kills, rows_lost=0)


def test_p21_a_first_start_killed_at_any_point_begins_anew(database_url: str) -> None:
    for number in killed_at_statements(database_url, migrations.HERE):
        assert rows_of(database_url) == (None, {}), f"killed at statement {number}"
    assert ends(database_url, migrations.HERE, "never") == 0
    assert rows_of(database_url)[0] == migrations.newest()


def test_p21_a_database_of_the_next_version_is_refused_with_a_sentence(database_url: str, next_version: Path) -> None:
    assert ends(database_url, next_version, "never") == 0
    before = rows_of(database_url)
    for command in ("migrate", "serve"):
        done = korridor(command, KORRIDOR_DATABASE_URL=database_url, PORT="0")
        sentence = "A newer Korridor has written this database. Install that version, or restore a backup.\n"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence), command
    assert rows_of(database_url) == before

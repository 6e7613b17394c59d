"""The steps lead to exactly the tables that the code speaks of, on both databases."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text

from server.core.database import open_database, sqlite_engine
from server.migrations import NewerDatabase, alembic_config, migrate, newest
from server.tables import metadata
from tests.support.commands import environment


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": metadata}
    )
    return list(compare_metadata(context, metadata))


def _definitions(connection: Connection) -> dict[str, list[str]]:
    """SQLite's own words for each table and index, line by line: they tell what no comparison of types does."""
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' AND sql != ''"))
    added = re.compile(r", (?=\w+ [A-Z])")  # SQLite writes a column that came later behind the one before it
    definitions = {row.name: added.sub("\n", row.sql.replace('"', "")) for row in rows}
    return {name: sorted(line.strip(" \t,") for line in sql.splitlines()) for name, sql in definitions.items()}


async def test_the_steps_make_the_tables_of_the_code(database_url: str) -> None:
    await migrate(database_url)
    database = open_database(database_url)
    try:
        assert await database.read(_differences) == []
    finally:
        await database.close()


async def test_on_sqlite_they_are_the_same_line_by_line(sqlite_url: str, tmp_path: object) -> None:
    await migrate(sqlite_url)
    made, by_steps = (
        sqlite_engine(make_url(url), writes=True) for url in (f"sqlite:///{tmp_path}/made.db", sqlite_url)
    )
    with made.begin() as connection:
        metadata.create_all(connection)
    with made.connect() as one, by_steps.connect() as other:
        assert _definitions(other) == _definitions(one)
    made.dispose()
    by_steps.dispose()


def test_the_names_of_the_steps_count_up_to_the_one_that_alembic_calls_the_newest() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    assert scripts.get_heads() == [newest()]
    order = [step.revision for step in scripts.walk_revisions()]
    assert order == sorted(order, reverse=True)


PREPARE = """
import asyncio, sys
from server.serving import prepare
from server.settings import Settings

asyncio.run(prepare(Settings(database_url=sys.argv[1])))
print(*sorted({"alembic", "sqlalchemy.orm"} & {*sys.modules}))
"""


def test_a_start_that_finds_the_database_as_it_should_be_needs_no_alembic(sqlite_url: str) -> None:
    """Nor the ORM: together they are a third of a start."""
    loaded = [
        subprocess.run(
            [sys.executable, "-c", PREPARE, sqlite_url], env=environment(), capture_output=True, text=True, check=True
        )
        .stdout.splitlines()[-1]
        .split()
        for _ in range(2)
    ]
    assert "alembic" in loaded[0]
    assert loaded[1] == []


async def test_a_second_run_changes_nothing(database_url: str) -> None:
    await migrate(database_url)
    await migrate(database_url)
    database = open_database(database_url)
    try:
        versions = await database.read(lambda c: c.execute(text("SELECT version_num FROM alembic_version")).all())
        assert versions == [(newest(),)]
    finally:
        await database.close()


async def test_who_starts_at_once_on_an_empty_postgres_makes_it_ready_one_after_the_other(postgres_url: str) -> None:
    await asyncio.gather(*(migrate(postgres_url) for _ in range(4)))
    database = open_database(postgres_url)
    try:
        assert await database.read(_differences) == []
    finally:
        await database.close()


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(database_url: str) -> None:
    await migrate(database_url)
    database = open_database(database_url)
    try:
        await database.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
        with pytest.raises(NewerDatabase):
            await migrate(database_url)
    finally:
        await database.close()


async def test_steps_that_break_off_leave_nothing_behind(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails half way takes the others with it: the next start finds what was there before."""
    from alembic import op

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as broken:
        broken.setattr(op, "create_index", breaks)
        with pytest.raises(RuntimeError, match="power cut"):
            await migrate(database_url)
    database = open_database(database_url)
    try:
        table = "sqlite_master" if database.dialect == "sqlite" else "pg_tables WHERE schemaname = 'public'"
        assert await database.read(lambda c: c.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()) == 0
    finally:
        await database.close()
    await migrate(database_url)

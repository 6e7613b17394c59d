"""Rows on their way into tables, on both databases: all of them, in one transaction, or an error and none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from server.core.database import Database, open_database
from server.core.tables import entities, spaces
from server.core.writes import MOST_ROWS, delete_from, insert_into, update_of, upsert_into, write_all
from server.migrations import migrate
from shared_schema.board import EditTask
from shared_schema.refusals import NotFound
from tests.support.areas import SmallArea, found_small_area, running_kernel, writing_again

SPACE = {"id": "s1", "kind": "network", "area": "a", "seq": 1, "head": b"\x00", "at": "morning"}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    await migrate(database_url)
    database = open_database(database_url)
    yield database
    await database.close()


def entity(id: str, body: bytes = b"{}") -> dict[str, Any]:
    return {"space": "s1", "kind": "task", "id": id, "body": body}


def bodies(connection: Connection) -> dict[str, bytes]:
    """The bodies of all entities, by id."""
    return {row.id: row.body for row in connection.execute(select(entities.c.id, entities.c.body))}


async def test_rows_come_in_are_replaced_and_go(database: Database) -> None:
    found = (insert_into(spaces), [SPACE])
    await database.write(write_all, [found, (upsert_into(entities), [entity("t1"), entity("t2")])])
    moved = {"id": "s1", "seq": 2, "head": b"\xff\x00", "at": "noon"}
    gone = {name: value for name, value in entity("t2").items() if name != "body"}
    await database.write(
        write_all,
        [
            (insert_into(spaces), []),
            (update_of(spaces, "seq", "head", "at"), [moved]),
            (upsert_into(entities), [entity("t1", b'"Gem\xc3\xbcse"'), entity("t3")]),
            (delete_from(entities), [gone]),
        ],
    )
    assert await database.read(bodies) == {"t1": b'"Gem\xc3\xbcse"', "t3": b"{}"}
    row = await database.read(lambda connection: connection.execute(select(spaces)).one())
    assert row._asdict() == SPACE | moved


async def test_more_rows_than_go_into_one_statement_come_in_all_the_same(database: Database) -> None:
    several = [entity(f"t{number}") for number in range(2 * MOST_ROWS + 1)]
    await database.write(write_all, [(insert_into(spaces), [SPACE]), (upsert_into(entities), several)])
    assert len(await database.read(bodies)) == len(several)


async def test_a_row_that_is_there_already_is_an_integrity_error_and_nothing_is_written(database: Database) -> None:
    await database.write(write_all, [(insert_into(spaces), [SPACE])])
    with pytest.raises(IntegrityError):
        await database.write(
            write_all, [(insert_into(spaces), [SPACE | {"id": "s2"}, SPACE]), (upsert_into(entities), [entity("t1")])]
        )
    assert await database.read(bodies) == {}
    await database.write(write_all, [(insert_into(spaces), [SPACE | {"id": "s2"}])])


async def test_postgresql_refuses_what_is_too_long_for_its_column_and_cuts_nothing_off(postgres_url: str) -> None:
    await migrate(postgres_url)
    database = open_database(postgres_url)
    with pytest.raises(DBAPIError):
        await database.write(write_all, [(insert_into(spaces), [SPACE | {"id": "s" * 37}])])
    await database.close()


async def test_cmd1_after_a_failed_statement_that_nobody_noticed_postgresql_reports_no_commit(
    postgres_url: str,
) -> None:
    """To COMMIT it would answer ROLLBACK, and call it a success."""
    await migrate(postgres_url)
    database = open_database(postgres_url)

    def write_and_overlook(connection: Connection) -> None:
        write_all(connection, [(insert_into(spaces), [SPACE])])
        with suppress(DBAPIError):
            connection.execute(text("SELECT 1 / 0"))

    with pytest.raises(OSError, match="ROLLBACK"):
        await database.write(write_and_overlook)
    await database.write(write_all, [(insert_into(spaces), [SPACE])])
    await database.close()


# --- the writer of PostgreSQL ----------------------------------------------------------------------------------------


@pytest.fixture
async def small(postgres_url: str) -> AsyncIterator[SmallArea]:
    async with running_kernel(postgres_url) as kernel:
        yield await found_small_area(kernel)


async def test_a_batch_that_writes_nothing_leaves_no_transaction_open(small: SmallArea) -> None:
    task = await small.new_task()
    for _ in range(3):
        assert isinstance(await small.refuse(EditTask(task=small.area, title="Platz")), NotFound)
    states = text("SELECT state FROM pg_stat_activity WHERE application_name = 'korridor writer'")
    found = await small.kernel.database.read(lambda connection: list(connection.execute(states).scalars()))
    assert set(found) == {"idle"}
    await small.accept(EditTask(task=task, title="Platz"))


async def test_a_column_that_a_migration_adds_stops_a_running_process_for_a_moment_at_most(small: SmallArea) -> None:
    task = await small.new_task()
    more = text("ALTER TABLE journal ADD COLUMN more VARCHAR(10)")
    await small.kernel.database.write(lambda connection: connection.execute(more).close())
    await small.send(EditTask(task=task, title="Vielleicht"))
    await writing_again(small.kernel)
    await small.accept(EditTask(task=task, title="Gewiss"))

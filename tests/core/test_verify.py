"""The chain and the replay: what is altered by SQL is found, and named."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from server.core import ledger, verify
from server.core.verify import Difference
from shared_schema.board import EditTask
from tests.support.areas import SmallArea


@pytest.fixture
async def written(small: SmallArea) -> SmallArea:
    """The small area with a task that was renamed."""
    task = await small.new_task("Musterfahrplan")
    await small.accept(EditTask(task=task, title="Musterfahrplan für das Wochenende"))
    return small


async def outcome(small: SmallArea) -> list[Difference]:
    found = await small.kernel.database.read(lambda connection: list(verify.verify_database(connection)))
    assert len(found) == 2
    return [one for one in found if isinstance(one, Difference)]


async def alter(small: SmallArea, sql: str) -> None:
    def run(connection: Connection) -> None:
        changed = connection.execute(text(sql), {"space": small.network}).rowcount
        assert changed > 0

    await small.kernel.database.write(run)


async def test_an_untouched_database_is_whole(written: SmallArea) -> None:
    assert await outcome(written) == []


REPLACED = {
    "sqlite": "CAST(replace(CAST(payload AS TEXT), 'Wochenende', 'Wochenendo') AS BLOB)",
    "postgresql": "convert_to(replace(convert_from(payload, 'UTF8'), 'Wochenende', 'Wochenendo'), 'UTF8')",
}
BODY = {dialect: sql.replace("payload", "body") for dialect, sql in REPLACED.items()}


async def test_jnl1_one_altered_byte_of_an_entry_is_named(written: SmallArea) -> None:
    last = "(SELECT max(seq) FROM journal WHERE space = :space)"
    dialect = written.kernel.database.dialect
    await alter(written, f"UPDATE journal SET payload = {REPLACED[dialect]} WHERE space = :space AND seq = {last}")
    (difference,) = await outcome(written)
    space = await written.kernel.space(written.network)
    assert space is not None
    assert (difference.space, difference.place) == (written.network, f"entry {space.seq}")


async def test_jnl1_one_altered_field_of_an_entity_row_is_named(written: SmallArea) -> None:
    dialect = written.kernel.database.dialect
    await alter(written, f"UPDATE entities SET body = {BODY[dialect]} WHERE space = :space AND kind = 'task'")
    (difference,) = await outcome(written)
    assert difference.space == written.network
    assert difference.place.startswith("task ")
    assert "title" in difference.what


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("UPDATE journal SET verb = 'task.bin' WHERE space = :space AND seq = 2", "entry 2"),
        ("UPDATE journal SET by_id = 'somebody' WHERE space = :space AND seq = 3", "entry 3"),
        ("UPDATE journal SET at = '2020-01-01T00:00:00.000000Z' WHERE space = :space AND seq = 1", "entry 1"),
        ("DELETE FROM journal WHERE space = :space AND seq = 2", "entry 3"),
        ("DELETE FROM journal WHERE space = :space AND seq > 2", "head"),
        ("DELETE FROM entities WHERE space = :space AND kind = 'board'", "board "),
    ],
)
async def test_jnl1_whatever_is_altered_is_named(written: SmallArea, sql: str, place: str) -> None:
    await alter(written, sql)
    (difference,) = await outcome(written)
    assert difference.space == written.network
    assert difference.place.startswith(place)


def test_parts_of_a_hash_cannot_be_shifted() -> None:
    row = {"space": "s", "prev": b"", "seq": 1, "at": "t", "command": "c", "payload": b"p"}
    one = ledger.entry_hash(by=("ab", "c", None), verb="v", about="x", **row)  # type: ignore[arg-type]
    two = ledger.entry_hash(by=("a", "bc", None), verb="v", about="x", **row)  # type: ignore[arg-type]
    assert one != two

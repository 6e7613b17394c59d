"""Backups and exports between databases of both kinds: what is carried, what is made anew, what is refused."""

from __future__ import annotations

import gzip
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, Table, insert, select, text

from server.backup import BESIDE, NotDone, backup, export
from server.core.archive import TABLES, Unreadable
from server.core.ids import new_id
from server.core.journal import find_commands
from server.core.long import read_long, write_long
from server.core.projections import PROJECTIONS
from server.core.tables import entities, follow_ups, instance, leases, revocations, spaces
from server.core.verify import Difference, Verified, verify_archive, verify_database
from server.mail.configured import name_server
from server.mail.tables import letters
from server.migrations import OlderDatabase, migrate, newest
from server.people import accounts, credentials, proofs
from server.people.account_tables import links
from server.people.session_tables import sessions
from server.people.sessions import Sessions
from server.restore import import_spaces, opened, restore
from server.tables import metadata
from shared_schema.board import EditTask
from shared_schema.frames import Accepted
from shared_schema.people import FoundSpace
from tests.support.areas import SmallArea, found_small_area, running_kernel

READ_TABLES = {projection.table for projection in PROJECTIONS.values()}
CARRIED = {*TABLES.values(), *BESIDE}
LEFT_BEHIND = {instance, sessions, revocations, leases, links, letters}
OTHER_KIND = {"sqlite": "postgres_url", "postgresql": "sqlite_url"}


@pytest.fixture
async def small(database_url: str) -> AsyncIterator[SmallArea]:
    """The small area with a task that was renamed, and a second network without any."""
    async with running_kernel(database_url) as kernel:
        small = await found_small_area(kernel)
        task = await small.new_task("Musterfahrplan")
        await small.accept(EditTask(task=task, title="Musterfahrplan für „alle“"))
        other = FoundSpace(id=new_id(), space_kind="network", name="Energie", moderator=small.coordinator)
        await small.accept(other, space=small.area)
        await kernel.followed()
        await kernel.database.write(_let_in, small)
        yield small


def _let_in(connection: Connection, small: SmallArea) -> None:
    """The member has an account with everything that one may have, and the instance a mail server."""
    being = accounts.Being(person=small.member, area=small.area)
    account = accounts.coming_in(connection, being, "josef@brachtenau.example").id
    proofs.set_password(connection, account, "$argon2id$")
    proofs.replace_recovery_codes(connection, account, credentials.new_recovery_codes())
    proofs.add_passkey(connection, account, "0a", b"\x00key", 3, "Diensthandy")
    name_server(connection, "smtp://mail.example", "korridor@brachtenau.example")


@pytest.fixture
def other_url(small: SmallArea, request: pytest.FixtureRequest) -> str:
    """An empty database of the other kind."""
    url: str = request.getfixturevalue(OTHER_KIND[small.kernel.database.dialect])
    return url


async def backed_up(small: SmallArea) -> io.BytesIO:
    target = io.BytesIO()
    await backup(small.kernel.database.url, target)
    return io.BytesIO(target.getvalue())


async def exported(small: SmallArea, space: str) -> io.BytesIO:
    target = io.BytesIO()
    await export(small.kernel.database.url, space, target)
    return io.BytesIO(target.getvalue())


def all_rows(connection: Connection) -> dict[str, list[Any]]:
    return {table.name: _rows(connection, table) for table in CARRIED | READ_TABLES}


def _rows(connection: Connection, table: Table) -> list[Any]:
    return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]


def rewritten(archive: io.BytesIO, old: bytes, new: bytes) -> io.BytesIO:
    """The archive with other content, and a closing record that fits it."""
    *lines, _ = gzip.decompress(archive.getvalue()).replace(old, new).splitlines(keepends=True)
    rows = [record.get("of") or record.get("part") for record in map(msgspec.json.decode, lines)]
    kinds = {"spaces": "space", "entries": "entry", "entities": "entity", "beside": "beside"}
    counts = {name: rows.count(kind) for name, kind in kinds.items()}
    closing = {"part": "end", "counts": counts, "digest": sha256(b"".join(lines)).hexdigest()}
    return io.BytesIO(gzip.compress(b"".join([*lines, msgspec.json.encode(closing)])))


def test_every_table_is_carried_made_anew_or_left_behind_on_purpose() -> None:
    assert set(metadata.tables.values()) == CARRIED | READ_TABLES | LEFT_BEHIND


async def test_jnl4_a_backup_of_one_kind_of_database_restores_into_the_other(small: SmallArea, other_url: str) -> None:
    left = {"space": small.area, "seq": 2, "at": "2026-11-16T09:00:00.000000Z"}
    await small.kernel.database.write(lambda connection: connection.execute(insert(follow_ups), left))
    outcomes = await restore(other_url, await backed_up(small))
    url = small.kernel.database.url
    assert await read_long(other_url, all_rows) == await read_long(url, all_rows)
    assert outcomes == await read_long(url, lambda connection: list(verify_database(connection)))
    assert all(isinstance(outcome, Verified) for outcome in outcomes)


async def test_an_export_carries_no_accounts(small: SmallArea) -> None:
    exports = gzip.decompress((await exported(small, small.area)).getvalue())
    backups = gzip.decompress((await backed_up(small)).getvalue())
    assert b"josef@brachtenau.example" not in exports
    assert b"josef@brachtenau.example" in backups


async def test_what_was_restored_goes_on_where_the_backup_ended(small: SmallArea, other_url: str) -> None:
    accepted = (await small.accept(EditTask(task=await small.new_task(), title="Vorher")))[small.network]
    before = await small.kernel.space(small.network)
    await restore(other_url, await backed_up(small))
    async with running_kernel(other_url) as kernel:
        assert kernel.instance != small.kernel.instance, "clients must not take it for the one that they know"
        space = await kernel.space(small.network)
        assert space is not None
        assert before is not None
        assert (space.seq, space.head) == (before.seq, before.head)
        there = SmallArea(kernel, small.area, small.network, small.coordinator, small.member)
        task = await there.new_task("Nachher")
        assert (await there.accept(EditTask(task=task, title="Nachher geändert")))[small.network] == accepted + 2


async def test_a_command_that_was_repeated_after_a_restore_gets_the_first_answer(
    small: SmallArea, other_url: str
) -> None:
    task, id = await small.new_task(), new_id()
    first = await small.send(EditTask(task=task, title="Einmal"), id=id)
    await restore(other_url, await backed_up(small))
    async with running_kernel(other_url) as kernel:
        there = SmallArea(kernel, small.area, small.network, small.coordinator, small.member)
        assert isinstance(first, Accepted)
        assert await there.send(EditTask(task=task, title="Einmal"), id=id) == first
        known = await kernel.database.read(find_commands, [id])
        assert len(known) == 1


async def test_whoever_was_signed_in_signs_in_again(small: SmallArea, other_url: str) -> None:
    database = small.kernel.database
    await Sessions(database, lifetime=timedelta(days=1), secure=False, ended=lambda _: None).begin(
        small.member, small.area
    )
    await restore(other_url, await backed_up(small))
    assert await read_long(other_url, _rows, sessions) == []


async def test_a_database_that_holds_data_takes_no_backup(small: SmallArea, other_url: str) -> None:
    archive = await backed_up(small)
    await restore(other_url, archive)
    for _ in range(2):
        archive.seek(0)
        with pytest.raises(NotDone, match="holds data"):
            await restore(other_url, archive)


async def test_a_database_in_which_nothing_was_founded_yet_is_empty(small: SmallArea, other_url: str) -> None:
    async with running_kernel(other_url):
        pass
    assert len(await restore(other_url, await backed_up(small))) == 3


async def test_postgresql_takes_no_backup_while_a_server_is_connected(sqlite_url: str, postgres_url: str) -> None:
    async with running_kernel(sqlite_url) as kernel, running_kernel(postgres_url):
        archive = await backed_up(await found_small_area(kernel))
        with pytest.raises(NotDone, match="Another Korridor is running"):
            await restore(postgres_url, archive)


async def test_what_was_altered_before_the_backup_is_named_and_not_restored(small: SmallArea, other_url: str) -> None:
    await small.kernel.database.write(lambda c: c.execute(text("UPDATE journal SET verb = 'task.bin' WHERE seq = 3")))
    archive = await backed_up(small)
    found = [one for one in verify_archive(opened(archive)) if isinstance(one, Difference)]
    assert {difference.place for difference in found} == {"entry 3"}
    archive.seek(0)
    with pytest.raises(Unreadable, match=r"was altered: space .*, entry 3: "):
        await restore(other_url, archive)
    assert not await _holds_tables(other_url), "nothing is left of what broke off"


async def test_a_body_that_nobody_can_read_is_named(small: SmallArea, other_url: str) -> None:
    damage = entities.update().where(entities.c.kind == "task").values(body=b"\xff")
    await small.kernel.database.write(lambda connection: connection.execute(damage))
    archive = await backed_up(small)
    with pytest.raises(Unreadable, match=r"was altered: space .*, task .*: its row cannot be read"):
        await restore(other_url, archive)


async def test_a_cut_file_leaves_nothing_behind(small: SmallArea, other_url: str) -> None:
    whole = (await backed_up(small)).getvalue()
    with pytest.raises(Unreadable, match="its end is missing"):
        await restore(other_url, io.BytesIO(whole[:-40]))
    assert not await _holds_tables(other_url)
    assert len(await restore(other_url, io.BytesIO(whole))) == 3


async def test_rows_that_cannot_be_stored_leave_nothing_behind(small: SmallArea, other_url: str) -> None:
    archive = rewritten(await backed_up(small), b'"seq":2,', b'"seq":1,')
    with pytest.raises(Unreadable, match="is damaged"):
        await restore(other_url, archive)
    assert not await _holds_tables(other_url)


async def test_a_backup_of_a_newer_schema_is_refused(small: SmallArea, other_url: str) -> None:
    archive = rewritten(await backed_up(small), b'"schema":"', b'"schema":"9')
    with pytest.raises(Unreadable, match="newer Korridor"):
        await restore(other_url, archive)
    archive.seek(0)
    with pytest.raises(Unreadable, match="newer Korridor"):
        opened(archive)


async def test_an_older_backup_goes_through_the_steps_that_came_since(small: SmallArea, other_url: str) -> None:
    archive = rewritten(await backed_up(small), f'"schema":"{newest()}"'.encode(), b'"schema":"0001"')
    older = rewritten(archive, b'"of":"space","row":{', b'"of":"space","row":{"followed":0,')
    assert len([one for one in verify_archive(opened(older)) if isinstance(one, Verified)]) == 3
    older.seek(0)
    assert len(await restore(other_url, older)) == 3
    rows = await read_long(small.kernel.database.url, all_rows)
    restored = await read_long(other_url, all_rows)
    for table in BESIDE:
        assert rows.pop(table.name)
        assert restored.pop(table.name) == [], "there were none of it then"
    assert rows.pop("follow_ups") == []
    assert len(restored.pop("follow_ups")) > 0, "the step makes them of what was left to follow"
    assert restored == rows


async def test_a_database_that_was_not_brought_up_to_date_is_refused(sqlite_url: str) -> None:
    await migrate(sqlite_url)
    await write_long(sqlite_url, lambda c: c.execute(text("UPDATE alembic_version SET version_num = '0000'")))
    with pytest.raises(OlderDatabase):
        await backup(sqlite_url, io.BytesIO())


# --- single spaces ---------------------------------------------------------------------------------------------------


async def test_jnl2_an_exported_space_is_checked_alone(small: SmallArea) -> None:
    (outcome,) = verify_archive(opened(await exported(small, small.network)))
    space = await small.kernel.space(small.network)
    assert space is not None
    assert outcome == Verified(space=small.network, entries=space.seq, head=space.head.hex())
    altered = rewritten(await exported(small, small.network), b"Musterfahrplan f", b"Musterfahrplan F")
    assert isinstance(next(verify_archive(opened(altered))), Difference)


async def test_an_exported_area_comes_with_all_its_spaces_and_can_be_imported(small: SmallArea, other_url: str) -> None:
    await migrate(other_url)
    assert len(await import_spaces(other_url, await exported(small, small.area))) == 3
    imported, there = await read_long(other_url, all_rows), await read_long(small.kernel.database.url, all_rows)
    beside = {table.name for table in BESIDE}
    assert {name: rows for name, rows in there.items() if name not in beside} == {
        name: rows for name, rows in imported.items() if name not in beside
    }


async def test_a_space_is_imported_beside_its_area_and_a_running_kernel_finds_it(
    small: SmallArea, other_url: str
) -> None:
    await restore(other_url, await backed_up(small))
    await write_long(other_url, _remove, small.network)
    async with running_kernel(other_url) as kernel:
        assert await kernel.space(small.network) is None
        await import_spaces(other_url, await exported(small, small.network))
        assert await kernel.space(small.network) is not None
    assert await read_long(other_url, all_rows) == await read_long(small.kernel.database.url, all_rows)


async def test_a_space_whose_area_is_not_there_is_refused(small: SmallArea, other_url: str) -> None:
    await migrate(other_url)
    with pytest.raises(NotDone, match=f"The area of space {small.network} is not in this database"):
        await import_spaces(other_url, await exported(small, small.network))
    assert await read_long(other_url, _rows, spaces) == []


async def test_a_space_that_is_there_is_refused(small: SmallArea) -> None:
    with pytest.raises(NotDone, match=f"holds space {small.network} already"):
        await import_spaces(small.kernel.database.url, await exported(small, small.network))


async def test_a_backup_is_no_export_and_an_export_is_no_backup(small: SmallArea, other_url: str) -> None:
    with pytest.raises(Unreadable, match="`korridor restore` is for that"):
        await import_spaces(other_url, await backed_up(small))
    with pytest.raises(Unreadable, match="`korridor import` is for that"):
        await restore(other_url, await exported(small, small.network))


async def test_a_space_that_is_nowhere_cannot_be_exported(small: SmallArea) -> None:
    with pytest.raises(NotDone, match="There is no space nowhere"):
        await exported(small, "nowhere")


async def _holds_tables(url: str) -> bool:
    def look(connection: Connection) -> bool:
        return connection.dialect.has_table(connection, "spaces")

    return await read_long(url, look)


def _remove(connection: Connection, space: str) -> None:
    for table in (*READ_TABLES, *set(TABLES.values()) - {spaces}):
        connection.execute(table.delete().where(table.c.space == space))
    connection.execute(spaces.delete().where(spaces.c.id == space))

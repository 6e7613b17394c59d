"""The kernel over both databases: order, repeats, two spaces, several processes, and what happens when parts break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, make_url, text

from server.core.commands import Request
from server.core.database import open_database
from server.core.following import left_to_follow
from server.core.ids import derived_id, new_id
from server.core.journal import Committed
from server.core.kernel import Kernel
from server.core.postgres import PostgresDatabase
from server.core.relay import MemoryRelay
from server.core.tables import follow_ups
from server.core.tables import journal as journal_table
from server.migrations import migrate
from server.people import access
from shared_schema.base import Author, Id
from shared_schema.board import AddColumn, CreateTask, EditTask, MoveTask, SendTask, Task
from shared_schema.frames import Accepted, Refused
from shared_schema.people import EditProfile, FoundSpace
from shared_schema.refusals import IdReused, Internal, NotAllowed, NotFound, Unavailable
from tests.support.areas import SmallArea, found_small_area, running_kernel, writing_again
from tests.support.proxy import Proxy, proxied


class Heard(list[tuple[Id, int]]):
    """What a listener was shown, as (space, seq)."""

    def __call__(self, space: Id, entries: list[Committed]) -> None:
        self.extend((space, committed.entry.seq) for committed in entries)

    def of(self, space: Id) -> list[int]:
        return [seq for where, seq in self if where == space]


# --- order and repeats -----------------------------------------------------------------------------------------------


async def test_ord1_one_space_has_one_order_without_holes_under_many_writers(small: SmallArea) -> None:
    heard = Heard()
    small.kernel.listen(heard)
    task, start = await small.new_task(), (await small.kernel.space(small.network)).seq  # type: ignore[union-attr]

    async def write(writer: int) -> list[int]:
        edits = [EditTask(task=task, title=f"{writer}-{n}") for n in range(25)]
        return [(await small.accept(edit))[small.network] for edit in edits]

    numbers = await asyncio.gather(*(write(writer) for writer in range(16)))
    assert sorted(seq for own in numbers for seq in own) == list(range(start + 1, start + 401))
    assert all(own == sorted(own) for own in numbers)
    assert [seq for seq in heard.of(small.network) if seq > start] == list(range(start + 1, start + 401))


async def test_cmd2_a_repeat_gets_the_first_answer_and_has_no_second_effect(
    small: SmallArea, database_url: str
) -> None:
    task, id = await small.new_task(), new_id()
    edit = EditTask(task=task, title="Neu")
    first = await small.send(edit, id=id)
    seq = (await small.kernel.space(small.network)).seq  # type: ignore[union-attr]
    repeats = await asyncio.gather(*(small.send(edit, id=id) for _ in range(5)))
    assert all(repeat == first for repeat in repeats)
    assert (await small.kernel.space(small.network)).seq == seq  # type: ignore[union-attr]
    # Another process, or this one after a restart, says the same.
    async with running_kernel(database_url) as other:
        author = Author(kind="person", id=small.coordinator)
        again = await other.submit(Request(id=id, space=small.network, command=edit, author=author))
    assert again == first


async def test_cmd2_repeats_within_one_batch_have_one_effect(small: SmallArea) -> None:
    task, id = await small.new_task(), new_id()
    answers = await asyncio.gather(*(small.send(EditTask(task=task, title="Neu"), id=id) for _ in range(7)))
    assert len({str(answer) for answer in answers}) == 1
    entries = await small.kernel.entries_before(small.network, None, task, 50)
    assert [committed.entry.verb for committed in entries] == ["task.edit", "task.create"]


async def test_cmd3_a_known_id_with_another_content_is_refused(small: SmallArea) -> None:
    task, id = await small.new_task(), new_id()
    await small.send(EditTask(task=task, title="Eins"), id=id)
    answer = await small.send(EditTask(task=task, title="Zwei"), id=id)
    assert answer == Refused(id=id, reason=IdReused())


async def test_cmd4_a_refused_command_leaves_no_trace_and_may_be_sent_again(small: SmallArea) -> None:
    task, id = new_id(), new_id()
    title = EditTask(task=task, title="Später")
    refused = await small.send(title, id=id)
    assert refused == Refused(id=id, reason=NotFound(kind="task", id=task))
    await small.accept(CreateTask(id=task, column=await small.first_column(), title="Jetzt"))
    assert isinstance(await small.send(title, id=id), Accepted)


async def test_ord3_time_never_runs_back_within_a_space(small: SmallArea) -> None:
    task = await small.new_task()
    for n in range(5):
        await small.accept(EditTask(task=task, title=str(n)))
    entries = await small.kernel.entries(small.network, 0, 100)
    assert all(a.entry.at <= b.entry.at for a, b in pairwise(entries))


# --- rights and spaces -----------------------------------------------------------------------------------------------


async def test_see5_a_stranger_gets_the_same_answer_as_for_a_space_that_is_not_there(small: SmallArea) -> None:
    stranger, nowhere = new_id(), new_id()
    known = await small.send(EditProfile(space=small.network, purpose="x"), by=stranger)
    unknown = await small.send(EditProfile(space=nowhere, purpose="x"), space=nowhere, by=stranger)
    assert isinstance(known, Refused)
    assert isinstance(unknown, Refused)
    assert known.reason == NotFound(kind="space", id=small.network)
    assert unknown.reason == NotFound(kind="space", id=nowhere)


async def test_a_member_may_not_shape_the_board(small: SmallArea) -> None:
    board = derived_id(small.network, "board")
    add = AddColumn(id=new_id(), board=board, title="Neu")
    reason = await small.refuse(add, by=small.member)
    assert isinstance(reason, NotAllowed)


async def test_cmd5_a_command_of_two_spaces_is_one_transaction_with_an_entry_in_each(small: SmallArea) -> None:
    other, task = new_id(), await small.new_task()
    network = FoundSpace(id=other, space_kind="network", name="Ortsmitten", template="network")
    await small.accept(network, space=small.area)
    seqs = await small.accept(SendTask(task=task, space=other))
    assert set(seqs) == {small.network, other}
    here, there = await small.kernel.space(small.network), await small.kernel.space(other)
    assert here is not None
    assert there is not None
    assert here.find(Task, task) is None
    assert there.get(Task, task).title == "Haltestellen prüfen"
    left = (await small.kernel.entries_before(small.network, None, task, 1))[0].entry
    arrived = (await small.kernel.entries_before(other, None, task, 1))[0].entry
    assert (left.other, arrived.other) == (other, small.network)
    assert left.command == arrived.command


async def test_cmd6_a_handlers_mistake_refuses_its_command_alone(
    small: SmallArea, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    task, column = await small.new_task(), await small.first_column()
    good = [EditTask(task=task, title=f"gut {n}") for n in range(3)]
    monkeypatch.setattr("server.board.rules.place_after", lambda *_: 1 / 0, raising=True)
    answers = await asyncio.gather(
        small.send(good[0]), small.send(MoveTask(task=task, column=column)), small.send(good[1]), small.send(good[2])
    )
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(refused) == 1
    assert isinstance(refused[0].reason, Internal)
    assert "command failed" in caplog.text


async def test_cmd6_an_answer_that_cannot_be_given_disturbs_nobody(small: SmallArea) -> None:
    task, heard = await small.new_task(), Heard()
    small.kernel.listen(heard)
    author = Author(kind="person", id=small.coordinator)
    edit = EditTask(task=task, title="Niemand hört zu")
    request = Request(id=new_id(), space=small.network, command=edit, author=author)
    small.kernel.enqueue(request, lambda _: 1 / 0)  # type: ignore[arg-type]
    seqs = await small.accept(EditTask(task=task, title="Weiter"))
    assert heard.of(small.network) == [seqs[small.network] - 1, seqs[small.network]]


# --- several processes -----------------------------------------------------------------------------------------------


async def test_ord4_two_processes_write_one_order_and_show_it_whole(postgres_url: str) -> None:
    relay = MemoryRelay()
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(running_kernel(postgres_url, relay=relay))
        two = await stack.enter_async_context(running_kernel(postgres_url, relay=relay))
        small = await found_small_area(one)
        heard = Heard(), Heard()
        for kernel, ears in zip((one, two), heard, strict=True):
            await kernel.space(small.network)
            kernel.listen(ears)
        task = await small.new_task()
        start = (await one.space(small.network)).seq  # type: ignore[union-attr]

        async def write(kernel: Kernel, writer: int) -> None:
            mine = SmallArea(kernel, small.area, small.network, small.coordinator, small.member)
            for n in range(20):
                await mine.accept(EditTask(task=task, title=f"{writer}-{n}"))

        async with asyncio.timeout(60):
            await asyncio.gather(*(write(kernel, n) for kernel in (one, two) for n in range(4)))
            for kernel in (one, two):  # a last command each: whoever was behind takes in the rest before it
                mine = SmallArea(kernel, small.area, small.network, small.coordinator, small.member)
                await mine.accept(EditTask(task=task, title=f"zuletzt {id(kernel)}"))
        for ears in heard:
            seen = ears.of(small.network)
            assert seen == list(range(seen[0], seen[-1] + 1))
        assert heard[1].of(small.network)[-1] == start + 162


# --- when parts break ------------------------------------------------------------------------------------------------


async def test_cmd6_a_poisoned_command_is_found_and_the_rest_of_its_batch_is_kept(small: SmallArea) -> None:
    """Somebody wrote into the journal behind our back: that space's next number is taken, the others go on."""
    other = new_id()
    network = FoundSpace(id=other, space_kind="network", name="Ortsmitten", template="network")
    await small.accept(network, space=small.area)
    stolen = {"space": other, "seq": 2, "at": "2026-01-01T00:00:00.000000Z", "by_kind": "system", "by_id": new_id()}
    stolen |= {"verb": "x", "about": other, "command": new_id(), "payload": b"{}", "salt": b"", "hash": b""}
    await small.kernel.database.write(lambda connection: connection.execute(insert(journal_table), stolen).close())
    task = await small.new_task()
    sends = [small.send(EditTask(task=task, title=str(n))) for n in range(10)]
    sends.insert(4, small.send(EditProfile(space=other, purpose="x"), space=other))
    answers = await asyncio.gather(*sends)
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(refused) == 1
    assert isinstance(refused[0].reason, Internal)


async def test_cmd7_a_full_disk_is_answered_unavailable_and_writing_resumes(sqlite_url: str) -> None:
    async with running_kernel(sqlite_url) as kernel:
        small = await found_small_area(kernel)
        task = await small.new_task()
        pages = await kernel.database.write(_limit_pages, 1)
        states: list[bool] = []
        kernel.on_writing(states.append)
        filled = await _fill(small, task)
        assert any(isinstance(answer, Refused) and isinstance(answer.reason, Unavailable) for answer in filled)
        assert not any(isinstance(answer, Refused) and isinstance(answer.reason, Internal) for answer in filled)
        accepted = sum(isinstance(answer, Accepted) for answer in filled)
        assert len(await kernel.entries_before(small.network, None, task, 1000)) == accepted + 1
        assert (await kernel.space(small.network)).get(Task, task).title  # type: ignore[union-attr]
        await kernel.database.write(_limit_pages, pages + 100_000)
        await writing_again(kernel)
        assert isinstance(await small.send(EditTask(task=task, title="Platz")), Accepted)
        assert states == [False, True]


def _limit_pages(connection: Connection, most: int) -> int:
    """SQLite answers with the number of pages it may have; never less than it has."""
    return int(connection.exec_driver_sql(f"PRAGMA max_page_count = {most}").scalar_one())


async def _fill(small: SmallArea, task: Id) -> list[Accepted | Refused]:
    """Writes until nothing fits any more."""
    answers: list[Accepted | Refused] = []
    for n in range(400):
        answers.append(await small.send(EditTask(task=task, title=f"{n} " + "x" * 180)))
        if isinstance(answers[-1], Refused):
            return answers
    return answers


@pytest.fixture
async def through_proxy(postgres_url: str) -> AsyncIterator[tuple[SmallArea, Proxy]]:
    """A small area whose kernel reaches PostgreSQL through a proxy that loses connections when told to."""
    real = make_url(postgres_url)
    await migrate(postgres_url)
    async with proxied(real.host or "127.0.0.1", real.port or 5432) as proxy:
        database = open_database(real.set(host="127.0.0.1", port=proxy.port))
        async with Kernel(database, resolve=access.actor) as kernel:
            yield await found_small_area(kernel), proxy
        await database.close()


async def test_cmd8_a_commit_in_doubt_that_happened_is_answered_accepted_and_shown(
    through_proxy: tuple[SmallArea, Proxy],
) -> None:
    small, proxy = through_proxy
    task, heard = await small.new_task(), Heard()
    small.kernel.listen(heard)
    proxy.cut_after = b"COMMIT"
    answer = await small.send(EditTask(task=task, title="Im Zweifel"))
    if isinstance(answer, Refused):  # PostgreSQL was slower than our question; the client asks again
        assert answer.reason == Unavailable()
        await writing_again(small.kernel)
        answer = await small.send(EditTask(task=task, title="Im Zweifel"), id=answer.id)
    assert isinstance(answer, Accepted)
    space = await small.kernel.space(small.network)
    assert space is not None
    assert space.get(Task, task).title == "Im Zweifel"
    assert heard.of(small.network) == [answer.seqs[small.network]]
    stored = await small.kernel.entries_before(small.network, None, task, 10)
    assert [committed.entry.verb for committed in stored] == ["task.edit", "task.create"]


async def test_cmd7_a_connection_lost_before_the_commit_changes_nothing(through_proxy: tuple[SmallArea, Proxy]) -> None:
    small, proxy = through_proxy
    task, id = await small.new_task(), new_id()
    proxy.cut_after = b"BEGIN"
    answer = await small.send(EditTask(task=task, title="Verloren"), id=id)
    assert answer == Refused(id=id, reason=Unavailable())
    space = await small.kernel.space(small.network)
    assert space is not None
    assert space.get(Task, task).title == "Haltestellen prüfen"
    await writing_again(small.kernel)
    assert isinstance(await small.send(EditTask(task=task, title="Verloren"), id=id), Accepted)


# --- settings of the connections -------------------------------------------------------------------------------------


async def test_cmd1_sqlite_writes_durably_and_keeps_foreign_keys(sqlite_url: str, tmp_path: Path) -> None:
    await migrate(sqlite_url)
    database = open_database(sqlite_url)

    def pragmas(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names}

    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    assert await database.write(pragmas) == expected
    assert await database.read(lambda connection: connection.exec_driver_sql("PRAGMA query_only").scalar_one()) == 1
    await database.close()


async def test_postgresql_lets_no_cut_off_process_hold_its_locks(postgres_url: str) -> None:
    await migrate(postgres_url)
    database = open_database(postgres_url)
    assert isinstance(database, PostgresDatabase)

    def settings(connection: Connection) -> dict[str, str]:
        names = ("synchronous_commit", "lock_timeout", "idle_in_transaction_session_timeout", "statement_timeout")
        return {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in names}

    assert await database.write(settings) == {
        "synchronous_commit": "on",
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "2s",
        "statement_timeout": "5s",
    }
    await database.close()


async def test_jnl3_followers_go_on_where_they_stopped(small: SmallArea, database_url: str) -> None:
    """A crash between an entry and what follows from it is made good at the next start."""
    project = new_id()
    found = FoundSpace(
        id=project, space_kind="key_project", name="Rufbus", parent=small.network, template="key_project"
    )
    seq = (await small.accept(found, space=small.area))[small.area]
    await small.kernel.followed()
    space = await small.kernel.space(project)
    assert space is not None
    assert space.seq > 1
    before = await small.kernel.entries(project, 0, 100)
    long_ago = {"space": small.area, "seq": seq, "at": "2026-01-01T00:00:00.000000Z"}
    await small.kernel.database.write(lambda connection: connection.execute(insert(follow_ups), long_ago).close())
    async with running_kernel(database_url) as again:
        await again.followed()
        after = await again.entries(project, 0, 100)
    assert [c.entry.command for c in after] == [c.entry.command for c in before]
    assert await small.kernel.database.read(left_to_follow, timedelta(0)) == []

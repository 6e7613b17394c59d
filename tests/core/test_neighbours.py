"""Several processes on one PostgreSQL: what one writes the others show, whether or not anybody tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise

from sqlalchemy import Connection, delete, update

from server.core.database import open_database
from server.core.following import left_to_follow
from server.core.ids import new_id
from server.core.journal import Committed
from server.core.kernel import Kernel
from server.core.lease import Leases
from server.core.relay import MemoryRelay, Relay
from server.core.revocations import forget_revocations, revoke
from server.core.tables import entities, leases, spaces
from server.core.tables import journal as journal_table
from server.migrations import migrate
from shared_schema.base import Id
from shared_schema.board import EditTask, Task
from shared_schema.people import EditPerson, Participant
from tests.support.areas import SmallArea, found_small_area, running_kernel


@asynccontextmanager
async def two_kernels(url: str, relay: Relay | None = None) -> AsyncIterator[tuple[SmallArea, SmallArea]]:
    """One area, seen by two processes; without a relay in common only the database connects them."""
    async with running_kernel(url, relay=relay) as one, running_kernel(url, relay=relay) as other:
        small = await found_small_area(one)
        await other.space(small.network)
        yield small, SmallArea(other, small.area, small.network, small.coordinator, small.member)


class Shown(list[int]):
    """The numbers of the entries of one space that a kernel shows."""

    def __init__(self, kernel: Kernel, space: Id) -> None:
        super().__init__()
        self._space = space
        kernel.listen(self._note)

    def _note(self, space: Id, entries: list[Committed]) -> None:
        if space == self._space:
            self.extend(one.entry.seq for one in entries)


async def seq(small: SmallArea) -> int:
    space = await small.kernel.space(small.network)
    assert space is not None
    return space.seq


async def until(kernel: Kernel, space: Id, seq: int) -> None:
    """Waits until a kernel has shown this entry."""
    reached = asyncio.Event()

    def look(*_: object) -> None:
        hot = kernel.peek(space)
        if hot is not None and hot.seq >= seq:
            reached.set()

    stop = kernel.listen(look)
    look()
    await asyncio.wait_for(reached.wait(), 30)
    stop()


async def test_ord4_a_message_of_the_relay_brings_what_another_process_wrote(postgres_url: str) -> None:
    async with two_kernels(postgres_url, MemoryRelay()) as (one, other):
        shown = Shown(other.kernel, other.network)
        task = await one.new_task()
        await until(other.kernel, other.network, await seq(one))
        assert shown == [await seq(one)]
        space = await other.kernel.space(other.network)
        assert space is not None
        assert space.get(Task, task).title == "Haltestellen prüfen"
        assert other.kernel.counters.taken_in == 1


async def test_ord5_without_a_relay_the_sweep_brings_it_whole_and_in_order(postgres_url: str) -> None:
    async with two_kernels(postgres_url) as (one, other):
        shown = Shown(other.kernel, other.network)
        task = await one.new_task()
        for number in range(20):
            await one.accept(EditTask(task=task, title=f"Fassung {number}"))
        await until(other.kernel, other.network, await seq(one))
        assert shown == list(range(shown[0], shown[0] + 21))
        assert all(a + 1 == b for a, b in pairwise(shown))


async def test_the_process_that_wrote_an_entry_follows_it_and_the_other_does_not(postgres_url: str) -> None:
    async with two_kernels(postgres_url, MemoryRelay()) as (one, other):
        await one.accept(EditPerson(person=one.member, name="Josefine"), space=one.area, by=one.coordinator)
        await one.kernel.followed()
        await until(other.kernel, other.network, await seq(one))
        await other.kernel.followed()
        space = await other.kernel.space(other.network)
        assert space is not None
        assert [part.name for part in space.where(Participant, person=one.member)] == ["Josefine"]
        assert other.kernel.counters.written == 0
        assert await one.kernel.database.read(left_to_follow, timedelta(0)) == []


# --- a database that was put back ------------------------------------------------------------------------------------


def _put_back(connection: Connection, space: Id, entry: Committed, task: Id) -> None:
    """What a restored backup looks like from a running process: the newest entries of a space are gone."""
    connection.execute(
        delete(journal_table).where(journal_table.c.space == space, journal_table.c.seq > entry.entry.seq)
    )
    connection.execute(delete(entities).where(entities.c.space == space, entities.c.id == task))
    stands = update(spaces).where(spaces.c.id == space)
    connection.execute(stands.values(seq=entry.entry.seq, head=entry.head))


async def test_ord6_a_process_notices_that_its_database_was_put_back_and_begins_anew(postgres_url: str) -> None:
    async with two_kernels(postgres_url) as (one, other):
        renewed: list[Id] = []
        other.kernel.on_renewed(renewed.append)
        before = (await one.kernel.entries_before(one.network, None, None, 1))[0]
        gone = await one.new_task("Wird vergessen")
        await other.kernel.sweep()
        await until(other.kernel, other.network, await seq(one))
        await one.kernel.database.write(_put_back, one.network, before, gone)
        task = await one.new_task("Kommt stattdessen")  # the same number as the entry that is gone
        noticed = asyncio.Event()
        other.kernel.on_renewed(lambda _: noticed.set())
        await asyncio.wait_for(noticed.wait(), 30)
        space = await other.kernel.space(other.network)
        assert space is not None
        assert renewed == [other.network]
        assert (space.find(Task, gone), space.get(Task, task).title) == (None, "Kommt stattdessen")
        assert await seq(other) == await seq(one) == before.entry.seq + 1


# --- sessions --------------------------------------------------------------------------------------------------------


async def test_a_session_that_ends_in_one_process_ends_in_the_others(postgres_url: str) -> None:
    async with two_kernels(postgres_url) as (one, other):
        heard: asyncio.Queue[list[str]] = asyncio.Queue()
        other.kernel.on_revoked(heard.put_nowait)
        await one.kernel.database.write(revoke, ["session 1", "session 2"])
        assert await asyncio.wait_for(heard.get(), 30) == ["session 1", "session 2"]
        await one.kernel.database.write(forget_revocations, timedelta(days=-1))
        await one.kernel.database.write(revoke, ["session 3"])
        assert await asyncio.wait_for(heard.get(), 30) == ["session 3"], "numbers go on after the old are forgotten"


# --- leases ----------------------------------------------------------------------------------------------------------


async def test_a_duty_has_one_holder_until_the_lease_is_given_back_or_over(postgres_url: str) -> None:
    await migrate(postgres_url)
    database = open_database(postgres_url)
    one, two = Leases(database, new_id()), Leases(database, new_id())
    hour = timedelta(hours=1)
    assert [await one.held("duty", hour), await two.held("duty", hour)] == [True, False]
    assert [await one.held("duty", hour), await two.held("other", hour)] == [True, True]
    await one.give_back()
    assert [await two.held("duty", hour), await one.held("duty", hour)] == [True, False]
    await database.write(lambda connection: connection.execute(update(leases).values(until="2026-01-01")).close())
    assert [await one.held("duty", hour), await two.held("duty", hour)] == [True, False]
    await database.close()


async def test_of_many_who_ask_for_a_lease_at_once_one_gets_it(postgres_url: str) -> None:
    await migrate(postgres_url)
    databases = [open_database(postgres_url) for _ in range(4)]
    asked = [Leases(database, new_id()).held("duty", timedelta(hours=1)) for database in databases]
    assert sorted(await asyncio.gather(*asked)) == [False, False, False, True]
    for database in databases:
        await database.close()


async def test_where_one_process_runs_alone_every_duty_is_its_own(sqlite_url: str) -> None:
    await migrate(sqlite_url)
    database = open_database(sqlite_url)
    for _ in range(2):
        assert await Leases(database, new_id()).held("duty", timedelta(hours=1))
    await database.close()

"""P15: clocks may lie. Processes ahead and behind, and a jump in the middle: order comes from the journal, and what
ends at a moment ends by the database's clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from msgspec import Struct
from sqlalchemy import select

from server.board.tables import tasks
from server.core import journal
from server.core.commands import Request
from server.core.database import Database, open_database
from server.core.ids import new_id
from server.core.moments import SetClock
from server.migrations import migrate
from server.people import rules
from server.people.sessions import Sessions
from shared_schema.base import SYSTEM, Id
from shared_schema.board import FinishTask
from shared_schema.frames import Accepted
from shared_schema.people import JoinPerson
from tests.faults.places import Place, prepare
from tests.faults.raw import Raw, Watcher, create, first, text
from tests.faults.scenes import process_of
from tests.support.areas import SmallArea, found_small_area, running_kernel
from tests.support.commands import Serving
from tests.support.waiting import until

HOUR = 3_600
DAYS = 3 * 24 * HOUR
"""More than a day to either side: an access ends with a date."""
NEAR = timedelta(seconds=120)
"""How far from the database's clock the time of an entry may lie that was written just now."""


def wrong(url: str, folder: Path, seconds: float) -> Serving:
    """A process whose clock is ahead by so many seconds; `jump` changes that."""
    file = folder / f"clock {seconds}"
    file.write_text(str(seconds))
    return process_of(url, program=("tests.faults.shifted", str(file), "serve"))


def jump(folder: Path, process: float, to: float) -> None:
    """The clock of the process that began with `process` seconds is ahead by `to` from now on."""
    (folder / f"clock {process}").write_text(str(to))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        await database.close()


# --- order -----------------------------------------------------------------------------------------------------------


def test_p15_ord3_ord4_processes_whose_clocks_differ_write_one_order_in_the_time_of_the_database(
    postgres_url: str, tmp_path: Path
) -> None:
    place = asyncio.run(prepare(postgres_url, people=3, spaces=1))
    before = asyncio.run(entries_of(place))
    with (
        wrong(postgres_url, tmp_path, HOUR) as ahead,
        wrong(postgres_url, tmp_path, -HOUR) as behind,
        Watcher(ahead.port).watching(first(place), place.cookies[2]) as watcher,
        Raw(ahead.port).opened(place.cookies[0]) as one,
        Raw(behind.port).opened(place.cookies[1]) as other,
    ):
        for clocks in ((HOUR, -HOUR), (-DAYS, DAYS), (0, 0)):
            jump(tmp_path, HOUR, clocks[0])
            jump(tmp_path, -HOUR, clocks[1])
            for writer in (one, other, one, other):
                assert writer.do(first(place), create(place, "Zur Zeit"))["t"] == "accepted"
        after = asyncio.run(entries_of(place))
        watcher.upto(after[-1][0])
    written = after[len(before) :]
    assert [seq for seq, _ in after] == list(range(1, len(before) + 12 + 1))
    times = [at for _, at in after]
    assert times == sorted(times)
    assert all(abs(at - datetime.now(UTC)) < NEAR for _, at in written)


async def entries_of(place: Place) -> list[tuple[int, datetime]]:
    """Number and time of each entry of the first board."""
    async with opened(place.url) as database:
        found = await database.read(journal.entries_after, first(place), 0, 10_000)
        return [(one.entry.seq, one.entry.at) for one in found]


# --- what ends -------------------------------------------------------------------------------------------------------


class Ending(Struct):
    """Who may still come, who may not any more, and two tasks of which one has been done for a month."""

    space: Id
    valid: str
    """The cookie of a session that goes on for half an hour; the person's access ends today."""
    lapsed: str
    """Of a session that ended half an hour ago."""
    gone: str
    """Of a person whose access ended yesterday."""
    long_done: Id
    done: Id


async def prepare_endings(url: str) -> Ending:
    """All of it in the time of the database."""
    async with opened(url) as database:
        await migrate(url)
        now = await database.read(journal.database_time)
    clock = SetClock(now - timedelta(days=32))
    async with running_kernel(url, clock=clock) as kernel:
        small = await found_small_area(kernel)
        long_done, done = await small.new_task(), await small.new_task()
        for task, days in ((long_done, 31), (done, 29)):
            clock.set(now - timedelta(days=days))
            await small.accept(FinishTask(task=task))
        clock.set(now)
        today = local_date(small, now)
        stays, gone = await join(small, today), await join(small, today - timedelta(days=1))
        half_an_hour = timedelta(minutes=30)
        return Ending(
            space=small.network,
            valid=await cookie(small, stays, half_an_hour),
            lapsed=await cookie(small, stays, -half_an_hour),
            gone=await cookie(small, gone, half_an_hour),
            long_done=long_done,
            done=done,
        )


def local_date(small: SmallArea, now: datetime) -> date:
    area = small.kernel.peek(small.area)
    assert area is not None
    return rules.local_date(area, now)


async def join(small: SmallArea, access_until: date) -> Id:
    person = JoinPerson(id=new_id(), name="Mit Frist", role="coordination", access_until=access_until)
    request = Request(id=new_id(), space=small.area, command=person, author=SYSTEM)
    assert isinstance(await small.kernel.submit(request), Accepted)
    return person.id


async def cookie(small: SmallArea, person: Id, lifetime: timedelta) -> str:
    sessions = Sessions(small.kernel.database, lifetime=lifetime, secure=False, ended=lambda _: None)
    _, token = await sessions.begin(person, small.area)
    made = sessions.cookie(token)
    return f"{made.key}={made.value}"


@pytest.mark.parametrize("seconds", [DAYS, -DAYS], ids=["ahead", "behind"])
def test_p15_what_ends_at_a_moment_ends_by_the_clock_of_the_database(
    postgres_url: str, tmp_path: Path, seconds: float
) -> None:
    ending = asyncio.run(prepare_endings(postgres_url))
    with wrong(postgres_url, tmp_path, seconds) as serving:

        def may_read(cookie: str) -> bool:
            answer = httpx.get(f"{serving.url}/api/spaces/{ending.space}/snapshot", headers={"Cookie": cookie})
            return answer.status_code == 200

        assert [may_read(one) for one in (ending.valid, ending.lapsed, ending.gone)] == [True, False, False]
        assert httpx.get(f"{serving.url}/api/me", headers={"Cookie": ending.valid}).status_code == 200
        assert httpx.get(f"{serving.url}/api/me", headers={"Cookie": ending.gone}).status_code == 401
        assert told_by_socket(serving, ending.valid, ending.space) == "entries"
        assert told_by_socket(serving, ending.gone, ending.space) == "left"
        asyncio.run(until(lambda: put_away(postgres_url, ending.long_done), 60))
        serving.stop()
    assert not asyncio.run(put_away(postgres_url, ending.done))


def told_by_socket(serving: Serving, cookie: str, space: Id) -> str:
    """What somebody is told who wants a seat."""
    with Raw(serving.port).opened(cookie) as visitor:
        visitor.send(text({"t": "watch", "space": space, "since": 0}))
        while True:
            for message in visitor.messages():
                if message["t"] in ("entries", "left"):
                    return str(message["t"])


async def put_away(url: str, task: Id) -> bool:
    async with opened(url) as database:
        found = await database.read(
            lambda c: c.execute(select(tasks.c.put_away).where(tasks.c.id == task)).scalar_one()
        )
        return bool(found)

"""P12 and P13: a crowd of quiet sockets, each of which is alive; and all of them gone and back at once."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from msgspec import Struct

from server.realtime.limits import MOST_OF_SESSION
from tests.faults.clients import Address, Client
from tests.faults.figures import record, seconds
from tests.faults.history import History
from tests.faults.places import Place, prepare
from tests.faults.raw import create
from tests.faults.scenes import form, process_of
from tests.faults.tabs import Tab, crowd
from tests.support.commands import Serving
from tests.support.waiting import until

SOCKETS = form(300, 5_000)
BOARDS = form(10, 25)
"""One person works on all of them, and a connection has at most 32 seats."""
EACH = 10 * 32 * 1024
"""Bytes of memory for a quiet socket: ten times of what is promised."""
ALIVE_WITHIN = 100.0
BACK_WITHIN = 300.0
"""Seconds; thirty are promised for 5,000."""
WRITES = form(20, 200)
"""Commands of somebody who goes on working while the crowd comes back."""


class Crowd(Struct):
    place: Place
    serving: Serving
    tabs: list[Tab]
    each: int
    """Bytes by which the process grew for each."""


@asynccontextmanager
async def gathered(url: str, history: History) -> AsyncIterator[tuple[Crowd, Client]]:
    """A process with all the sockets, and one person who works."""
    place = await prepare(url, people=-(-SOCKETS // MOST_OF_SESSION) + 1, spaces=BOARDS)
    with process_of(url) as serving:
        assert serving.process is not None
        process = psutil.Process(serving.process.pid)
        address = Address(serving.port, serving.url)
        async with Client("works", place, [address], history, cookie=place.cookies[-1]) as worker:
            before = process.memory_info().rss
            stands = {space: (mirror.seq, mirror.head) for space, mirror in worker.mirrors.items()}
            async with crowd(serving, place.cookies[:-1], stands, SOCKETS) as tabs:
                yield Crowd(place, serving, tabs, (process.memory_info().rss - before) // SOCKETS), worker


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.jsonl")


async def everybody_gets_the_next_entry(here: Crowd, worker: Client) -> None:
    """A task on each board is shown to all who have a seat there."""
    for space in here.place.boards:
        await worker.do(space, create(here.place, "Für alle", space))
    reached = {space: worker.mirrors[space] for space in here.place.boards}
    await until(lambda: all(tab.seq >= reached[tab.space].seq > 0 for tab in here.tabs), ALIVE_WITHIN)


async def test_p12_a_crowd_of_quiet_sockets_is_alive_and_costs_little(sqlite_url: str, history: History) -> None:
    with history:
        async with gathered(sqlite_url, history) as (here, worker):
            assert here.each < EACH
            await asyncio.gather(*(tab.ping() for tab in here.tabs))
            await until(lambda: all(tab.pongs for tab in here.tabs), ALIVE_WITHIN)
            await everybody_gets_the_next_entry(here, worker)
            record("P12 quiet sockets", sockets=SOCKETS, kib_each=round(here.each / 1024, 1))


async def test_p13_all_sockets_dropped_at_once_come_back(sqlite_url: str, history: History) -> None:
    with history:
        async with gathered(sqlite_url, history) as (here, worker):
            await asyncio.to_thread(here.serving.stop, signal.SIGKILL)
            await until(lambda: not any(tab.seated.is_set() for tab in here.tabs), 60)
            await asyncio.to_thread(here.serving.start)
            began = time.monotonic()
            waited = [await works(here, worker) for _ in range(WRITES)]
            await until(lambda: all(tab.seated.is_set() for tab in here.tabs), BACK_WITHIN)
            back = [tab.seated_at - began for tab in here.tabs]
            assert [tab for tab in here.tabs if tab.sent_away is not None] == []
            await everybody_gets_the_next_entry(here, worker)
            answers = {f"answer_{name}": value for name, value in seconds(waited).items()}
            record("P13 reconnect storm", sockets=SOCKETS, **seconds(back), **answers)


async def works(here: Crowd, worker: Client) -> float:
    """How long somebody waits for an answer whose own socket is back."""
    space = next(iter(here.place.boards))
    await worker.seated.wait()
    began = time.monotonic()
    await worker.do(space, create(here.place, "Weiter"))
    return time.monotonic() - began

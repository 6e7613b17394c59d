"""P8 and P9: Redis is not needed for truth. It is stopped, killed, emptied and cut off, under load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis as RedisClient

from tests.faults.clients import Client
from tests.faults.figures import record
from tests.faults.history import lags
from tests.faults.load import writers
from tests.faults.places import prepare
from tests.faults.scenes import Scene, form, scene, serving
from tests.support.commands import Serving
from tests.support.proxy import Proxy, proxied
from tests.support.servers import Redis
from tests.support.waiting import until

LASTS = form(3, 60)
"""Seconds for which Redis is gone or cut off."""
TOLD_WITHIN = 30.0
NORMAL_WITHIN = 50.0
BEHIND_AT_MOST = 25.0
"""Seconds; each bound is ten times what is promised."""
EVERY = 0.05
"""Seconds between two commands of a client."""


@asynccontextmanager
async def busy(here: Scene) -> AsyncIterator[None]:
    """As long as it is open those at the first process write, and nobody else: a process that writes itself learns with
    each batch what the others wrote."""
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for writer in writers(at(here, here.processes[0]))[0]:
            group.create_task(writer.until(over, every=EVERY))
        try:
            yield
        finally:
            over.set()


async def told(clients: Iterable[Client], relay: str, at_most: float) -> float:
    """Waits until all of them are told that messages come in time, or late; answers with the seconds it took."""
    listening = list(clients)
    return await until(lambda: all(c.state.relay == relay for c in listening), at_most, f"told {relay}")


def at(here: Scene, process: Serving) -> list[Client]:
    return [client for client in here.clients if client.address.port == process.port]


def names(clients: Iterable[Client]) -> set[str]:
    return {client.name for client in clients}


def behind(here: Scene, since: float) -> dict[str, float]:
    """How far those at the first process, where all is written, and those at the other were behind at most."""
    writing, reading = (names(at(here, process)) for process in here.processes)
    own, across = (lags(here.events, writing, readers, since) for readers in (writing, reading))
    return {"own_behind_s": round(max(own), 2), "other_behind_s": round(max(across), 2)}


async def emptied(server: Redis) -> None:
    async with RedisClient.from_url(server.url) as client:
        await client.flushall()


@pytest.mark.parametrize("end", [Redis.stop, Redis.kill], ids=["stopped", "killed"])
async def test_p8_ord4_without_redis_nothing_is_lost_and_the_sweep_brings_what_is_new(
    postgres_url: str, tmp_path: Path, end: Callable[[Redis], None]
) -> None:
    """P8: Redis is not needed for truth: the own process is told at once, the other <= 2.5 s later by the sweep."""
    place = await prepare(postgres_url)
    with Redis() as server:
        async with (
            serving(postgres_url, 2, KORRIDOR_REDIS_URL=server.url) as running,
            scene(place, running, tmp_path) as here,
        ):
            await told(here.clients, "ok", TOLD_WITHIN)
            async with busy(here):
                await asyncio.to_thread(end, server)
                gone = here.history.now()
                late = await told(here.clients, "late", TOLD_WITHIN)
                await asyncio.sleep(LASTS)
                far = behind(here, gone)
                await asyncio.to_thread(server.start)
                await emptied(server)
                normal = await told(here.clients, "ok", NORMAL_WITHIN)
            await here.holds()
            assert far["other_behind_s"] < BEHIND_AT_MOST
            name = f"P8 Redis {'killed' if end is Redis.kill else 'stopped'}, started again and emptied"
            record(name, gone_s=LASTS, gaps=0, told_after_s=round(late, 2), normal_after_s=round(normal, 2), **far)


CUTS: dict[str, Callable[[Proxy], None]] = {
    "both ways": Proxy.black_hole,
    "to Redis": lambda proxy: proxy.to_server.hold(),
    "from Redis": lambda proxy: proxy.to_client.hold(),
}


@pytest.mark.parametrize("way", CUTS)
async def test_p9_ord4_cut_off_from_redis_a_process_says_so_and_misses_nothing(
    postgres_url: str, tmp_path: Path, way: str
) -> None:
    """P9: a partition between a process and Redis heals: 0 missed, and its people are told that updates are late."""
    place = await prepare(postgres_url)
    async with AsyncExitStack() as stack:
        server = stack.enter_context(Redis())
        proxy = await stack.enter_async_context(proxied("127.0.0.1", server.port))
        behind_proxy = f"redis://127.0.0.1:{proxy.port}/0"
        running = [
            *await stack.enter_async_context(serving(postgres_url, 1, KORRIDOR_REDIS_URL=server.url)),
            *await stack.enter_async_context(serving(postgres_url, 1, KORRIDOR_REDIS_URL=behind_proxy)),
        ]
        here = await stack.enter_async_context(scene(place, running, tmp_path))
        cut_off = at(here, running[1])
        await told(here.clients, "ok", TOLD_WITHIN)
        async with busy(here):
            CUTS[way](proxy)
            since = here.history.now()
            late = await told(cut_off, "late", TOLD_WITHIN)
            await asyncio.sleep(LASTS)
            far = behind(here, since)
            proxy.heal()
            normal = await told(cut_off, "ok", NORMAL_WITHIN)
        await here.holds()
        assert far["other_behind_s"] < BEHIND_AT_MOST
        figures = {"told_after_s": round(late, 2), "normal_after_s": round(normal, 2), **far}
        record(f"P9 cut off from Redis, {way}", cut_s=LASTS, missed=0, **figures)

"""The relay over a real Redis or Valkey: what is said arrives elsewhere, and when it cannot, that is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from redis.asyncio import Redis as Client

from server.core.redis_relay import CHANNEL, RedisRelay
from tests.support.proxy import proxied
from tests.support.servers import Redis, free_port


class Station:
    """A process's end of the relay: what it has heard, and whether it hears at all."""

    def __init__(self, url: str) -> None:
        self.relay = RedisRelay(url)
        self.heard: list[tuple[str, bytes]] = []
        self.reachable: list[bool] = []
        self._news = asyncio.Event()
        self.relay.listen("news", self._hear, self)
        self.relay.on_state(self._change)

    def say(self, key: str, message: bytes) -> None:
        self.relay.publish("news", key, message, self)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not true():
                self._news.clear()
                await self._news.wait()

    def _hear(self, key: str, message: bytes) -> None:
        self.heard.append((key, message))
        self._news.set()

    def _change(self, reachable: bool) -> None:
        self.reachable.append(reachable)
        self._news.set()


@asynccontextmanager
async def stations(*urls: str) -> AsyncIterator[list[Station]]:
    """Connected stations that hear one another."""
    async with AsyncExitStack() as stack:
        found = [Station(url) for url in urls]
        for station in found:
            await stack.enter_async_context(station.relay.connected())
        for station in found:
            await _until_it_is_heard(station, found)
        yield found


async def _until_it_is_heard(speaker: Station, found: list[Station]) -> None:
    """What is said before somebody listens is lost: says it again until everybody has heard it."""
    others = [station for station in found if station is not speaker]
    async with asyncio.timeout(30):
        while any(("hello", b"") not in station.heard for station in others):
            speaker.say("hello", b"")
            await asyncio.sleep(0.02)
    for station in others:
        await station.until(lambda station=station: ("hello", b"") in station.heard)  # type: ignore[misc]


async def test_what_one_process_says_every_other_hears_and_itself_does_not(redis_url: str) -> None:
    async with stations(redis_url, redis_url, redis_url) as (one, two, three):
        one.say("space", b"7")
        for other in (two, three):
            await other.until(lambda other=other: ("space", b"7") in other.heard)  # type: ignore[misc]
        assert ("space", b"7") not in one.heard


async def test_of_what_waits_only_the_last_of_each_key_is_sent(redis_url: str) -> None:
    async with stations(redis_url, redis_url) as (one, two):
        for number in range(1000):
            one.say("busy", str(number).encode())
        await two.until(lambda: ("busy", b"999") in two.heard)
        assert sum(key == "busy" for key, _ in two.heard) == 1


async def test_a_strangers_message_on_the_channel_disturbs_nobody(redis_url: str) -> None:
    async with stations(redis_url, redis_url) as (one, two):
        async with Client.from_url(redis_url) as stranger:
            await stranger.publish(CHANNEL, b"\xc1 nothing of ours")
        one.say("space", b"8")
        await two.until(lambda: ("space", b"8") in two.heard)


async def test_a_server_that_is_killed_is_noticed_and_found_again_when_it_is_back() -> None:
    with Redis() as server:
        async with stations(server.url, server.url) as (one, two):
            await asyncio.to_thread(server.kill)
            for station in (one, two):
                await station.until(lambda station=station: station.reachable == [False])  # type: ignore[misc]
            one.say("meanwhile", b"")
            await asyncio.to_thread(server.start)
            for station in (one, two):
                await station.until(lambda station=station: station.reachable == [False, True])  # type: ignore[misc]
            await _until_it_is_heard(one, [one, two])


async def test_a_server_that_swallows_everything_is_noticed_too(redis_server: Redis) -> None:
    async with (
        proxied("127.0.0.1", redis_server.port) as proxy,
        stations(f"redis://127.0.0.1:{proxy.port}", redis_server.url) as (cut_off, other),
    ):
        proxy.black_hole()
        await cut_off.until(lambda: cut_off.reachable == [False])
        assert other.reachable == []
        proxy.heal()
        await cut_off.until(lambda: cut_off.reachable == [False, True])


async def test_who_asks_late_learns_at_once_that_nothing_arrives() -> None:
    nobody = Station(f"redis://127.0.0.1:{free_port()}")
    async with nobody.relay.connected():
        await nobody.until(lambda: nobody.reachable == [False])
        told: list[bool] = []
        nobody.relay.on_state(told.append)
    assert told == [False]

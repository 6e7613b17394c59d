"""Two processes over one database: the same space in both, and who is there, as long as Redis carries it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from server.core.redis_relay import RedisRelay
from server.realtime.socket import SocketProtocol
from tests.support.servers import Redis

from .conftest import Client, House, open_house

THERE = {"task": None, "writing": False}


@asynccontextmanager
async def two_houses(database_url: str, redis_url: str) -> AsyncIterator[tuple[House, House]]:
    async with AsyncExitStack() as stack:
        houses: list[House] = []
        for beside in (None, 0):
            relay = RedisRelay(redis_url)
            neighbour = None if beside is None else houses[0]
            opening = open_house(database_url, SocketProtocol, relay=relay, beside=neighbour)
            house = await stack.enter_async_context(opening)
            relay.on_state(lambda reachable, hub=house.hub: hub.set_state(relay="ok" if reachable else "late"))  # type: ignore[misc]
            houses.append(house)
        yield houses[0], houses[1]


@pytest.fixture
async def houses(postgres_url: str, redis_url: str) -> AsyncIterator[tuple[House, House]]:
    async with two_houses(postgres_url, redis_url) as houses:
        yield houses


async def told(client: Client, *people: str) -> None:
    """Waits until the client is told that just these are there."""
    while sorted(one["person"] for one in (await client.until_hearing("presence"))["people"]) != sorted(people):
        pass


async def watching(house: House, person: str) -> Client:
    client = await house.client(person)
    await client.watch(house.network)
    return client


async def say_here(client: Client, house: House, where: dict[str, Any] | None = THERE) -> None:
    await client.say({"t": "presence", "space": house.network, "where": where})


async def test_an_entry_of_one_process_is_shown_in_the_other(houses: tuple[House, House]) -> None:
    one, other = houses
    client = await watching(other, other.member)
    await one.task("von nebenan")
    entries = (await client.until_hearing("entries"))["entries"]
    assert [entry["verb"] for entry in entries] == ["task.create"]


async def test_who_is_in_one_process_is_seen_in_the_other_until_they_leave(houses: tuple[House, House]) -> None:
    one, other = houses
    here, there = await watching(one, one.coordinator), await watching(other, other.member)
    await say_here(here, one)
    await told(there, one.coordinator)
    await say_here(there, other)
    await told(here, one.coordinator, one.member)
    await here.socket.close()
    await told(there, other.member)


async def test_who_comes_later_to_another_process_learns_who_is_there(houses: tuple[House, House]) -> None:
    one, other = houses
    here = await watching(one, one.coordinator)
    await say_here(here, one)
    await told(here, one.coordinator)
    late = await watching(other, other.member)
    await told(late, one.coordinator)


async def test_without_redis_only_the_own_process_is_shown_and_clients_are_told_so(postgres_url: str) -> None:
    with Redis() as server:
        async with two_houses(postgres_url, server.url) as (one, other):
            here, there = await watching(one, one.coordinator), await watching(other, other.member)
            await say_here(here, one)
            await told(there, one.coordinator)
            server.kill()
            assert (await there.until_hearing("state"))["relay"] == "late"
            await told(there)
            await one.task("trotzdem")
            entries = (await there.until_hearing("entries"))["entries"]
            assert [entry["verb"] for entry in entries] == ["task.create"], "the sweep brings it"
            server.start()
            assert (await there.until_hearing("state"))["relay"] == "ok"
            await told(there, one.coordinator)

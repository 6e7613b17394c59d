"""Erasure on screens: who holds a name begins anew, in every process, and nothing that was kept says it again."""

from __future__ import annotations

from shared_schema.people import EditPerson

from .conftest import House
from .test_processes import houses as houses  # two processes over one PostgreSQL, as a fixture

NAME = "Winkelmoser"


async def name_the_member(house: House) -> None:
    await house.small.accept(EditPerson(person=house.member, name=NAME), space=house.area)
    await house.kernel.followed()


async def test_jnl5_every_seat_begins_anew_in_every_process(houses: tuple[House, House]) -> None:
    one, other = houses
    await name_the_member(one)
    here, there = await one.client(one.coordinator), await other.client(other.coordinator)
    for client in (here, there):
        await client.watch(one.network)
    async with other.http(other.coordinator) as browser:
        seq = (await browser.get(f"/{one.network}/snapshot")).json()["seq"]
        assert NAME in (await browser.get(f"/{one.network}/snapshot", params={"at": seq})).text
        await one.small.erase(one.member)
        for client in (here, there):
            await client.until_hearing("behind")
        for query in ({}, {"at": seq}):
            assert NAME not in (await browser.get(f"/{one.network}/snapshot", params=query)).text


async def test_who_was_away_meanwhile_begins_anew_too(house: House) -> None:
    await name_the_member(house)
    seq, head = await house.stands()
    await house.small.erase(house.member)
    await house.task("danach")
    client = await house.client(house.coordinator)
    assert (await client.watch(house.network, seq, head))["t"] == "behind"
    async with house.http(house.coordinator) as browser:
        answer = await browser.get(f"/{house.network}/entries", params={"after": seq, "head": head})
        assert answer.status_code == 410
    seq, head = await house.stands()
    assert (await client.watch(house.network, seq, head))["t"] == "entries"


async def test_who_is_erased_leaves_at_once(house: House) -> None:
    client = await house.client(house.member)
    await client.watch(house.network)
    await house.small.erase(house.member)
    assert (await client.until_hearing("left"))["reason"] == "no_access"

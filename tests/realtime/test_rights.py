"""Who loses a right gets nothing more: the seat goes before anything of the same batch is shown."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

from server.core.commands import Request
from server.core.ids import derived_id, new_id
from server.core.moments import SetClock
from server.realtime.watching import ASK_AGAIN
from shared_schema.base import Author
from shared_schema.board import CreateTask
from shared_schema.journal import AnyCommand
from shared_schema.people import ChangeParticipant, EditPerson, JoinPerson, Participant, RemoveParticipant

from .conftest import Client, House


async def participant(house: House, person: str) -> Participant:
    space = await house.kernel.space(house.network)
    assert space is not None
    (found,) = space.where(Participant, person=person)
    return found


async def numbers(client: Client) -> list[int]:
    """The numbers of all entries that a client got."""
    await client.settle()
    said = [json.loads(frame) for frame in client.frames]
    messages = [message for frame in said for message in (frame if isinstance(frame, list) else [frame])]
    return [entry["seq"] for message in messages for entry in message.get("entries", ())]


async def test_seat4_who_is_removed_gets_left_and_nothing_after_it(any_house: House) -> None:
    guest, other = await any_house.client(any_house.guest), await any_house.client()
    await guest.watch(any_house.network)
    await other.watch(any_house.network)
    part = await participant(any_house, any_house.guest)
    before, _ = await any_house.stands()
    await any_house.small.accept(RemoveParticipant(participant=part.id, person=any_house.guest))
    await any_house.task("danach")
    assert await other.upto(before + 2) == [before + 1, before + 2]
    assert await guest.hear("left") == {"t": "left", "space": any_house.network, "reason": "no_access"}
    assert await numbers(guest) == []
    assert (await guest.watch(any_house.network))["t"] == "left"


async def test_a_removal_and_what_follows_it_in_one_batch(house: House) -> None:
    """The committer takes all that waits in one transaction: what comes after the removal is in the same showing."""
    guest, other = await house.client(house.guest), await house.client()
    await guest.watch(house.network)
    await other.watch(house.network)
    part, column = await participant(house, house.guest), await house.column()
    by = Author(kind="person", id=house.coordinator)
    commands: list[AnyCommand] = [
        CreateTask(id=new_id(), column=column, title="Kanarienvogel 1"),
        RemoveParticipant(participant=part.id, person=house.guest),
        CreateTask(id=new_id(), column=column, title="Kanarienvogel 2"),
    ]
    requests = [Request(id=new_id(), space=house.network, command=command, author=by) for command in commands]
    await asyncio.gather(*(house.kernel.submit(request) for request in requests))
    await other.upto((await house.stands())[0])
    assert (await guest.hear("left"))["reason"] == "no_access"
    assert await numbers(guest) == []
    assert len(await numbers(other)) == 3


async def test_another_role_begins_anew_and_decides_from_then_on(any_house: House) -> None:
    guest = await any_house.client(any_house.guest)
    await guest.watch(any_house.network)
    part = await participant(any_house, any_house.guest)
    change = ChangeParticipant(participant=part.id, person=any_house.guest, role="moderator")
    await any_house.small.accept(change)
    assert (await guest.hear("behind"))["space"] == any_house.network
    await guest.watch(any_house.network, *await any_house.stands())
    await any_house.task("nur Moderation", visibility="moderators")
    (entry,) = (await guest.hear("entries"))["entries"]
    assert entry["changes"][0]["entity"]["title"] == "nur Moderation"


async def test_a_change_in_the_area_concerns_every_space_of_it(any_house: House) -> None:
    """The neighbour reads the network as a member of the area only."""
    neighbour = await any_house.client(any_house.neighbour)
    await neighbour.watch(any_house.network)
    await neighbour.watch(any_house.area)
    administrator = EditPerson(person=any_house.neighbour, role="administrator")
    await any_house.small.accept(administrator, space=any_house.area)
    left = {(await neighbour.hear("left"))["space"], (await neighbour.hear("left"))["space"]}
    assert left == {any_house.network, any_house.area}


async def test_a_change_in_the_area_is_noticed_though_nobody_watches_the_area(house: House) -> None:
    neighbour = await house.client(house.neighbour)
    await neighbour.watch(house.network)
    await house.small.accept(EditPerson(person=house.neighbour, role="administrator"), space=house.area)
    assert (await neighbour.hear("left"))["space"] == house.network


async def test_a_change_that_takes_nothing_leaves_the_seats_alone(any_house: House) -> None:
    member = await any_house.client()
    await member.watch(any_house.network)
    await any_house.small.accept(EditPerson(person=any_house.member, name="Josefine"), space=any_house.area)
    await any_house.kernel.followed()
    (entry,) = (await member.hear("entries"))["entries"]
    assert entry["verb"] == "participant.follow"


async def test_a_right_that_ends_with_the_calendar_ends_without_an_entry(house: House) -> None:
    visitor = derived_id("visitor")
    ends = (datetime.now(UTC) + timedelta(days=1)).date()
    join = JoinPerson(id=visitor, name="Vera", role="reader", access_until=ends)
    await house.small.accept(join, space=house.area)
    client = await house.client(visitor)
    assert (await client.watch(house.network))["t"] == "entries"
    house.kernel.clock = SetClock(datetime.now(UTC) + timedelta(days=3))
    house.clock.ahead = ASK_AGAIN
    await client.settle()
    house.hub.sweep(house.clock())
    assert (await client.hear("left"))["reason"] == "no_access"

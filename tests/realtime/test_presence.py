"""Who is here, and where: several tabs are one person, and a hidden task is no place."""

from __future__ import annotations

from typing import Any

from server.core.ids import new_id
from server.core.space import Space
from server.realtime.presence import APART, BYTES_PER_SECOND, Presence, pause
from shared_schema.base import MODERATORS, SPACE, Viewer, Visibility
from shared_schema.board import ShowTask, Task
from shared_schema.frames import PresentPerson, Where

from .conftest import Client, House

OPEN, HIDDEN = "0198c0de-0000-7000-8000-0000000000a1", "0198c0de-0000-7000-8000-0000000000a2"


def space() -> Space:
    found = Space("s", "network", "a")
    for id, to in ((OPEN, SPACE), (HIDDEN, MODERATORS)):
        found.load([Task(id=id, to=to, column="c", place="a", title="x", created_at=found.at, created_by="p")])
    return found


def here(presence: Presence, viewer: Viewer = Viewer.MEMBER) -> dict[str, Where | None]:
    return {present.person: present.where for present in presence.people(space(), viewer)}


def test_everybody_who_said_so_is_here_until_they_leave() -> None:
    presence = Presence()
    assert presence.say("tab 1", "anna", Where())
    assert presence.say("tab 2", "ben", Where(task=OPEN))
    assert here(presence) == {"anna": Where(), "ben": Where(task=OPEN)}
    assert presence.say("tab 1", "anna", None)
    assert here(presence) == {"ben": Where(task=OPEN)}


def test_saying_the_same_again_is_no_news() -> None:
    presence = Presence()
    presence.say("tab", "anna", Where())
    assert not presence.say("tab", "anna", Where())
    assert not presence.say("another", "ben", None)


def test_of_several_tabs_counts_where_most_is_happening() -> None:
    presence = Presence()
    presence.say("tab 1", "anna", Where(task=OPEN, writing=True))
    presence.say("tab 2", "anna", Where())
    assert here(presence) == {"anna": Where(task=OPEN, writing=True)}
    presence.say("tab 1", "anna", None)
    assert here(presence) == {"anna": Where()}


def test_on_a_hidden_task_one_is_only_here() -> None:
    presence = Presence()
    presence.say("tab", "anna", Where(task=HIDDEN, writing=True))
    assert here(presence, Viewer.MODERATOR) == {"anna": Where(task=HIDDEN, writing=True)}
    assert here(presence, Viewer.MEMBER) == {"anna": Where()}
    presence.say("tab", "anna", Where(task=new_id()))
    assert here(presence, Viewer.MODERATOR) == {"anna": Where()}


def test_a_public_screen_shows_no_people() -> None:
    presence = Presence()
    presence.say("tab", "anna", Where())
    assert presence.people(space(), Viewer.SCREEN) == ()
    assert presence.people(space(), Viewer.READER) == (PresentPerson(person="anna", where=Where()),)


def test_a_full_hall_is_told_less_often() -> None:
    assert pause(1_000) == APART
    assert pause(10 * BYTES_PER_SECOND) == 10


# --- over the wire ---------------------------------------------------------------------------------------------------


async def told(client: Client, **people: Any) -> None:
    """Waits until the client is told just this."""
    wanted = sorted(people.items())
    while True:
        message = await client.hear("presence")
        if sorted((present["person"], present["where"]) for present in message["people"]) == wanted:
            return


async def test_presence_reaches_everybody_who_watches_and_ends_with_the_connection(any_house: House) -> None:
    member, other = await any_house.client(), await any_house.client(any_house.coordinator)
    await member.watch(any_house.network)
    await other.watch(any_house.network)
    await member.say({"t": "presence", "space": any_house.network, "where": {"writing": True}})
    await told(other, **{any_house.member: {"task": None, "writing": True}})
    await told(member, **{any_house.member: {"task": None, "writing": True}})
    await member.socket.close()
    await told(other)


async def test_who_comes_later_learns_who_is_here(any_house: House) -> None:
    member = await any_house.client()
    await member.watch(any_house.network)
    await member.say({"t": "presence", "space": any_house.network, "where": {}})
    await told(member, **{any_house.member: {"task": None, "writing": False}})
    late = await any_house.client(any_house.guest)
    await late.watch(any_house.network)
    await told(late, **{any_house.member: {"task": None, "writing": False}})


async def test_leaving_the_board_or_the_seat_is_leaving(any_house: House) -> None:
    member, other = await any_house.client(), await any_house.client(any_house.coordinator)
    here = {any_house.member: {"task": None, "writing": False}}
    for leaving in (
        {"t": "presence", "space": any_house.network},
        {"t": "unwatch", "space": any_house.network},
    ):
        await member.watch(any_house.network)
        await other.watch(any_house.network)
        await member.say({"t": "presence", "space": any_house.network, "where": {}})
        await told(other, **here)
        await member.say(leaving)
        await told(other)


async def test_a_hidden_task_is_in_no_frame_of_those_who_may_not_see_it(any_house: House) -> None:
    moderator, guest = await any_house.client(any_house.coordinator), await any_house.client(any_house.guest)
    secret = await any_house.task("geheim", visibility=Visibility.MODERATORS)
    await moderator.watch(any_house.network)
    await guest.watch(any_house.network)
    await moderator.say({"t": "presence", "space": any_house.network, "where": {"task": secret, "writing": True}})
    await told(guest, **{any_house.coordinator: {"task": None, "writing": False}})
    await told(moderator, **{any_house.coordinator: {"task": secret, "writing": True}})
    assert secret not in "".join(guest.frames)


async def test_a_task_that_is_hidden_while_somebody_is_on_it_ceases_to_be_a_place(any_house: House) -> None:
    moderator, guest = await any_house.client(any_house.coordinator), await any_house.client(any_house.guest)
    task = await any_house.task("bald geheim")
    await moderator.watch(any_house.network)
    await guest.watch(any_house.network)
    await moderator.say({"t": "presence", "space": any_house.network, "where": {"task": task}})
    await told(guest, **{any_house.coordinator: {"task": task, "writing": False}})
    await any_house.small.accept(ShowTask(task=task, visibility=Visibility.MODERATORS))
    while (message := await guest.next())["t"] != "presence":
        pass
    assert message["people"] == [{"person": any_house.coordinator, "where": {"task": None, "writing": False}}]


async def test_presence_survives_beginning_anew(any_house: House) -> None:
    member, other = await any_house.client(), await any_house.client(any_house.coordinator)
    await member.watch(any_house.network)
    await other.watch(any_house.network)
    await member.say({"t": "presence", "space": any_house.network, "where": {}})
    await told(other, **{any_house.member: {"task": None, "writing": False}})
    any_house.hub.rooms.begin_anew(any_house.network)
    await member.hear("behind")
    await other.hear("behind")
    await other.watch(any_house.network, *await any_house.stands())
    await told(other, **{any_house.member: {"task": None, "writing": False}})

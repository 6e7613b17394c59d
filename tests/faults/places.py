"""Where the clients write, who they are, and what stands there in the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct
from sqlalchemy import Connection, select

from server.core.database import open_database
from server.core.ids import new_id
from server.core.tables import journal
from server.core.verify import Difference, verify_database
from server.people.sessions import Sessions
from shared_schema.base import Id
from shared_schema.board import Column
from shared_schema.people import AddParticipant, FoundSpace, JoinPerson
from tests.faults.checker import Journal
from tests.support.areas import SmallArea, found_small_area, running_kernel


class Place(Struct):
    """Boards to write on (a column of each), and the cookies of people who may."""

    url: str
    boards: dict[Id, Id]
    cookies: list[str]


async def prepare(url: str, *, people: int = 8, spaces: int = 2) -> Place:
    """Networks with a column each, and people who are signed in and members of all of them."""
    async with running_kernel(url) as kernel:
        small = await found_small_area(kernel)
        networks = [small.network, *[await _network(small) for _ in range(spaces - 1)]]
        cookies = [await _member(small, networks, number) for number in range(people)]
        await kernel.followed()
        boards: dict[Id, Id] = {}
        for id in networks:
            space = await kernel.space(id)
            assert space is not None
            boards[id] = min(space.all(Column), key=lambda column: column.place).id
        return Place(url, boards, cookies)


async def _network(small: SmallArea) -> Id:
    other = FoundSpace(id=new_id(), space_kind="network", name="Energie", moderator=small.coordinator)
    await small.accept(other, space=small.area)
    return other.id


async def _member(small: SmallArea, networks: Sequence[Id], number: int) -> str:
    """The cookie of somebody new."""
    person = new_id()
    await small.accept(JoinPerson(id=person, name=f"Person {number}", role="member"), space=small.area)
    for network in networks:
        await small.accept(AddParticipant(person=person, role="member"), space=network)
    sessions = Sessions(small.kernel.database, lifetime=timedelta(days=1), secure=False, ended=lambda _: None)
    _, token = await sessions.begin(person, small.area)
    cookie = sessions.cookie(token)
    return f"{cookie.key}={cookie.value}"


class Stored(Struct, frozen=True):
    """What the database holds: the journals, and what `korridor verify` finds wrong with them."""

    journals: dict[Id, Journal]
    altered: list[tuple[Id, str]]


async def stored(place: Place) -> Stored:
    """Reads everything in one transaction."""
    database = open_database(place.url)
    try:
        return await database.read(_stored, place)
    finally:
        await database.close()


def _stored(connection: Connection, place: Place) -> Stored:
    rows = select(journal.c.seq, journal.c.command).order_by(journal.c.seq)
    journals: dict[Id, Journal] = {
        space: [(row.seq, row.command) for row in connection.execute(rows.where(journal.c.space == space))]
        for space in place.boards
    }
    differences = [one for one in verify_database(connection) if isinstance(one, Difference)]
    return Stored(journals, [(one.space, str(one)) for one in differences])

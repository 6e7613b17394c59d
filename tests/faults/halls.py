"""A database made ready for many people at once: boards to write on, and sessions with which to come."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from server.core.commands import Request
from server.core.ids import new_id
from server.people.sessions import Sessions
from shared_schema.base import SYSTEM, Id
from shared_schema.board import Column
from shared_schema.frames import Accepted
from shared_schema.people import FoundSpace, JoinPerson
from tests.support.areas import SmallArea, found_small_area, running_kernel


class Person(Struct, frozen=True):
    """Somebody with a session: `cookie` is the header that a browser sends."""

    id: Id
    cookie: str


class Hall(Struct):
    """An area whose people may write on every board; `boards` are the spaces, each with its first column."""

    area: Id
    boards: dict[Id, Id]
    people: list[Person]

    @property
    def board(self) -> Id:
        """The first board."""
        return next(iter(self.boards))

    def create(self, title: str, board: Id | None = None) -> dict[str, str]:
        """A command that puts a task on a board, on the first one unless it says otherwise."""
        column = self.boards[board or self.board]
        return {"verb": "task.create", "id": new_id(), "column": column, "title": title}


async def prepare_hall(url: str, *, people: int = 2, boards: int = 1) -> Hall:
    """Founds the hall in a database that no server has open."""
    async with running_kernel(url) as kernel:
        small = await found_small_area(kernel)
        spaces = [small.network, *[await _found(small, f"Netzwerk {number}") for number in range(1, boards)]]
        await kernel.followed()
        sessions = Sessions(kernel.database, lifetime=timedelta(days=1), secure=False, ended=lambda _: None)
        ids = [small.coordinator, *[await _join(small, f"Gast {number}") for number in range(1, people)]]
        return Hall(
            small.area,
            {space: await _first_column(small, space) for space in spaces},
            [Person(id, await _cookie(sessions, small, id)) for id in ids],
        )


async def _found(small: SmallArea, name: str) -> Id:
    space = FoundSpace(id=new_id(), space_kind="network", name=name, template="network", moderator=small.coordinator)
    await small.accept(space, space=small.area)
    return space.id


async def _join(small: SmallArea, name: str) -> Id:
    join = JoinPerson(id=new_id(), name=name, role="coordination")
    answer = await small.kernel.submit(Request(id=new_id(), space=small.area, command=join, author=SYSTEM))
    assert isinstance(answer, Accepted), answer
    return join.id


async def _first_column(small: SmallArea, id: Id) -> Id:
    space = await small.kernel.space(id)
    assert space is not None
    return min(space.all(Column), key=lambda column: column.place).id


async def _cookie(sessions: Sessions, small: SmallArea, person: Id) -> str:
    _, token = await sessions.begin(person, small.area)
    cookie = sessions.cookie(token)
    return f"{cookie.key}={cookie.value}"

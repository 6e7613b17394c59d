"""The ground for many at once: a great number of spaces, each with ten members and their tasks."""

from __future__ import annotations

from msgspec import Struct

from bench.data import Board, Maker
from shared_schema.base import Id
from tests.support.areas import running_kernel

EACH = 5
"""Sockets of one person, each in a space of its own: a session may have no more than eight."""
MEMBERS = 10
"""Members of a space, each with a socket there."""
TASKS = 100


class Crowd(Struct, frozen=True):
    """Person `p` has a socket in each of five spaces from `5 p` on; all spaces are used equally."""

    people: tuple[Id, ...]
    boards: tuple[Board, ...]

    def person(self, socket: int) -> int:
        """Whose socket this is."""
        return socket // EACH

    def board(self, socket: int) -> Board:
        """Where it watches."""
        return self.boards[socket % len(self.boards)]


async def make_crowd(database_url: str, sockets: int) -> Crowd:
    """Founds the spaces with everybody who will have a socket there as a member."""
    spaces = sockets // MEMBERS
    async with running_kernel(database_url) as kernel:
        maker = Maker(kernel)
        people = await maker.found_area(sockets // EACH)
        members: list[list[Id]] = [[] for _ in range(spaces)]
        for number in range(sockets):
            members[number % spaces].append(people[number // EACH])
        boards = [
            await maker.found_board(f"Netzwerk {number}", people[0], several, TASKS)
            for number, several in enumerate(members)
        ]
        await kernel.followed()
    return Crowd(tuple(people), tuple(boards))

"""What the figures are measured on: an area of our own, written by real commands through a kernel.

A hall is a network in which everybody is a member; in addition there are small networks with two members each who
write, and two boards of which only the size matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import islice

from msgspec import Struct

from server.core.commands import Request
from server.core.ids import new_id
from server.core.kernel import Kernel
from shared_schema.base import SYSTEM, Author, Id
from shared_schema.board import Column, CreateTask
from shared_schema.corridor import SetGoal
from shared_schema.frames import Refused
from shared_schema.journal import AnyCommand
from shared_schema.people import AddParticipant, FoundArea, FoundSpace, JoinPerson
from tests.support.areas import running_kernel

PEOPLE = 200
WRITERS = 20
TASKS_OF_HALL, TASKS_OF_NETWORK = 200, 50
AT_ONCE = 250
"""Commands handed to the kernel together: about one batch."""
TITLES = (
    "Mitfahrbank am Bahnhof aufstellen und beschildern",
    "Angebot für die Ladesäule am Rathaus einholen",
    "Termin mit dem Forstamt vereinbaren",
    "Förderantrag bis zum Monatsende vervollständigen",
    "Einladung zur Bürgerwerkstatt entwerfen",
    "Rückmeldungen der Vereine zusammenfassen",
)


class Board(Struct, frozen=True):
    """A space with its open columns, and its tasks by number."""

    space: Id
    columns: tuple[Id, ...]
    tasks: tuple[Id, ...]


class Ground(Struct, frozen=True):
    """The area that was made. All people are members of the hall; `people[i]` and `people[i + WRITERS]` write in
    `networks[i]`."""

    area: Id
    people: tuple[Id, ...]
    hall: Board
    networks: tuple[Board, ...]
    sized: dict[int, Board]


class Maker:
    """Sends the commands that make the ground; a refused one is a mistake of ours."""

    def __init__(self, kernel: Kernel, area: Id | None = None, goals: Sequence[Id] = ()) -> None:
        self.kernel = kernel
        self.area = area or new_id()
        self.goals = goals or [new_id() for _ in range(7)]

    async def send(self, space: Id, commands: Iterable[AnyCommand], by: Id | None = None) -> None:
        author = SYSTEM if by is None else Author(kind="person", id=by)
        waiting = iter(commands)
        while several := list(islice(waiting, AT_ONCE)):
            requests = [Request(id=new_id(), space=space, command=one, author=author) for one in several]
            for answer in await _together(self.kernel, requests):
                if isinstance(answer, Refused):
                    raise RuntimeError(f"{answer.reason} while the ground was made")

    async def found_area(self, size: int = PEOPLE) -> list[Id]:
        """Founds the area; answers its people, the first of whom coordinates."""
        people = [new_id() for _ in range(size)]
        await self.send(self.area, [FoundArea(name="Messfeld")])
        joining = [
            JoinPerson(id=id, name=f"Person {number}", role="member" if number else "coordination")
            for number, id in enumerate(people)
        ]
        goals = [SetGoal(id=id, number=number + 1, title=f"Ziel {number + 1}") for number, id in enumerate(self.goals)]
        await self.send(self.area, [*joining, *goals])
        return people

    async def found_board(self, name: str, moderator: Id, members: Sequence[Id], tasks: int) -> Board:
        """Founds a network with these members and so many open tasks, each with an owner and a goal."""
        id = new_id()
        network = FoundSpace(id=id, space_kind="network", name=name, moderator=moderator)
        await self.send(self.area, [network])
        await self.send(id, [AddParticipant(person=one, role="member") for one in members if one != moderator])
        space = await self.kernel.space(id)
        assert space is not None
        columns = sorted((one for one in space.all(Column) if not one.done), key=lambda one: one.place)
        ids = [new_id() for _ in range(tasks)]
        owners = (moderator, *members)
        creating = [
            CreateTask(
                id=task,
                column=columns[number % len(columns)].id,
                title=f"{TITLES[number % len(TITLES)]} ({number})",
                due=date(2027, 1, 1) + timedelta(days=number % 90),
                owner=owners[number % len(owners)],
                goals=(self.goals[number % len(self.goals)],),
            )
            for number, task in enumerate(ids)
        ]
        await self.send(id, creating, by=moderator)
        return Board(id, tuple(one.id for one in columns), tuple(ids))


async def make_ground(database_url: str, sizes: Sequence[int] = ()) -> Ground:
    """Makes the ground in a new database; `sizes` asks for boards of so many tasks beside it."""
    async with running_kernel(database_url) as kernel:
        maker = Maker(kernel)
        people = await maker.found_area()
        chief = people[0]
        hall = await maker.found_board("Halle", chief, people, TASKS_OF_HALL)
        networks = [
            await maker.found_board(
                f"Netzwerk {number}", chief, [people[number], people[number + WRITERS]], TASKS_OF_NETWORK
            )
            for number in range(WRITERS)
        ]
        sized = {size: await maker.found_board(f"{size} Aufgaben", chief, people[:20], size) for size in sizes}
        await kernel.followed()
    return Ground(maker.area, tuple(people), hall, tuple(networks), sized)


async def _together(kernel: Kernel, requests: Sequence[Request]) -> list[object]:
    """The answers of requests that are handed over at once."""
    answers: list[object] = []
    for request in requests[:-1]:
        kernel.enqueue(request, answers.append)
    last = await kernel.submit(requests[-1])
    return [*answers, last]

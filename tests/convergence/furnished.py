"""An area in which much has happened: tasks in every state, in spaces of every kind, with everything that may hang on
them. The same seed gives the same area, entry by entry."""

from __future__ import annotations

from random import Random

from msgspec import Struct

from server.core.space import Space
from server.people import access
from shared_schema.base import SYSTEM, Author, Command
from shared_schema.board import (
    AddChecklistLine,
    AddComment,
    AddHelper,
    BinTask,
    CreateTask,
    DescribeTask,
    FinishTask,
    PutTaskAway,
    TagGoal,
)
from shared_schema.frames import Accepted, Refused
from shared_schema.journal import Entry
from shared_schema.people import AddInterestGroup, AreaRole, JoinPerson
from tests.support.builders import COMMANDS, Built, Scene, build
from tests.support.worlds import id_of, small_world

SPACES = ("network", "project", "other", "area")
PEOPLE = ("mira", "jana", "max", "dora", "gus")
ABOUT_PEOPLE = ("participant.", "person.", "invitation.", "organisation.", "moderation.")
"""Beginnings of verbs that change who is there, and nothing on a board."""
TAKES_AWAY = ("task.delete", "column.remove", "board.apply_template", "space.found", "area.found", "person.edit")


def verb(command: type[Command]) -> str:
    return str(command.__struct_config__.tag)


class Sent(Struct, frozen=True):
    """A command that was sent, and what came of it."""

    built: Built
    answer: Accepted | Refused

    @property
    def accepted(self) -> bool:
        return isinstance(self.answer, Accepted)


class Furnished:
    """A world, and the dice for what happens next in it."""

    def __init__(self, seed: int, commands: int = 150) -> None:
        self.dice = Random(seed)
        self.world = small_world()
        self._begin()
        self.live(commands)

    def _begin(self) -> None:
        role: AreaRole
        for role in ("member", "guest", "reader"):
            self.world.do(JoinPerson(id=id_of(f"new {role}"), name=f"Neu {role}", role=role), "jana", to="area")
        self.world.do(AddInterestGroup(id=id_of("group"), name="Wirtschaft"), "jana", to="area")
        self.world.invite()
        for guest in ("new here", "newer here"):
            self.world.come_in(guest)
        for name in ("one", "two", "binned", "done", "away"):
            self.world.task(name)
            self._hang_things_on(name)
        self.world.do(BinTask(task=id_of("binned")))
        self.world.do(FinishTask(task=id_of("done")))
        self.world.do(FinishTask(task=id_of("away")))
        self.world.do(PutTaskAway(task=id_of("away")), SYSTEM)

    def _hang_things_on(self, name: str) -> None:
        task = id_of(name)
        self.world.do(DescribeTask(task=task, text=f"# {name}"))
        self.world.do(AddComment(id=id_of(f"comment on {name}"), task=task, text=f"Zu {name}"))
        self.world.do(AddChecklistLine(id=id_of(f"line of {name}"), task=task, text=f"Zeile {name}"))
        self.world.do(AddHelper(task=task, person=id_of("max")))
        self.world.do(TagGoal(task=task, goal=id_of("goal-1")))

    def live(self, commands: int, *, without: tuple[str, ...] = ()) -> None:
        """Lets so many random things happen on the boards; nothing is taken away for good."""
        kinds = [command for command in COMMANDS if verb(command) not in (*TAKES_AWAY, *without)]
        board = [kind for kind in kinds if not verb(kind).startswith(ABOUT_PEOPLE)]
        weighted = [*board, *[CreateTask] * 4]
        for command in self.dice.choices(weighted, k=commands):
            self.send(command, self.dice.choice(SPACES[:3]), self.dice.choice((*PEOPLE, None)))

    def send(self, command: type[Command], to: str, by: str | None) -> Sent | None:
        """Builds and sends a command of this kind; None where there is none to be had."""
        built = self.build(command, to, by)
        if built is None:
            return None
        self.world.later(minutes=1)
        name = to if built.space == id_of(to) else f"founded {built.space}"
        author = SYSTEM if by is None else Author(kind="person", id=id_of(by))
        answer = self.world.send(built.command, author, to=name, expects=built.expects)
        return Sent(built, answer)

    def build(self, command: type[Command], to: str, by: str | None) -> Built | None:
        area, space = self.world["area"], self.world[to]
        author = SYSTEM if by is None else Author(kind="person", id=id_of(by))
        others = [self.world[other] for other in SPACES[:3] if other != to]
        scene = Scene(
            space=space,
            area=area,
            by=access.actor(space, area, author, self.world.now),
            now=self.world.now,
            others=tuple((other, access.actor(other, area, author, self.world.now)) for other in others),
        )
        return build(self.dice, scene, command)

    def anywhere(self, command: type[Command]) -> Sent | None:
        """Sends a command of this kind where and by whom it can be sent, if it can be sent at all."""
        places = [(to, by) for to in SPACES for by in (*PEOPLE, None)]
        for to, by in self.dice.sample(places, len(places)):
            sent = self.send(command, to, by)
            if sent is not None:
                return sent
        return None

    def spaces(self) -> list[Space]:
        return [self.world.spaces[id] for id in sorted(self.world.spaces)]

    def journal(self, space: Space) -> list[Entry]:
        return self.world.journals[space.id]

"""A whole area in memory, for tests of rules: real commands through the real batch, no database, a clock that stands.

The people of the small area, by what they are: `jana` coordinates, `mira` moderates the network, `dora` deputises,
`max` is a member, `carla` coaches, `gus` is a guest of the network, `rita` only reads there, `otto` is of the area but
takes no part, `adam` administers, `viola` is a guest of nothing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from server import board as _board
from server.board.founding import board_id
from server.board.rules import columns_of, in_order, tasks_in
from server.core import follow
from server.core.batch import Batch, Waiting
from server.core.commands import Request, second_space
from server.core.ids import derived_id
from server.core.journal import Opened
from server.core.space import E, Space
from server.people import access
from shared_schema.base import SYSTEM, Author, Entity, Id, Scalar, Viewer
from shared_schema.board import Column, CreateTask, Task
from shared_schema.corridor import SetGoal
from shared_schema.frames import Accepted, Refused
from shared_schema.invitations import AcceptInvitation, CreateInvitation, Invitation
from shared_schema.journal import AnyCommand, Entry
from shared_schema.people import AddParticipant, FoundArea, FoundSpace, JoinOrganisation, JoinPerson
from shared_schema.refusals import AnyReason, NotFound

assert _board.__all__  # importing it registers every handler

START: Final = datetime(2026, 11, 16, 9, tzinfo=UTC)

AREA_ROLES: Final = {
    "jana": "coordination",
    "mira": "member",
    "dora": "steering",
    "max": "member",
    "carla": "reader",
    "gus": "guest",
    "rita": "reader",
    "otto": "member",
    "adam": "administrator",
    "viola": "guest",
}
NETWORK_ROLES: Final = {
    "dora": "deputy",
    "max": "member",
    "carla": "coach",
    "gus": "guest",
    "rita": "reader",
}

COACH_UNTIL: Final = date(2027, 11, 16)


def id_of(name: str) -> Id:
    """The id of whatever has this name in the tests."""
    return derived_id("world", name)


class World:
    """Spaces by name, and what it takes to send commands to them."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now
        self.spaces: dict[Id, Space] = {}
        self.journals: dict[Id, list[Entry]] = {}
        self._sent = 0

    # --- sending -----------------------------------------------------------------------------------------------------

    def send(
        self,
        command: AnyCommand,
        by: str | Author = "mira",
        *,
        to: str = "network",
        expects: dict[str, Scalar] | None = None,
        only_if: dict[str, Scalar] | None = None,
    ) -> Accepted | Refused:
        """Sends a command and what follows from it; `by` and `to` are names."""
        self._sent += 1
        request = Request(
            id=derived_id("command", str(self._sent)),
            space=id_of(to),
            command=command,
            author=by if isinstance(by, Author) else Author(kind="person", id=id_of(by)),
            expects=expects or {},
            only_if=only_if or {},
        )
        return self._take(request)

    def do(self, command: AnyCommand, by: str | Author = "mira", *, to: str = "network", **more: Any) -> Entry:
        """Sends a command that must be accepted; answers with its entry."""
        answer = self.send(command, by, to=to, **more)
        assert isinstance(answer, Accepted), answer
        return self.journals[id_of(to)][answer.seqs[id_of(to)] - 1]

    def refused(self, command: AnyCommand, by: str | Author = "mira", *, to: str = "network", **more: Any) -> AnyReason:
        """Sends a command that must be refused; answers with the reason. Nothing may have changed."""
        before = {id: (space.seq, list(space)) for id, space in self.spaces.items()}
        answer = self.send(command, by, to=to, **more)
        assert isinstance(answer, Refused), f"{command} was accepted"
        assert before == {id: (space.seq, list(space)) for id, space in self.spaces.items()}
        return answer.reason

    def _take(self, request: Request) -> Accepted | Refused:
        wanted = {request.space, second_space(request.command) or request.space}
        areas = {space.area_id for id, space in self.spaces.items() if id in wanted}
        spaces = {id: space for id, space in self.spaces.items() if id in wanted | areas}
        batch = Batch(spaces, Opened(locked={}, areas={}, known={}, now=self.now), self.now, access.actor)
        batch.decide(Waiting(request, lambda answer: None))
        ((_, answer),) = batch.answers
        for id, committed in batch.entries.items():
            space = self.spaces.setdefault(id, batch.founded.get(id) or Space(id, "area", id))
            space.adopt(batch.overlays[id])
            self.journals.setdefault(id, []).extend(one.entry for one in committed)
        for id, committed in batch.entries.items():
            for one in committed:
                self._follow(self.spaces[id], one.entry)
        return answer

    def _follow(self, space: Space, entry: Entry) -> None:
        area = self.spaces[space.area_id]
        for following in follow.FOLLOWING.get(entry.verb, ()):
            other = following.other(entry, space) if following.other else None
            for request in follow.requests(entry, space, area, following, self.spaces.get(other or "")):
                answer = self._take(request)
                assert isinstance(answer, Accepted) or isinstance(answer.reason, NotFound), answer

    def later(self, **more: float) -> None:
        """Moves the clock."""
        self.now += timedelta(**more)

    # --- looking -----------------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Space:
        return self.spaces[id_of(name)]

    def get(self, cls: type[E], name: str, *, of: str = "network") -> E:
        return self[of].get(cls, id_of(name))

    def find(self, cls: type[E], name: str, *, of: str = "network") -> E | None:
        return self[of].find(cls, id_of(name))

    def parts(self, cls: type[E], task: str, *, of: str = "network") -> list[E]:
        """What hangs on a task."""
        return self[of].where(cls, task=id_of(task))

    def viewer(self, name: str, *, of: str = "network") -> Viewer | None:
        space = self[of]
        return access.viewer_in(space, self.spaces[space.area_id], id_of(name), self.now)

    def columns(self, *, of: str = "network") -> list[Column]:
        return columns_of(self[of], board_id(id_of(of)))

    def column(self, number: int, *, of: str = "network") -> Id:
        """The id of a column: 0 Offen, 1 In Arbeit, 2 Wartet, 3 Erledigt."""
        return self.columns(of=of)[number].id

    def order(self, number: int, *, of: str = "network") -> list[str]:
        """The titles of the tasks in a column, from top to bottom."""
        return [task.title for task in in_order(tasks_in(self[of], self.column(number, of=of)))]

    def seen(self, name: str, entity: Entity, *, of: str = "network") -> bool:
        viewer = self.viewer(name, of=of)
        return viewer is not None and bool(entity.to & viewer)

    def task(self, name: str = "task", by: str = "mira", *, of: str = "network", **fields: Any) -> Task:
        """A task with the name as its title, in the first column unless it says otherwise."""
        column = fields.pop("column", None) or self.column(0, of=of)
        self.do(CreateTask(id=id_of(name), column=column, title=name, **fields), by, to=of)
        return self.get(Task, name, of=of)

    def invite(self, name: str = "invitation", by: str = "mira", *, of: str = "network", **fields: Any) -> Invitation:
        """An invitation for members, good for a week and five people unless it says otherwise."""
        given = {"role": "member", "days": 7, "most_uses": 5, **fields}
        token_hash = sha256(name.encode()).hexdigest()
        self.do(CreateInvitation(id=id_of(name), token_hash=token_hash, **given), by, to=of)
        return self.get(Invitation, name, of=of)

    def come_in(self, who: str, invitation: str = "invitation", *, of: str = "network", **fields: Any) -> Entry:
        """Somebody new comes in by an invitation, with the name that they have here."""
        return self.do(coming_in(who, invitation, **fields), SYSTEM, to=of)


def coming_in(who: str, invitation: str = "invitation", **fields: Any) -> AcceptInvitation:
    """Of somebody new, unless `name=None` says that they are of the area."""
    given = {"name": who, **fields}
    return AcceptInvitation(invitation=id_of(invitation), area=id_of("area"), person=id_of(who), **given)


def small_world() -> World:
    """An area with a firm, two goals, a network with people of every role, its key project, and another network."""
    world = World()
    world.do(FoundArea(name="Selmachtal"), SYSTEM, to="area")
    world.do(JoinOrganisation(id=id_of("town"), name="Stadt", sector="public", municipality=True), SYSTEM, to="area")
    world.do(JoinOrganisation(id=id_of("firm"), name="Holzbau", sector="private"), SYSTEM, to="area")
    for name, role in AREA_ROLES.items():
        organisation = id_of("town") if name in ("jana", "mira") else id_of("firm") if name == "max" else None
        join = JoinPerson(id=id_of(name), name=name, role=role, organisation=organisation)  # type: ignore[arg-type]
        world.do(join, SYSTEM, to="area")
    for number in (1, 2):
        world.do(SetGoal(id=id_of(f"goal-{number}"), number=number, title=f"Ziel {number}"), "jana", to="area")
    for name in ("network", "other"):
        found = FoundSpace(id=id_of(name), space_kind="network", name=name, moderator=id_of("mira"))
        world.do(found, "jana", to="area")
    for name, role in NETWORK_ROLES.items():
        until = COACH_UNTIL if role == "coach" else None
        world.do(AddParticipant(person=id_of(name), role=role, until=until))  # type: ignore[arg-type]
    project = FoundSpace(id=id_of("project"), space_kind="key_project", name="project", parent=id_of("network"))
    world.do(project, "jana", to="area")
    return world

"""Every command by everybody, on things of their own space, on none, and on those of another area: default deny."""

from __future__ import annotations

from typing import Final, cast

import msgspec
import pytest

from server.core.commands import OPERATIONS
from shared_schema.base import SYSTEM, Command, Id
from shared_schema.board import AddChecklistLine, AddComment
from shared_schema.frames import Refused
from shared_schema.journal import AnyCommand
from shared_schema.people import FoundArea, FoundSpace, JoinOrganisation, JoinPerson, Participant
from shared_schema.refusals import AlreadyExists, NotAllowed, NotFound
from tests.support.worlds import AREA_ROLES, World, id_of, small_world
from tools.rights import COLUMNS, allowed, verb
from tools.samples import sample

COMMANDS: Final = sorted(OPERATIONS, key=verb)
SPACES: Final = ("area", "network", "project", "other")
FAR: Final = "far "
"""Names of what is in the other area begin so."""


@pytest.fixture(scope="module")
def world() -> World:
    """Two areas with the same furniture."""
    world = small_world()
    world.do(FoundArea(name="Anderswo"), SYSTEM, to="far area")
    world.do(JoinOrganisation(id=id_of("far organisation"), name="Fern", sector="civil"), SYSTEM, to="far area")
    world.do(JoinPerson(id=id_of("far person"), name="Fern", role="coordination"), SYSTEM, to="far area")
    network = FoundSpace(id=id_of("far space"), space_kind="network", name="Fern", moderator=id_of("far person"))
    world.do(network, "far person", to="far area")
    world.task("far task", "far person", of="far space")
    for name, to, by in (("task", "network", "mira"), ("far task", "far space", "far person")):
        if name == "task":
            world.task(name, by, of=to)
        prefix = name.removesuffix("task")
        world.do(AddComment(id=id_of(f"{prefix}comment"), task=id_of(name), text="Wort"), by, to=to)
        world.do(AddChecklistLine(id=id_of(f"{prefix}line"), task=id_of(name), text="Zeile"), by, to=to)
    return world


def here(world: World, field: str, far: str = "") -> Id:
    """The id of a thing of this kind that exists, here or in the other area."""
    space = "far space" if far else "network"
    if field == "column":
        return world.column(0, of=space)
    if field == "participant":
        return min(part.id for part in world[space].all(Participant))
    if field in ("person", "owner", "moderator", "contact"):
        return id_of("far person" if far else "otto")
    if field == "space":
        return id_of("far space" if far else "other")
    return id_of(f"{far}{field}")


def denied(command: type[Command], name: str, world: World, space: str) -> bool:
    """Whether the page of rights says that they may not, there."""
    viewer = world.viewer(name, of=space)
    column = next(
        one
        for one in COLUMNS
        if one.actor.viewer == viewer
        and (viewer is None or (one.actor.area_role == "coordination") == (AREA_ROLES.get(name) == "coordination"))
        and not one.actor.is_system
    )
    return allowed(command, OPERATIONS[command].needs, column.actor) == "–"


@pytest.mark.parametrize("name", [*AREA_ROLES, "nobody", "far person"])
@pytest.mark.parametrize("command", COMMANDS, ids=verb)
def test_s6_what_the_page_denies_is_refused_wherever_it_is_sent(
    world: World, command: type[Command], name: str
) -> None:
    for space in SPACES:
        if not denied(command, name, world, space):
            continue
        answers = [
            world.send(_any(sample(command, lambda field, far=far: here(world, field, far))), name, to=space)  # type: ignore[misc]
            for far in ("", FAR)
        ]
        for answer in answers:
            assert isinstance(answer, Refused), (space, answer)
            assert isinstance(answer.reason, NotAllowed | NotFound | AlreadyExists), (space, answer)
            # Where a space begins, that its id is taken is said first; everywhere else it would tell too much.
            assert OPERATIONS[command].founds or not isinstance(answer.reason, AlreadyExists)


@pytest.mark.parametrize("name", ["jana", "mira", "max", "gus", "rita", "adam", "nobody"])
@pytest.mark.parametrize("command", COMMANDS, ids=verb)
def test_s6_a_thing_of_another_area_is_answered_like_one_that_does_not_exist(
    world: World, command: type[Command], name: str
) -> None:
    far = _any(sample(command, lambda field: here(world, field, FAR)))
    none = _any(sample(command, lambda field: id_of(f"no {field}")))
    fields = [field for field in command.__struct_fields__ if getattr(far, field) != getattr(none, field)]
    if not fields or "id" in fields:
        return  # it names nothing that is there, but makes something new
    for space in SPACES:
        answers = [world.send(one, name, to=space) for one in (far, none)]
        told = [_without_ids(answer.reason) if isinstance(answer, Refused) else answer for answer in answers]
        assert told[0] == told[1], space


def _any(command: Command) -> AnyCommand:
    return cast(AnyCommand, command)


def _without_ids(reason: object) -> object:
    told = msgspec.to_builtins(reason)
    return {name: value for name, value in told.items() if name not in ("id", "person", "organisation")}

"""Erasure after anything: whatever was commanded before, the journal told again replays to a state without the name."""

from __future__ import annotations

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from server.core.forgetting import Forgotten, Retelling
from server.core.space import Space, kind_of
from shared_schema.base import AREA, SYSTEM, Entity, Visibility
from shared_schema.board import AddComment, EditTask, ShowTask, Task
from shared_schema.frames import Accepted
from shared_schema.journal import Entry
from shared_schema.people import EditPerson
from shared_schema.refusals import AlreadyExists
from tests.board.test_every_command import ANYWHERE, COMMANDS, SOMEWHERE, filled_world, scene
from tests.support.builders import build
from tests.support.worlds import World, id_of

NAME = "Maximilian Winkelmoser"
SPACES = ("area", "network", "project", "other")


def spoken_world() -> World:
    """The small world, after Max under his whole name has written it wherever he could."""
    world = filled_world()
    world.do(EditPerson(person=id_of("max"), name=NAME, function=f"Stab {NAME}"), SYSTEM, to="area")
    world.do(AddComment(id=id_of("said"), task=id_of("one"), text=f"Ich, {NAME}"), "max")
    world.do(EditTask(task=id_of("one"), title=f"Mit {NAME} reden"), "max")
    return world


def retold(world: World, name: str) -> tuple[Retelling, list[Entry]]:
    """The journal of a space, told again without Max."""
    space = world[name]
    retelling = Retelling(Space(space.id, space.kind, space.area_id), Forgotten(person=id_of("max"), names=(NAME,)))
    entries = [
        msgspec.structs.replace(entry, changes=retelling.take(entry.changes, entry.by.id))
        for entry in world.journals[id_of(name)]
    ]
    return retelling, entries


def everything(space: Space) -> dict[tuple[str, str], Entity]:
    return {(kind_of(entity), entity.id): entity for entity in space}


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_jnl5_a_journal_told_again_replays_to_the_state_without_the_name(data: DataObject) -> None:
    world = spoken_world()
    for _ in range(data.draw(st.integers(0, 25))):
        name, author = data.draw(SOMEWHERE | ANYWHERE)
        built = build(data, scene(world, name, author), data.draw(st.sampled_from(COMMANDS)))
        if built is None or built.space not in world.spaces:
            continue
        answer = world.send(built.command, author, to=name, expects=built.expects)
        assert isinstance(answer, Accepted) or isinstance(answer.reason, AlreadyExists), answer
    for name in SPACES:
        retelling, entries = retold(world, name)
        assert everything(retelling.first) == everything(world[name])
        replayed = Space(world[name].id, world[name].kind, world[name].area_id)
        for entry in entries:
            replayed.apply(entry.changes)
        assert everything(replayed) == everything(retelling.second)
        assert everything(replayed).keys() == everything(world[name]).keys()
        assert b"winkelmoser" not in msgspec.json.encode(entries).lower()


def test_what_others_did_with_a_text_of_theirs_keeps_the_name_out() -> None:
    """Somebody else shows a task to others: the entry holds the whole task, with the title that Max gave it."""
    world = spoken_world()
    world.do(ShowTask(task=id_of("one"), visibility=Visibility.AREA), "mira")
    retelling, entries = retold(world, "network")
    assert b"winkelmoser" not in msgspec.json.encode(entries).lower()
    task = retelling.second.get(Task, id_of("one"))
    assert (task.title, task.to) == ("Mit … reden", AREA)

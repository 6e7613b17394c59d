"""Every command, in random order and by everybody: it is accepted where it is valid, and what each kind of viewer was
sent makes of their snapshot the next one."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from server.core.commands import OPERATIONS
from server.core.shown import in_snapshot, shown, visible
from server.core.space import Space
from server.people import access
from shared_schema.base import SYSTEM, Author, Entity, Id, Viewer
from shared_schema.board import AddChecklistLine, AddComment, BinTask, FinishTask
from shared_schema.frames import Accepted
from shared_schema.journal import AnyCommand, Entry
from shared_schema.refusals import AlreadyExists
from tests.support.builders import BUILDERS, Scene, build
from tests.support.worlds import AREA_ROLES, World, id_of, small_world

COMMANDS = sorted(get_args(AnyCommand), key=lambda cls: str(cls.__struct_config__.tag))
AUTHORS = [SYSTEM, *(Author(kind="person", id=id_of(name)) for name in AREA_ROLES)]
SPACES = ["area", "network", "project", "other"]
SOMEWHERE = st.sampled_from(
    [("network", "mira"), ("network", "mira"), ("network", "max"), ("network", "gus"), ("project", "dora")]
).map(lambda known: (known[0], Author(kind="person", id=id_of(known[1]))))
"""Where most happens, so that not every other command finds nothing to act on."""
ANYWHERE = st.tuples(st.sampled_from(SPACES), st.sampled_from(AUTHORS)) | st.just(("network", SYSTEM))


def test_every_command_has_a_handler_and_a_builder() -> None:
    assert set(COMMANDS) == set(OPERATIONS) == set(BUILDERS)


class Screen:
    """What one kind of viewer holds of a space: a snapshot, then nothing but what they are sent."""

    def __init__(self, space: Space, viewer: Viewer) -> None:
        self.viewer = viewer
        self._held = Space(space.id, space.kind, space.area_id)
        self._held.load(_everything(space, viewer).values())

    def take(self, entry: Entry) -> None:
        seen = shown(entry, self.viewer)
        if isinstance(seen, Entry):
            self._held.apply(seen.changes)

    def __eq__(self, space: object) -> bool:
        assert isinstance(space, Space)
        held = {(type(entity), entity.id): entity for entity in self._held}
        return held == _everything(space, self.viewer)


def _everything(space: Space, viewer: Viewer) -> dict[tuple[type[Entity], Id], Entity]:
    """The snapshot, and every cold and put-away part that this viewer may see."""
    entities = {(type(entity), entity.id): entity for entity in space if entity.to & viewer}
    assert {e for e in entities.values() if in_snapshot(e)} == set(visible(space, viewer))
    return entities


def scene(world: World, name: str, author: Author) -> Scene:
    """Where the command is built, with the other boards as this author sees them."""
    area, space = world["area"], world[name]
    others = [world[other] for other in SPACES if other not in ("area", name)]
    return Scene(
        space=space,
        area=area,
        by=access.actor(space, area, author, world.now),
        now=world.now,
        others=tuple((other, access.actor(other, area, author, world.now)) for other in others),
    )


def filled_world() -> World:
    """The small world with a task of every state, so that every command finds something to act on."""
    world = small_world()
    world.invite()
    world.come_in("new here")
    for name, by in (("one", "mira"), ("two", "max"), ("three", "gus"), ("binned", "max"), ("done", "mira")):
        world.task(name, by)
    for by in ("mira", "max", "gus"):
        comment = AddComment(id=id_of(f"comment {by}"), task=id_of("one"), text=f"Von {by}")
        world.do(comment, by)
    world.do(AddChecklistLine(id=id_of("line"), task=id_of("one"), text="Zeile"))
    world.do(BinTask(task=id_of("binned")))
    world.do(FinishTask(task=id_of("done")))
    return world


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_snapshot_and_entries_are_the_next_snapshot_for_every_kind_of_viewer(data: DataObject) -> None:
    world = filled_world()
    screens = {name: [Screen(world[name], viewer) for viewer in Viewer] for name in SPACES}
    read = {name: len(world.journals[id_of(name)]) for name in SPACES}
    for _ in range(data.draw(st.integers(5, 40))):
        name, author = data.draw(SOMEWHERE | ANYWHERE)
        built = build(data, scene(world, name, author), data.draw(st.sampled_from(COMMANDS)))
        if built is None or built.space not in world.spaces:
            continue
        answer = world.send(built.command, author, to=name, expects=built.expects)
        # Dice that Hypothesis made simple throw the same id twice.
        assert isinstance(answer, Accepted) or isinstance(answer.reason, AlreadyExists), answer
        world.later(minutes=1)
    for name in SPACES:
        for screen in screens[name]:
            for entry in world.journals[id_of(name)][read[name] :]:
                screen.take(entry)
            assert screen == world[name]


def test_every_builder_finds_something_to_build() -> None:
    built: Counter[type] = Counter()

    @settings(max_examples=20, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def collect(data: DataObject) -> None:
        world = filled_world()
        for command in COMMANDS:
            for author in (SYSTEM, AUTHORS[1], AUTHORS[2]):
                for name in SPACES[:3]:
                    one = build(data, scene(world, name, author), command)
                    if one is not None:
                        built[command] += 1

    collect()
    assert set(built) == set(COMMANDS)

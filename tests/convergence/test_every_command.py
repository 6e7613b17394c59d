"""SEE2 for every command: whoever holds a snapshot and gets the entries after it holds what a fresh one says.

Over the wire and by the client's rules: cold kinds and what was put away are held with the part of an open task only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from server.core.shown import shown
from server.core.space import Space
from shared_schema.base import MODERATORS, Command, Id, Viewer, Visibility
from shared_schema.board import Part, Task
from shared_schema.journal import AnyEntity
from shared_schema.people import Trace
from tests.convergence.furnished import Furnished, verb
from tests.support.builders import COMMANDS
from tests.support.mirrors import Mirror, over_the_wire, snapshot_bytes

TIMES = 8


class Audience:
    """Mirrors of every space for every kind of viewer: one with the parts of all tasks open, and one with none."""

    def __init__(self, furnished: Furnished) -> None:
        self.furnished = furnished
        self.mirrors: dict[Id, list[Mirror]] = {}
        for space in furnished.spaces():
            self._sit_down(space)

    def _sit_down(self, space: Space) -> None:
        self.mirrors[space.id] = [
            Mirror(snapshot_bytes(space, viewer, cold=everything), everything=everything)
            for viewer in Viewer
            for everything in (False, True)
        ]

    def listen(self) -> int:
        """Takes in what happened since; answers with the number of changes."""
        changes = 0
        for space in self.furnished.spaces():
            if space.id not in self.mirrors:
                self._sit_down(Space(space.id, space.kind, space.area_id))
            heard = self.mirrors[space.id][0].seq
            for entry in self.furnished.journal(space)[heard:]:
                changes += len(entry.changes)
                for mirror in self.mirrors[space.id]:
                    mirror.apply(over_the_wire(entry, mirror.viewer))
        return changes

    def differences(self) -> Iterator[str]:
        for space in self.furnished.spaces():
            for mirror in self.mirrors[space.id]:
                for difference in mirror.differs(space):
                    yield f"{space.kind} for {mirror.viewer!r}: {difference}"


def strays(space: Space) -> Iterator[str]:
    """Parts that are not where their task is: seen by others than it, or left behind when it was put away."""
    for part in (entity for entity in space if isinstance(entity, Part)):
        task = space.find(Task, part.task)
        if task is None or (part.to, part.put_away_at) != (task.to, task.put_away_at):
            yield f"{part} of {task}"


@pytest.mark.parametrize("command", COMMANDS, ids=verb)
def test_see2_snapshot_and_entries_give_the_next_snapshot(command: type[Command]) -> None:
    furnished = Furnished(seed=COMMANDS.index(command))
    audience = Audience(furnished)
    sent = changes = 0
    for _ in range(TIMES):
        one = furnished.anywhere(command)
        if one is not None:
            assert one.accepted, one
            sent += 1
        changes += audience.listen()
        assert list(audience.differences()) == []
        furnished.live(4)
    assert sent, f"nobody could send {verb(command)} anywhere"
    assert changes, f"{verb(command)} never changed anything"
    assert [stray for space in furnished.spaces() for stray in strays(space)] == []


def test_every_kind_of_entity_is_there_to_be_seen() -> None:
    """Traces are left by an erasure, which is no command: tests/convergence/test_erasing.py has them."""
    kinds = {type(entity) for space in Furnished(seed=1).spaces() for entity in space}
    assert kinds == set(get_args(AnyEntity)) - {Trace}


@pytest.mark.parametrize("seed", range(5))
def test_see3_nothing_of_a_hidden_task_is_in_what_others_get(seed: int) -> None:
    """Not even its id, and not even when somebody saved it as it was: the number of the entry is all there is."""
    furnished = Furnished(seed)
    furnished.world.task("hidden", visibility=Visibility.MODERATORS)
    network = furnished.world["network"]
    start, hidden = network.seq, [task.id for task in network.all(Task) if task.to == MODERATORS]
    furnished.live(200, without=("task.show",))
    entries = furnished.journal(network)[start:]
    assert any(entry.about in hidden for entry in entries)
    seen = [(entry, repr(shown(entry, viewer))) for entry in entries for viewer in Viewer if viewer != Viewer.MODERATOR]
    assert [entry for entry, text in seen if any(id in text for id in hidden)] == []

"""Goals: few, numbered, and written down by the coordination."""

from __future__ import annotations

import pytest

from shared_schema.corridor import Goal, SetGoal
from shared_schema.refusals import NotAllowed, NotFound, NumberTaken, TooMany
from tests.support.worlds import World, id_of


def goal(number: int, name: str | None = None) -> SetGoal:
    return SetGoal(id=id_of(name or f"goal-{number}"), number=number, title=f"Ziel {number}")


def test_a_goal_is_written_down_and_written_anew(world: World) -> None:
    world.do(SetGoal(id=id_of("goal-3"), number=3, title="Mobil", inside=("Rufbus",)), "jana", to="area")
    world.do(SetGoal(id=id_of("goal-3"), number=4, title="Mobil ohne Auto"), "jana", to="area")
    mobile = world.get(Goal, "goal-3", of="area")
    assert (mobile.number, mobile.title, mobile.inside) == (4, "Mobil ohne Auto", ())


def test_a_number_belongs_to_one_goal(world: World) -> None:
    assert world.refused(goal(2, "another"), "jana", to="area") == NumberTaken(number=2)


def test_there_are_seven_goals_at_most(world: World) -> None:
    for number in range(3, 8):
        world.do(goal(number), "jana", to="area")
    assert world.refused(goal(1, "eighth"), "jana", to="area") == TooMany(what="goals", limit=7)
    world.do(goal(7), "jana", to="area")


@pytest.mark.parametrize("name", ["mira", "dora", "otto", "rita", "gus"])
def test_only_the_coordination_sets_goals(world: World, name: str) -> None:
    assert isinstance(world.refused(goal(3), name, to="area"), NotAllowed)


def test_goals_belong_to_the_area(world: World) -> None:
    assert isinstance(world.refused(goal(3), "jana"), NotFound)

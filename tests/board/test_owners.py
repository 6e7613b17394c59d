"""Who answers for a task, who helps, and which goals it serves."""

from __future__ import annotations

import pytest

from server.board.rules import MOST_HELPERS
from server.people.rules import parts_of
from shared_schema.base import SYSTEM, Visibility
from shared_schema.board import (
    AddHelper,
    AssignTask,
    GoalTag,
    Helper,
    Ownership,
    RemoveHelper,
    TagGoal,
    UntagGoal,
)
from shared_schema.corridor import SetGoal
from shared_schema.journal import Patch
from shared_schema.people import AddParticipant, JoinPerson, RemoveParticipant
from shared_schema.refusals import AnyReason, CannotOwn, NeedsModerator, NotAMember, NotFound, TooMany
from tests.support.worlds import World, id_of

TASK = id_of("task")


def assign(name: str | None) -> AssignTask:
    return AssignTask(task=TASK, person=None if name is None else id_of(name))


def test_ownership_is_given_handed_over_and_given_up(world: World) -> None:
    world.task()
    world.do(assign("max"))
    world.later(hours=1)
    world.do(assign("gus"))
    ownership = world.get(Ownership, "task")
    assert (ownership.person, ownership.organisation, ownership.since) == (id_of("gus"), None, world.now)
    assert world.do(assign("gus")).changes == ()
    world.do(assign(None))
    assert world.find(Ownership, "task") is None
    assert world.do(assign(None)).changes == ()


def test_an_owner_overwritten_unseen_is_noticed(world: World) -> None:
    world.task(owner=id_of("max"))
    world.do(assign("gus"), "dora", expects={"person": id_of("max")})
    entry = world.do(assign("mira"), expects={"person": id_of("max")})
    assert entry.unseen == ("person",)
    assert isinstance(entry.changes[0], Patch)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("carla", CannotOwn(person=id_of("carla"))),
        ("rita", NotAMember(person=id_of("rita"))),
        ("otto", NotAMember(person=id_of("otto"))),
        ("viola", NotAMember(person=id_of("viola"))),
        ("nobody", NotAMember(person=id_of("nobody"))),
    ],
)
def test_owners_take_part_and_do_not_coach(world: World, name: str, reason: AnyReason) -> None:
    world.task()
    assert world.refused(assign(name)) == reason


@pytest.mark.parametrize("name", ["jana", "mira", "dora", "max", "gus"])
def test_whoever_takes_part_may_own_and_so_may_the_coordination(world: World, name: str) -> None:
    world.task()
    world.do(assign(name))
    assert world.get(Ownership, "task").person == id_of(name)


def test_who_has_lost_their_access_does_not_own(world: World) -> None:
    join = JoinPerson(id=id_of("eva"), name="Eva", role="member", access_until=world.now.date())
    world.do(join, "jana", to="area")
    world.do(AddParticipant(person=id_of("eva"), role="member"))
    world.task()
    world.do(assign("eva"))
    world.do(assign(None))
    world.later(days=1)
    assert world.refused(assign("eva")) == NotAMember(person=id_of("eva"))


def test_a_hidden_task_is_owned_and_helped_by_moderators(world: World) -> None:
    world.task(visibility=Visibility.MODERATORS)
    assert isinstance(world.refused(assign("max")), NeedsModerator)
    assert isinstance(world.refused(AddHelper(task=TASK, person=id_of("max"))), NeedsModerator)
    world.do(assign("dora"))
    world.do(AddHelper(task=TASK, person=id_of("jana")))


def test_helpers_come_and_go_and_coaches_may_help(world: World) -> None:
    world.task()
    world.do(AddHelper(task=TASK, person=id_of("carla")))
    assert world.do(AddHelper(task=TASK, person=id_of("carla"))).changes == ()
    assert [helper.person for helper in world.parts(Helper, "task")] == [id_of("carla")]
    assert isinstance(world.refused(AddHelper(task=TASK, person=id_of("rita"))), NotAMember)
    world.do(RemoveHelper(task=TASK, person=id_of("carla")))
    assert world.do(RemoveHelper(task=TASK, person=id_of("carla"))).changes == ()
    assert world.parts(Helper, "task") == []


def test_nobody_owns_a_task_and_helps_with_it(world: World) -> None:
    world.task()
    world.do(AddHelper(task=TASK, person=id_of("max")))
    world.do(assign("max"))
    assert world.parts(Helper, "task") == []
    assert world.do(AddHelper(task=TASK, person=id_of("max"))).changes == ()


def test_who_has_left_is_taken_off(world: World) -> None:
    world.task()
    world.do(AddHelper(task=TASK, person=id_of("max")))
    part = parts_of(world["network"], id_of("max"))[0]
    world.do(RemoveParticipant(participant=part.id, person=id_of("max")))
    world.do(RemoveHelper(task=TASK, person=id_of("max")))
    assert world.parts(Helper, "task") == []


def test_helpers_have_a_bound(world: World) -> None:
    world.task()
    for number in range(MOST_HELPERS + 1):
        join = JoinPerson(id=id_of(f"helper {number}"), name=f"H{number}", role="member")
        world.do(join, SYSTEM, to="area")
        world.do(AddParticipant(person=id_of(f"helper {number}"), role="member"))
    for number in range(MOST_HELPERS):
        world.do(AddHelper(task=TASK, person=id_of(f"helper {number}")))
    more = AddHelper(task=TASK, person=id_of(f"helper {MOST_HELPERS}"))
    assert world.refused(more) == TooMany(what="helpers", limit=MOST_HELPERS)


def test_a_task_serves_goals_of_its_area(world: World) -> None:
    world.task()
    world.do(TagGoal(task=TASK, goal=id_of("goal-1")))
    assert world.do(TagGoal(task=TASK, goal=id_of("goal-1"))).changes == ()
    assert [tag.goal for tag in world.parts(GoalTag, "task")] == [id_of("goal-1")]
    assert world.refused(TagGoal(task=TASK, goal=id_of("nowhere"))) == NotFound(kind="goal", id=id_of("nowhere"))
    world.do(UntagGoal(task=TASK, goal=id_of("goal-1")))
    assert world.do(UntagGoal(task=TASK, goal=id_of("goal-1"))).changes == ()
    assert world.parts(GoalTag, "task") == []


def test_a_goal_that_was_just_set_can_be_served(world: World) -> None:
    world.do(SetGoal(id=id_of("goal-7"), number=7, title="Neu"), "jana", to="area")
    world.task(goals=(id_of("goal-7"),))
    assert len(world.parts(GoalTag, "task")) == 1

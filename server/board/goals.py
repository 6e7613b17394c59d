"""Handlers of which goals a task serves."""

from __future__ import annotations

from datetime import datetime

from server.core.commands import Actor, handles
from server.core.ids import derived_id
from server.core.space import Space
from shared_schema.base import Id
from shared_schema.board import GoalTag, TagGoal, Task, UntagGoal
from shared_schema.corridor import Goal
from shared_schema.journal import Change, Put

from . import access, rules


def goal_tag_id(task: Id, goal: Id) -> Id:
    return derived_id(task, "goal_tag", goal)


def tag(space: Space, task: Task, goal: Id) -> Put:
    """The change by which a task serves a goal of the area; refuses `not_found` for another one's."""
    space.area.get(Goal, goal)
    id = goal_tag_id(task.id, goal)
    return space.add(GoalTag(id=id, to=task.to, task=task.id, put_away_at=task.put_away_at, goal=goal))


@handles(TagGoal, needs=access.may_work_on_board)
def tag_goal(space: Space, command: TagGoal, by: Actor, now: datetime) -> list[Change]:
    """Two people may tag the same goal at once: the second finds it done."""
    task = rules.task_on_board(space, command.task)
    if space.find(GoalTag, goal_tag_id(task.id, command.goal)) is not None:
        return []
    rules.refuse_too_many("goals", len(space.where(GoalTag, task=task.id)), rules.MOST_GOALS)
    return [tag(space, task, command.goal)]


@handles(UntagGoal, needs=access.may_work_on_board)
def untag_goal(space: Space, command: UntagGoal, by: Actor, now: datetime) -> list[Change]:
    task = rules.task_on_board(space, command.task)
    existing = space.find(GoalTag, goal_tag_id(task.id, command.goal))
    return [] if existing is None else [space.drop(existing)]

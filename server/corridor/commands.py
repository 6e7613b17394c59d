"""Writing down the goals of an area."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from server.core.commands import Actor, handles
from server.core.space import Space
from shared_schema.base import PUBLIC
from shared_schema.corridor import Goal, SetGoal
from shared_schema.journal import Change
from shared_schema.people import Area
from shared_schema.refusals import NumberTaken, Refusal, TooMany

from . import access

MOST_GOALS: Final = 7
"""A regional consensus is about few goals: five are plenty, and with an eighth one nothing is important any more."""


@handles(SetGoal, needs=access.may_set_goals)
def set_goal(space: Space, command: SetGoal, by: Actor, now: datetime) -> list[Change]:
    space.get(Area, space.id)
    others = [goal for goal in space.all(Goal) if goal.id != command.id]
    if len(others) >= MOST_GOALS:
        raise Refusal(TooMany(what="goals", limit=MOST_GOALS))
    if any(goal.number == command.number for goal in others):
        raise Refusal(NumberTaken(number=command.number))
    goal = Goal(
        id=command.id,
        to=PUBLIC,
        number=command.number,
        title=command.title,
        statement=command.statement,
        inside=command.inside,
        outside=command.outside,
        check_question=command.check_question,
        indicator=command.indicator,
    )
    return [space.put(goal)]

"""Who may change the goals of an area."""

from __future__ import annotations

from server.core.commands import Actor
from server.core.space import Space
from server.people import access as people
from shared_schema.corridor import SetGoal


def may_set_goals(area: Space, by: Actor, command: SetGoal) -> bool:
    """The coordination writes the goals down that the area agreed on."""
    return people.coordinates(area, by, command)

"""Writes the demo area into a database: its whole history, by real commands, with the scenario's clock."""

from __future__ import annotations

from datetime import date
from typing import Final

from server.core.commands import Request
from server.core.kernel import Kernel
from server.core.moments import SetClock
from shared_schema.frames import Refused
from shared_schema.people import AddParticipant, FoundSpace

from . import scenario
from .history import AREA, Step, history

__all__ = ["AREA", "AlreadySeeded", "NotSeeded", "seed"]

FOLLOWED: Final = (FoundSpace, AddParticipant)
"""After these the system carries people from networks to their projects, which has to stand there at that time."""


class AlreadySeeded(Exception):
    """The database holds the demo area; nothing was changed."""


class NotSeeded(Exception):
    """A command of the scenario was refused, so the scenario or a rule is wrong."""


async def seed(kernel: Kernel, clock: SetClock, today: date) -> int:
    """Writes the area as it would stand this week, and says how many commands that took. The same day gives the same
    area. Nothing is dated later than the clock stands when it begins."""
    if await kernel.space(AREA) is not None:
        raise AlreadySeeded
    latest = clock.moment
    steps = history(scenario.read(today))
    for step in steps:
        clock.set(min(step.at, latest))
        await _take(kernel, step)
    await kernel.followed()
    clock.set(latest)
    return len(steps)


async def _take(kernel: Kernel, step: Step) -> None:
    request = Request(id=step.id, space=step.space, command=step.command, author=step.author)
    answer = await kernel.submit(request)
    if isinstance(answer, Refused):
        raise NotSeeded(f"{step.at:%Y-%m-%d} {step.command}: {answer.reason}")
    if isinstance(step.command, FOLLOWED):
        await kernel.followed()

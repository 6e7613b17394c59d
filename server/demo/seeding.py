"""Writes the demo area into a database: its whole history, by real commands, with the scenario's clock."""

from __future__ import annotations

import asyncio
from datetime import date
from itertools import groupby
from typing import Final

from server.core.commands import Request
from server.core.kernel import Kernel
from server.core.moments import SetClock
from shared_schema.frames import Refused
from shared_schema.people import AddParticipant, Area, FoundSpace

from . import scenario
from .history import AREA, Step, history

__all__ = ["AREA", "AlreadySeeded", "NotSeeded", "is_seeded", "seed"]

FOLLOWED: Final = (FoundSpace, AddParticipant)
"""After these the system carries people from networks to their projects, which has to stand there at that time."""
MOST_ENTRIES: Final = 10_000


class AlreadySeeded(Exception):
    """The database holds the demo area; nothing was changed."""


class NotSeeded(Exception):
    """A command of the scenario was refused, so the scenario or a rule is wrong."""


async def is_seeded(kernel: Kernel) -> bool:
    """Whether the database holds the demo area, to the last step of its history."""
    begun = await _begun(kernel)
    if begun is None:
        return False
    last = history(scenario.read(begun))[-1]
    entries = await kernel.entries(last.space, 0, MOST_ENTRIES)
    return any(one.entry.command == last.id for one in entries)


async def seed(kernel: Kernel, clock: SetClock, today: date) -> int:
    """Writes the area as it would stand this week, and says how many commands that took.

    The same day gives the same area, and nothing is dated later than the clock stands when it begins. A seeding that
    was cut off goes on where it stopped, in the week in which it began: what is there is taken as done.
    """
    if await is_seeded(kernel):
        raise AlreadySeeded
    now = clock.moment
    steps = history(scenario.read(await _begun(kernel) or today))
    for at, together in groupby(steps, key=lambda step: step.at):
        clock.set(min(at, now))
        await _take(kernel, list(together))
    clock.set(now)
    return len(steps)


async def _begun(kernel: Kernel) -> date | None:
    """The week for which the area in the database was told, if it is there."""
    space = await kernel.space(AREA)
    area = space.find(Area, AREA) if space is not None else None
    if area is None or area.founded_on is None:
        return None
    told = scenario.read(scenario.REFERENCE)
    return told.reference + (area.founded_on - told.area.founded_on)


async def _take(kernel: Kernel, steps: list[Step]) -> None:
    """Steps of one moment, together: the kernel keeps their order, and the disk is asked once."""
    requests = [Request(id=step.id, space=step.space, command=step.command, author=step.author) for step in steps]
    answers = await asyncio.gather(*map(kernel.submit, requests))
    for step, answer in zip(steps, answers, strict=True):
        if isinstance(answer, Refused):
            raise NotSeeded(f"{step.at:%Y-%m-%d} {step.command}: {answer.reason}")
    if any(isinstance(step.command, FOLLOWED) for step in steps):
        await kernel.followed()

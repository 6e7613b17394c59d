"""What the calendar asks of the board: tasks that have long been done are put away."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from server.core import moments
from server.core.commands import Request
from server.core.ids import derived_id
from server.core.journal import database_time
from server.core.kernel import Kernel
from shared_schema.base import SYSTEM, Id
from shared_schema.board import PutTaskAway

from .tables import tasks

PUT_AWAY_AFTER: Final = timedelta(days=30)
"""The board shows what was done in the last month; older tasks are found by search and in the list."""
MOST_AT_ONCE: Final = 500


def due(connection: Connection, now: datetime) -> list[tuple[Id, Id, str]]:
    """Tasks that are to be put away: space, task, and when it was done."""
    long_done = select(tasks.c.space, tasks.c.id, tasks.c.done_at).where(
        tasks.c.put_away.is_(False),
        tasks.c.done_at <= moments.write(now - PUT_AWAY_AFTER),
        tasks.c.binned.is_(False),
    )
    return [
        (r.space, r.id, r.done_at) for r in connection.execute(long_done.order_by(tasks.c.done_at).limit(MOST_AT_ONCE))
    ]


def request(space: Id, task: Id, done_at: str) -> Request:
    """The command of the system. Its id is derived from what it acts on, so that two processes do it once."""
    id = derived_id("task.put_away", space, task, done_at)
    return Request(id=id, space=space, command=PutTaskAway(task=task), author=SYSTEM)


async def fulfil(kernel: Kernel) -> int:
    """Puts away what is due, and says how many tasks that were."""
    now = kernel.clock.now(await kernel.database.read(database_time))
    found = await kernel.database.read(due, now)
    for space, task, done_at in found:
        await kernel.submit(request(space, task, done_at))
    return len(found)

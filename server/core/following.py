"""What the system does because of an entry: done by the process that wrote it, or by another if that one is gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from sqlalchemy import Connection, select

from shared_schema.base import Id
from shared_schema.frames import Accepted, Refused
from shared_schema.journal import Entry
from shared_schema.refusals import IdReused, NotFound, Unavailable

from . import follow, moments
from .commands import Request
from .database import UNREACHABLE, Database
from .journal import Committed, database_time, read_row
from .space import Space
from .tables import follow_ups
from .tables import journal as journal_table
from .writes import delete_from, write_all

log = logging.getLogger(__name__)

ORPHANED = timedelta(seconds=30)
"""After so long without being followed, an entry's process is taken for dead. If it was only slow, no harm is done."""

SpaceOf = Callable[[Id], Awaitable[Space | None]]
Deed = Callable[[Space, Entry], Awaitable[None]]
"""(area, entry): may be called again for the same entry, until it returns once."""
Submit = Callable[[Request], Awaitable[Accepted | Refused]]


class Followers:
    """Follows entry by entry. What could not be done stays in the database, for the next who takes up what is left."""

    def __init__(self, database: Database, space: SpaceOf, submit: Submit) -> None:
        self._database = database
        self._space = space
        self._submit = submit
        self.deeds: dict[str, Deed] = {}
        self._entries: asyncio.Queue[tuple[Id, Committed]] = asyncio.Queue()

    def add(self, space: Id, entries: list[Committed]) -> None:
        """Queues those of a batch's entries that have followers."""
        for committed in entries:
            if follow.is_followed(committed.entry.verb):
                self._entries.put_nowait((space, committed))

    async def take_up(self) -> None:
        """Queues what nobody has followed: where one process runs at a time, all of it, else what is left orphaned."""
        older_than = ORPHANED if self._database.shared else timedelta(0)
        for space, committed in await self._database.read(left_to_follow, older_than):
            self._entries.put_nowait((space, committed))

    async def all_done(self) -> None:
        """Waits until everything queued is followed, and what follows from that."""
        await self._entries.join()

    async def work(self) -> None:
        """Follows until it is cancelled; notes what is done whenever there is nothing left to follow."""
        done: list[tuple[Id, int]] = []
        while True:
            space, committed = await self._entries.get()
            try:
                if await self._follow(space, committed):
                    done.append((space, committed.entry.seq))
                if done and self._entries.empty():
                    await self._database.write(mark_followed, done)
                    done.clear()
            except UNREACHABLE:
                log.warning("following failed; it is made good later")
            except Exception:
                log.exception("a follower failed", extra={"space": space, "seq": committed.entry.seq})
            finally:
                self._entries.task_done()

    async def _follow(self, id: Id, committed: Committed) -> bool:
        """Sends what follows from an entry; says whether nothing of it is left to do."""
        entry = committed.entry
        space = await self._space(id)
        area = await self._space(space.area_id) if space else None
        if space is None or area is None:
            return True
        settled = await self._do(area, entry)
        for following in follow.FOLLOWING.get(entry.verb, ()):
            named = following.other(entry, space) if following.other else None
            other = await self._space(named) if named else None
            for request in follow.requests(entry, space, area, following, other):
                settled &= _settled(await self._submit(request))
        return settled

    async def _do(self, area: Space, entry: Entry) -> bool:
        """Does what is no command; what nobody here knows how to do is left to others."""
        if entry.verb not in follow.DEEDS:
            return True
        deed = self.deeds.get(entry.verb)
        if deed is not None:
            await deed(area, entry)
        return deed is not None


def _settled(answer: Accepted | Refused) -> bool:
    """Whether a derived command needs no second attempt."""
    # Followed before a restart, with what was true then: what is true now follows from a later entry.
    # Or there is nothing to follow there: that takes no entry.
    if isinstance(answer, Accepted) or isinstance(answer.reason, IdReused | NotFound):
        return True
    log.warning("a derived command was refused", extra={"reason": type(answer.reason).__name__})
    return not isinstance(answer.reason, Unavailable)


# --- what is left to follow ------------------------------------------------------------------------------------------


def left_to_follow(connection: Connection, older_than: timedelta) -> list[tuple[Id, Committed]]:
    """Entries that followers still have to follow, oldest first, if they have been waiting for so long."""
    until = moments.write(database_time(connection) - older_than)
    rows = (
        select(journal_table)
        .join(follow_ups, (follow_ups.c.space == journal_table.c.space) & (follow_ups.c.seq == journal_table.c.seq))
        .where(follow_ups.c.at <= until)
    )
    return [
        (row.space, read_row(row)) for row in connection.execute(rows.order_by(journal_table.c.at, journal_table.c.seq))
    ]


def mark_followed(connection: Connection, entries: Iterable[tuple[Id, int]]) -> None:
    """Remembers that followers have followed these entries, given as (space, seq)."""
    write_all(connection, [(delete_from(follow_ups), [{"space": space, "seq": seq} for space, seq in entries])])

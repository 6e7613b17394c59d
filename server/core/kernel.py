"""The kernel: what the rest of the server talks to. Requests go in, answers and shown entries come out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Self

from sqlalchemy import Connection, insert, select, update

from shared_schema.base import Id
from shared_schema.frames import Accepted, Refused
from shared_schema.refusals import IdReused, NotFound

from . import follow, journal, moments
from .batch import Answer, Resolve
from .commands import Request
from .committer import Committer
from .counters import Counters
from .database import UNREACHABLE, Database
from .ids import new_id
from .journal import Committed
from .keeper import Keepers
from .moments import Clock, DatabaseClock
from .relay import MemoryRelay, Relay
from .space import Space
from .tables import instance

log = logging.getLogger(__name__)

Listener = Callable[[Id, list[Committed]], None]
PROBE_EVERY = 1.0
"""Seconds between attempts to write again, once writing failed."""


class Kernel:
    """The spaces of one process over one database. Use it as an async context.

    Listeners get every entry of every hot space once and in order, after the answers of the commands in it.
    """

    def __init__(
        self, database: Database, *, resolve: Resolve, clock: Clock | None = None, relay: Relay | None = None
    ) -> None:
        self.database = database
        self.clock = clock or DatabaseClock()
        self.relay = relay or MemoryRelay()
        self.counters = Counters()
        self.instance: Id = ""
        self.writing = True
        self._listeners: list[Listener] = []
        self._watchers: list[Callable[[bool], None]] = []
        self._keepers = Keepers(database, self._show)
        self._committer = Committer(database, self._keepers, resolve, self.clock, self._pause, self.counters)
        self._entries: asyncio.Queue[tuple[Id, Committed]] = asyncio.Queue()
        self._heard: asyncio.Queue[Id] = asyncio.Queue()
        self._paused = asyncio.Event()
        self._stop = contextlib.AsyncExitStack()
        self._followers = _Tasks()

    async def __aenter__(self) -> Self:
        self.instance = await self.database.write(_instance_id)
        self._stop.callback(self.relay.listen(self._hear, self))
        tasks = await self._stop.enter_async_context(_Tasks())
        for work in (self._committer.run(), self._catch_up(), self._probe()):
            tasks.start(work)
        self._followers.start(self._follow())
        await self._take_up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._followers.aclose()  # first, because they send commands; the next start takes up what they leave
        await self._committer.idle()
        async with self._committer.turn:
            await self._stop.aclose()

    # --- commands ----------------------------------------------------------------------------------------------------

    def enqueue(self, request: Request, answer: Callable[[Answer], None]) -> None:
        """Takes a request; `answer` is called once, on the loop, when the outcome is durable."""
        self._committer.enqueue(request, answer)

    async def submit(self, request: Request) -> Accepted | Refused:
        """Takes a request and waits for its answer."""
        outcome: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.enqueue(request, lambda answer: None if outcome.done() else outcome.set_result(answer))
        return await outcome

    @property
    def waiting(self) -> int:
        """Requests that wait for a batch."""
        return len(self._committer.inbox)

    @property
    def hot(self) -> int:
        """Spaces in memory."""
        return len(self._keepers)

    @property
    def full(self) -> bool:
        """Whether so many requests wait that no more should be brought from outside."""
        return self._committer.inbox.full

    async def room(self) -> None:
        """Returns when one more request may be brought from outside. Whoever asked first is let in first."""
        await self._committer.inbox.room()

    async def idle(self) -> None:
        """Waits until every request taken so far has its answer."""
        await self._committer.idle()

    # --- reading -----------------------------------------------------------------------------------------------------

    async def space(self, id: Id) -> Space | None:
        """The space as it is committed; None if there is none. Do not change it."""
        return await self._keepers.get(id)

    def peek(self, id: Id) -> Space | None:
        """The space if it is in memory."""
        return self._keepers.peek(id)

    def keep(self, id: Id) -> AbstractContextManager[None]:
        """As long as it is open, the space stays in memory once it is there."""
        return self._keepers.hold(id)

    async def entries(self, space: Id, after: int, limit: int) -> list[Committed]:
        """Entries from the journal, in order, from the one after `after`."""
        return await self.database.read(journal.entries_after, space, after, limit)

    async def entries_before(self, space: Id, before: int | None, about: Id | None, limit: int) -> list[Committed]:
        """Entries from the journal, newest first."""
        return await self.database.read(journal.entries_before, space, before, about, limit)

    # --- showing -----------------------------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener(space, entries)` for all that is committed; answers with what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def on_writing(self, watcher: Callable[[bool], None]) -> None:
        """Calls `watcher(writing)` whenever the database stops or begins to take writes."""
        self._watchers.append(watcher)

    def _show(self, space: Id, entries: list[Committed]) -> None:
        for listener in list(self._listeners):
            try:
                listener(space, entries)
            except Exception:
                log.exception("a listener failed", extra={"space": space})
        self.counters.announced += 1
        self.relay.announce(space, entries[-1].entry.seq, self)
        for committed in entries:
            if committed.entry.verb in follow.FOLLOWING:
                self._entries.put_nowait((space, committed))

    def _hear(self, space: Id, seq: int) -> None:
        self.counters.heard += 1
        hot = self.peek(space)
        if hot is not None and hot.seq < seq:
            self._heard.put_nowait(space)

    async def _catch_up(self) -> None:
        """Takes in what other processes announced."""
        while True:
            space = await self._heard.get()
            try:
                async with self._committer.turn:
                    await self._keepers.catch_up(space)
            except UNREACHABLE:
                log.warning("catching up failed; the next announcement or command brings it")

    # --- following ---------------------------------------------------------------------------------------------------

    async def _take_up(self) -> None:
        """Queues entries that nobody followed before the last stop."""
        for space, since in await self.database.read(journal.unfollowed):
            for committed in await self.database.read(journal.entries_with, space, since, list(follow.FOLLOWING)):
                self._entries.put_nowait((space, committed))

    async def _follow(self) -> None:
        """Follows entry by entry; remembers how far whenever there is nothing left to follow."""
        done: dict[Id, int] = {}
        while True:
            space, committed = await self._entries.get()
            try:
                await self._follow_one(space, committed)
                done[space] = committed.entry.seq
                if self._entries.empty():
                    await self.database.write(journal.mark_followed, list(done.items()))
                    done.clear()
            except UNREACHABLE:
                log.warning("following failed; it is made good at the next start")
            except Exception:
                log.exception("a follower failed", extra={"space": space, "seq": committed.entry.seq})
            finally:
                self._entries.task_done()

    async def _follow_one(self, id: Id, committed: Committed) -> None:
        entry = committed.entry
        space = await self.space(id)
        area = await self.space(space.area_id) if space else None
        if space is None or area is None:
            return
        for following in follow.FOLLOWING.get(entry.verb, ()):
            named = following.other(entry, space) if following.other else None
            other = await self.space(named) if named else None
            for request in follow.requests(entry, space, area, following, other):
                answer = await self.submit(request)
                # Followed before a restart, with what was true then: what is true now follows from a later entry.
                # Or there is nothing to follow there: that takes no entry.
                if isinstance(answer, Refused) and not isinstance(answer.reason, IdReused | NotFound):
                    log.warning("a derived command was refused: %s", answer.reason)

    async def followed(self) -> None:
        """Waits until everything that follows from what was committed is committed too."""
        await self._entries.join()

    # --- writing paused ----------------------------------------------------------------------------------------------

    def _pause(self, paused: bool) -> None:
        if paused == (not self.writing):
            return
        self.writing = not paused
        if paused:
            self._paused.set()
        for watcher in self._watchers:
            watcher(self.writing)

    async def _probe(self) -> None:
        """Once writing failed, tries to write until it works again."""
        while True:
            await self._paused.wait()
            self._paused.clear()
            while not self.writing:
                await asyncio.sleep(PROBE_EVERY)
                try:
                    await self.database.write(_probe)
                except UNREACHABLE:
                    continue
                self._pause(False)


def _instance_id(connection: Connection) -> Id:
    """The id of this database, made when it is first opened."""
    known = connection.execute(select(instance.c.id)).scalar_one_or_none()
    if known is not None:
        return str(known)
    fresh = new_id()
    now = moments.write(journal.database_time(connection))
    connection.execute(insert(instance), {"id": fresh, "created_at": now})
    return fresh


def _probe(connection: Connection) -> None:
    connection.execute(update(instance).values(probed_at=moments.write(journal.database_time(connection))))


class _Tasks(contextlib.AsyncExitStack):
    """Background tasks that end with their context, each awaited."""

    def start(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]

        async def end() -> None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

        self.push_async_callback(end)

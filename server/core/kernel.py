"""The kernel: what the rest of the server talks to. Requests go in, answers and shown entries come out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Self

from sqlalchemy import Connection, insert, select, update

from shared_schema.base import Id
from shared_schema.frames import Accepted, Refused

from . import erasing, journal, moments
from .batch import Answer, Resolve
from .commands import Request
from .committer import Committer
from .counters import Counters
from .database import UNREACHABLE, Database
from .erasing import Erasure
from .following import Deed, Followers
from .ids import new_id
from .journal import Committed
from .keeper import Keepers
from .moments import Clock, DatabaseClock
from .neighbours import Neighbours
from .relay import MemoryRelay, Relay
from .space import Space
from .tables import instance

log = logging.getLogger(__name__)

Listener = Callable[[Id, list[Committed]], None]
PROBE_EVERY = 0.5
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
        self.process: Id = new_id()
        self.instance: Id = ""
        self.writing = True
        self._listeners: list[Listener] = []
        self._watchers: list[Callable[[bool], None]] = []
        self._renewed: list[Callable[[Id], None]] = []
        self._keepers = Keepers(database, self._show, self._begin_anew, self.counters)
        self._committer = Committer(database, self._keepers, resolve, self.clock, self._pause, self.counters)
        self._followers = Followers(database, self.space, self.submit)
        self._neighbours = Neighbours(database, self._keepers, self.relay, self._committer.turn, self.counters)
        self._paused = asyncio.Event()
        self._outdated = False
        self._stop = contextlib.AsyncExitStack()
        self._following = _Tasks()

    async def __aenter__(self) -> Self:
        self.instance = await self.database.write(_instance_id)
        await self._neighbours.begin()
        self._stop.callback(self._neighbours.listen())
        tasks = await self._stop.enter_async_context(_Tasks())
        for work in (self._committer.run(), self._neighbours.take_in(), self._probe()):
            tasks.start(work)
        if self.database.shared:
            tasks.start(self._neighbours.sweep_on())
        await self._stop.enter_async_context(self.relay.connected())
        self._following.start(self._followers.work())
        await self._followers.take_up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._following.aclose()  # first, because they send commands; the next start takes up what they leave
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

    def now(self) -> datetime:
        """What the kernel's clock says, for those who only look. Commands get the time of their batch."""
        return self.clock.now(self._neighbours.now())

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

    def on_renewed(self, watcher: Callable[[Id], None]) -> None:
        """Calls `watcher(space)` when a space's journal says something else than was shown: its database was put back,
        or somebody was erased."""
        self._renewed.append(watcher)

    def _show(self, space: Id, entries: list[Committed], own: bool) -> None:
        for listener in list(self._listeners):
            try:
                listener(space, entries)
            except Exception:
                log.exception("a listener failed", extra={"space": space})
        if any(one.erases for one in entries):
            self._tell_renewed(space)
        if own:
            self._neighbours.announce(space, entries[-1].entry.seq)
            self._followers.add(space, entries)

    def _begin_anew(self, space: Id) -> None:
        log.warning("a journal is another one than was shown", extra={"space": space})
        self._tell_renewed(space)

    def _tell_renewed(self, space: Id) -> None:
        for watcher in self._renewed:
            watcher(space)

    # --- other processes ---------------------------------------------------------------------------------------------

    async def catch_up(self, space: Id) -> None:
        """Takes in at once what other processes wrote in a space: somebody knows more of it than this one."""
        if self.database.shared:
            await self._neighbours.catch_up(space)

    async def sweep(self) -> None:
        """Looks in the database for what other processes did; this happens by itself every two seconds."""
        await self._neighbours.sweep()

    def on_revoked(self, watcher: Callable[[list[str]], None]) -> None:
        """Calls `watcher(sessions)` when another process, or this one, has ended sessions."""
        self._neighbours.on_revoked.append(watcher)

    def announce_revocation(self) -> None:
        """Tells the other processes to look now for sessions that have ended."""
        self._neighbours.announce_revocation()

    # --- following ---------------------------------------------------------------------------------------------------

    def on_entry(self, verb: str, deed: Deed) -> None:
        """Calls `deed(area, entry)` once for each entry with this verb (see `DEEDS`), also after a crash in between."""
        self._followers.deeds[verb] = deed

    async def erase(self, space: Id, erasure: Erasure) -> None:
        """Forgets a person in a space: in its journal, its state, and on every screen."""
        seq = await self.database.write(erasing.erase, space, erasure)
        if seq is not None:
            self._neighbours.announce(space, seq)
            await self._neighbours.catch_up(space)

    async def take_up(self) -> None:
        """Follows what another process wrote and could not follow any more."""
        await self._followers.take_up()

    async def followed(self) -> None:
        """Waits until everything that follows from what was committed here is committed too."""
        await self._followers.all_done()

    # --- writing paused ----------------------------------------------------------------------------------------------

    def outdate(self, outdated: bool) -> None:
        """Takes no commands as long as the database is another version's; what is there can still be read."""
        self._outdated = outdated
        if outdated:
            self._pause(True)

    def _pause(self, paused: bool) -> None:
        if paused == (not self.writing) or (self._outdated and not paused):
            return
        self.writing = self._committer.writing = not paused
        if paused:
            log.warning("writing_paused")
            self._paused.set()
        else:
            log.info("writing_resumed")
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

"""The committer: the one place where commands become durable. Nothing else commits, nothing else shows.

It drains what waits, locks the spaces it gets, decides on overlays, writes one transaction, and only after COMMIT
adopts the overlays, gives the answers and shows the entries.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic

from sqlalchemy.exc import DBAPIError, IntegrityError

from shared_schema.base import Id
from shared_schema.frames import Accepted, Refused
from shared_schema.refusals import Unavailable

from . import journal
from .batch import Answer, Batch, Resolve, Waiting, internal
from .commands import Request
from .counters import Counters
from .database import UNREACHABLE, Database, InDoubt, Transaction
from .inbox import Inbox
from .journal import Known, Opened
from .keeper import Keepers
from .moments import Clock
from .space import Space

log = logging.getLogger(__name__)

MOST_COMMANDS = 256
"""Commands in one transaction: more would make everybody wait for the slowest without costing the database less."""
PATIENCE = 1
"""How often a space may be locked by others before the batch waits for it. A transaction that gets nothing is dear."""
GATHER = 0.001
"""Seconds that a batch may wait for more. Each of twenty costs two thirds of each of ten."""
LOOK_AGAIN = (0.0, 0.1, 0.2, 0.3)
"""Pauses (s) between attempts to learn what became of a commit in doubt."""
LOOKED_UP_WITHIN = 1.0
"""Seconds for all of them. Who is told `unavailable` then asks again under the same id, and learns it so."""


class Committer:
    """Takes requests, answers each exactly once. `turn` is held while a batch is under way."""

    def __init__(
        self,
        database: Database,
        keepers: Keepers,
        resolve: Resolve,
        clock: Clock,
        paused: Callable[[bool], None],
        counters: Counters,
    ) -> None:
        self._database = database
        self._keepers = keepers
        self._resolve = resolve
        self._clock = clock
        self._paused = paused
        self._counters = counters
        self.inbox = Inbox()
        self._arrived = asyncio.Event()
        self._all_here = asyncio.Event()
        self._everybody = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.turn = asyncio.Lock()
        self.writing = True
        """Set to False, everything is refused at once: nobody waits for one attempt after another to fail."""

    def enqueue(self, request: Request, answer: Callable[[Answer], None]) -> None:
        """Takes a request; `answer` is called once, on the loop."""
        self.inbox.put(Waiting(request, answer))
        if len(self.inbox) >= self._everybody:
            self._all_here.set()
        self._idle.clear()
        self._arrived.set()

    async def run(self) -> None:
        """Works until it is cancelled. A batch under way is finished first."""
        while True:
            await self._arrived.wait()
            await asyncio.shield(self._drain())

    async def _drain(self) -> None:
        while self.inbox:
            batch = self.inbox.take(MOST_COMMANDS)
            self._counters.batches.add(len(batch))
            async with self.turn:
                await self._take(batch)
                self._keepers.let_go()
            await self._gather(len({waiting.request.author.id for waiting in batch}))
        self._arrived.clear()
        self._idle.set()

    async def _gather(self, answered: int) -> None:
        """Lets those who were answered say more, so that they are in the next batch and not in the one after."""
        self._everybody = len(self.inbox) + answered
        self._all_here.clear()
        await asyncio.sleep(0)
        if answered > 1 and len(self.inbox) < self._everybody:  # for one person alone nobody waits
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER):
                    await self._all_here.wait()

    async def idle(self) -> None:
        """Waits until every request taken so far has its answer."""
        await self._idle.wait()

    # --- a batch -----------------------------------------------------------------------------------------------------

    async def _take(self, batch: list[Waiting]) -> None:
        """Answers every request of the batch, or puts it back to the front of the queue."""
        if not self.writing:
            return self._refuse_all(batch)
        try:
            await self._commit(batch, wait=any(waiting.missed >= PATIENCE for waiting in batch))
        except InDoubt:
            await self._settle(batch)
        except IntegrityError:
            await self._halve(batch)
        except UNREACHABLE as error:
            log.warning("the database cannot be written: %s", type(error).__name__)
            self._paused(True)
            self._refuse_all(batch)
        except Exception:
            log.exception("a batch failed")
            for waiting in batch:
                self._answer(waiting, Refused(id=waiting.request.id, reason=internal(waiting.request)))

    async def _halve(self, batch: list[Waiting]) -> None:
        """Some command breaks a constraint: finds out which, and refuses it alone."""
        if len(batch) == 1:
            waiting = batch[0]
            self._answer(waiting, Refused(id=waiting.request.id, reason=internal(waiting.request)))
            return
        middle = len(batch) // 2
        await self._take(batch[:middle])
        await self._take(batch[middle:])

    async def _commit(self, waiting: list[Waiting], *, wait: bool) -> None:
        spaces = await self._load(waiting)
        wanted = {id for one in waiting for id in one.spaces}
        areas = {space.area_id for space in spaces.values()}
        began = monotonic()
        async with self._database.transaction() as transaction:
            commands = [one.request.id for one in waiting]
            opened = await transaction.run(journal.open_batch, wanted, areas, commands, wait=wait)
            await self._catch_up(transaction, spaces, opened)
            ready = self._postpone(waiting, spaces, opened)
            batch = Batch(spaces, opened, self._clock.now(opened.now), self._resolve)
            for one in ready:
                batch.decide(one)
            rows = batch.writes()
            if rows is not None:
                await transaction.finish(journal.write_batch, rows)
        if rows is not None:
            self._counters.commits.add(monotonic() - began)
            self._paused(False)
        self._adopt(batch)

    async def _load(self, waiting: Iterable[Waiting]) -> dict[Id, Space]:
        """The spaces concerned and their areas, those that exist. Outside the transaction: it may take a while."""
        spaces: dict[Id, Space] = {}
        for id in {id for one in waiting for id in one.spaces}:
            space = await self._keepers.get(id)
            if space is not None:
                spaces[id] = space
        for id in {space.area_id for space in spaces.values()} - spaces.keys():
            area = await self._keepers.get(id)
            if area is not None:
                spaces[id] = area
        return spaces

    async def _catch_up(self, transaction: Transaction, spaces: dict[Id, Space], opened: Opened) -> None:
        """Takes in what other processes wrote. A journal that is not the one held here was restored: load it anew."""
        stand = opened.areas | opened.locked
        other = {id: held.seq for id, held in spaces.items() if stand.get(id) not in (None, (held.seq, held.head))}
        if not other:
            return
        for id, entries in (await transaction.run(journal.entries_from, other)).items():
            if not self._keepers.take_in(spaces[id], entries):
                spaces[id] = await self._keepers.renew(id) or spaces[id]

    def _postpone(self, waiting: list[Waiting], spaces: dict[Id, Space], opened: Opened) -> list[Waiting]:
        """Those whose spaces are all locked by us. The others go back, in order, and hold back who comes after them."""
        ready: list[Waiting] = []
        back: list[Waiting] = []
        held = {id for id in spaces if id not in opened.locked}
        for one in waiting:
            if held.isdisjoint(one.spaces):
                ready.append(one)
            else:
                held.update(one.spaces)
                one.missed += 1
                back.append(one)
        self.inbox.put_back(back)
        return ready

    def _adopt(self, batch: Batch) -> None:
        """After COMMIT: the overlays become the state, the answers go out, the entries are shown."""
        for id in batch.entries:
            space = batch.founded.get(id) or self._keepers.peek(id)
            if space is None:
                continue
            space.adopt(batch.overlays[id])
            if id in batch.founded:
                self._keepers.add(space)
        self._counters.answered(answer for _, answer in batch.answers)
        for waiting, answer in batch.answers:
            waiting.answer(answer)
        for id, entries in batch.entries.items():
            self._counters.written += len(entries)
            space = self._keepers.peek(id)
            if space is not None:
                self._keepers.advance(space, entries)

    # --- when it goes wrong ------------------------------------------------------------------------------------------

    def _refuse_all(self, batch: Iterable[Waiting]) -> None:
        for waiting in batch:
            self._answer(waiting, Refused(id=waiting.request.id, reason=Unavailable()))

    def _answer(self, waiting: Waiting, answer: Answer) -> None:
        self._counters.answered([answer])
        waiting.answer(answer)

    async def _settle(self, batch: list[Waiting]) -> None:
        """A commit in doubt: forgets the hot state and asks the journal, on a new connection, before it answers."""
        self._paused(True)
        for id in {id for waiting in batch for id in waiting.spaces}:
            self._keepers.drop(id)
        known = await self._look_up([waiting.request.id for waiting in batch])
        if known is None:
            self._refuse_all(batch)
            return
        for waiting in batch:
            found = known.get((waiting.request.id, waiting.request.author.id))
            if found is None:
                self._refuse_all([waiting])
            else:
                self._answer(waiting, Accepted(id=waiting.request.id, seqs=found.seqs))
        for id in {id for waiting in batch for id in waiting.spaces}:
            try:
                await self._keepers.get(id)  # shows what was committed
            except UNREACHABLE:
                log.warning("space not loaded after a commit in doubt")

    async def _look_up(self, commands: list[Id]) -> dict[tuple[Id, Id], Known] | None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOKED_UP_WITHIN):
                for pause in LOOK_AGAIN:
                    await asyncio.sleep(pause)
                    with suppress(DBAPIError, OSError):
                        return await self._database.read(journal.find_commands, commands)
        return None

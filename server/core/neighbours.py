"""What other processes on the same database do: known at once by the relay, and at the latest by the sweep.

The sweep asks the database itself where the hot spaces stand. So it also notices a database that was put back to an
older state, under a process that runs: what this process holds is then dropped, and whoever looks at it begins anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from shared_schema.base import Id

from . import journal
from .counters import Counters
from .database import UNREACHABLE, Database
from .keeper import Keepers
from .moments import RunningOn
from .relay import Relay
from .revocations import last_revocation

log = logging.getLogger(__name__)

SWEEP = 2.0
"""Seconds between two looks for what the relay has lost."""
SWEPT_WITHIN = 5.0
"""Seconds that a look may take; the connection is given up then, and the next look has another."""
CAUGHT_UP_WITHIN = 1.0
"""Seconds for which no batch can be written meanwhile. What is left is taken in by the next batch or sweep."""
SEQ = "seq"
REVOKED = "revoked"


class Neighbours:
    """Takes in what others wrote, and hears which sessions they ended. `turn` is held while a batch is under way."""

    def __init__(
        self, database: Database, keepers: Keepers, relay: Relay, turn: asyncio.Lock, counters: Counters
    ) -> None:
        self._database = database
        self._keepers = keepers
        self._relay = relay
        self._turn = turn
        self._counters = counters
        self._behind: asyncio.Queue[Id] = asyncio.Queue()
        self._look = asyncio.Event()
        self._revoked = 0
        self._time = RunningOn(datetime.now(UTC))
        self.instance: Id = ""
        self.on_revoked: list[Callable[[list[str]], None]] = []
        """Called with the sessions that were ended, here or elsewhere."""

    def announce(self, space: Id, seq: int) -> None:
        """Tells the others that a space has new entries."""
        self._counters.announced += 1
        self._relay.publish(SEQ, space, str(seq).encode(), self)

    def announce_revocation(self) -> None:
        """Tells the others to look for sessions that have ended."""
        self._relay.publish(REVOKED, "", b"", self)

    def listen(self) -> Callable[[], None]:
        """Hears the others; answers with what ends it."""
        stop_seq = self._relay.listen(SEQ, self._hear, self)
        stop_revoked = self._relay.listen(REVOKED, lambda *_: self._look.set(), self)
        self._relay.on_state(lambda reachable: self._look.set() if reachable else None)

        def stop() -> None:
            stop_seq()
            stop_revoked()

        return stop

    def _hear(self, space: str, message: bytes) -> None:
        self._counters.heard += 1
        hot = self._keepers.peek(space)
        if hot is not None and hot.seq < int(message):
            self._behind.put_nowait(space)

    async def take_in(self) -> None:
        """Brings spaces up to the journal, one after the other, until it is cancelled."""
        while True:
            space = await self._behind.get()
            try:
                await self.catch_up(space)
            except UNREACHABLE:
                log.warning("catching up failed; the next sweep brings it")
            except Exception:
                log.exception("catching up failed", extra={"space": space})

    async def catch_up(self, space: Id) -> None:
        """Brings a space up to the journal, between two batches: no longer than these may wait."""
        async with self._turn, asyncio.timeout(CAUGHT_UP_WITHIN):
            await self._keepers.catch_up(space)

    # --- the sweep ---------------------------------------------------------------------------------------------------

    async def sweep_on(self) -> None:
        """Sweeps now and again, and whenever there is a reason to, until it is cancelled."""
        while True:
            try:
                async with asyncio.timeout(SWEEP):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()
            try:
                async with asyncio.timeout(SWEPT_WITHIN):
                    await self.sweep()
            except UNREACHABLE:
                log.warning("a sweep failed")
            except Exception:
                log.exception("a sweep failed")

    async def begin(self) -> None:
        """Revocations up to now concern nobody who is here."""
        self._revoked = await self._database.read(last_revocation)
        self._time = RunningOn(await self._database.read(journal.database_time))

    def now(self) -> datetime:
        """The database's time, as it was read last: a process whose own clock is wrong lets in and out like the others.

        SQLite has this machine's clock, and no sweep that would follow it.
        """
        return self._time.now() if self._database.shared else datetime.now(UTC)

    async def sweep(self) -> None:
        """Looks where the hot spaces stand in the database, and which sessions have ended."""
        for id in self._keepers.forgotten():
            await self._keepers.get(id)  # shows what was committed in doubt
        held = self._keepers.heads()
        seen = await self._database.read(journal.look_around, list(held), self._revoked)
        self._time = RunningOn(seen.now)
        for id, (seq, head) in held.items():
            # What was held stood in the database before it was asked. If something else stands there, that was written
            # by another process, or it is the past; or by this one, meanwhile.
            space = self._keepers.peek(id)
            if space is not None and seen.heads.get(id) not in ((seq, head), (space.seq, space.head)):
                self._behind.put_nowait(id)
        if seen.revoked:
            self._revoked = max(seen.revoked)
            for watcher in self.on_revoked:
                watcher(list(seen.revoked.values()))

"""How much is taken in: from one connection, from one person, from all together.

Whoever is over a limit is read more slowly, never answered "busy": that would change the order of a client's commands.
Only who asks by HTTP, one command at a time, is told when to come again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.core.budgets import Budgets
from server.core.kernel import Kernel
from shared_schema.base import Id

from .connections import Connection
from .protocol import Identity

MOST_WAITING = 64
"""Commands of one connection on their way to the committer; then its socket is not read until one is answered."""
MOST_OF_PERSON = 20
"""Sockets of one person, in all their tabs and devices."""
MOST_OF_SESSION = 8
"""Sockets of one session, which is the tabs of one browser. One more tab goes on by long poll."""
FULL_FOR = 2.0
"""Seconds after which to come again when too much waits for the committer, or another process is about to take over."""


class Limits:
    """What may be taken in now, and what has to wait. `budgets` None: persons have none."""

    def __init__(self, kernel: Kernel, budgets: Budgets | None, clock: Callable[[], float]) -> None:
        self._kernel = kernel
        self._budgets = budgets
        self._clock = clock

    def at_once(self, connection: Connection, number: int) -> bool:
        """Takes so many commands from the budget if none of them has to wait; else takes nothing and says no."""
        if connection.waiting + number >= MOST_WAITING or self._kernel.full:
            return False
        if self._budgets is None:
            return True
        person, at = connection.author.id, self._clock()
        if self._budgets.wait(person, at, number):
            return False
        self._budgets.spend(person, number, at)
        return True

    async def command(self, connection: Connection) -> None:
        """Waits until the connection may bring one more command. Meanwhile its socket is not read."""
        with _held(connection):
            if connection.waiting >= MOST_WAITING:
                connection.freed = asyncio.get_running_loop().create_future()
                await connection.freed
            await self._budget(connection.author.id)
            await self._kernel.room()

    async def seat(self, connection: Connection) -> None:
        """Waits until the connection may take one more seat. Meanwhile its socket is not read."""
        with _held(connection):
            await self._budget(connection.author.id)

    async def _budget(self, person: Id) -> None:
        """Pays first and waits then, so that the tabs of a person go on by turns, each in its order."""
        debt = 0.0 if self._budgets is None else self._budgets.spend(person, 1, self._clock())
        if debt:
            await asyncio.sleep(debt)

    def spend(self, person: Id) -> float:
        """Takes a command by HTTP from the person's budget; or answers with the seconds until there is room for it."""
        if self._kernel.full:
            return FULL_FOR
        if self._budgets is None:
            return 0.0
        wait = self._budgets.wait(person, self._clock())
        if not wait:
            self._budgets.spend(person, 1, self._clock())
        return wait

    def sweep(self, at: float) -> None:
        """Forgets what is of no use any more."""
        if self._budgets is not None:
            self._budgets.forget(at)


@contextmanager
def _held(connection: Connection) -> Iterator[None]:
    connection.held = True
    try:
        yield
    finally:
        connection.held = False


class Headcount:
    """How many sockets each person and each session has."""

    def __init__(self, most_of_person: int = MOST_OF_PERSON, most_of_session: int = MOST_OF_SESSION) -> None:
        self._most_of_person = most_of_person
        self._most_of_session = most_of_session
        self._of_person: Counter[Id] = Counter()
        self._of_session: Counter[str] = Counter()

    def come(self, identity: Identity) -> bool:
        """One socket more; says whether that is not too many."""
        self._of_person[identity.author.id] += 1
        self._of_session[identity.session] += 1
        few = self._of_session[identity.session] <= self._most_of_session
        return few and self._of_person[identity.author.id] <= self._most_of_person

    def go(self, identity: Identity) -> None:
        """One socket less."""
        for counts, key in ((self._of_person, identity.author.id), (self._of_session, identity.session)):
            counts[key] -= 1
            if not counts[key]:
                del counts[key]

    def people(self) -> set[Id]:
        """Those who have a socket."""
        return set(self._of_person)

    def sessions(self) -> set[str]:
        """The sessions that have a socket."""
        return set(self._of_session)

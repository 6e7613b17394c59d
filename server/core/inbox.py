"""The requests that wait for the committer, in order, and those who wait until there is room for more."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from .batch import Waiting

MOST_WAITING = 4_096
"""Requests: sixteen batches, which a busy process has behind it in a few seconds, and some megabytes of memory (a
hundred at worst, if each carried the longest text). More would only wait longer."""


class Inbox:
    """First in, first out. Whoever brings something from outside asks for room before; what follows from entries need
    not, because that is sent one by one."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._waiting: deque[Waiting] = deque()
        self._asking: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, waiting: Waiting) -> None:
        self._waiting.append(waiting)

    def take(self, most: int) -> list[Waiting]:
        """The next ones, at most so many."""
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self._let_in()
        return taken

    def put_back(self, waiting: Sequence[Waiting]) -> None:
        """These come first the next time, in the same order."""
        self._waiting.extendleft(reversed(waiting))

    @property
    def full(self) -> bool:
        """Whether there is no room, or others asked for it before."""
        return bool(self._asking) or len(self._waiting) >= self._most

    async def room(self) -> None:
        """Returns when one more may come; in the order of asking."""
        loop, asks = asyncio.get_running_loop(), self.full
        while asks:
            asking: asyncio.Future[None] = loop.create_future()
            self._asking.append(asking)
            await asking
            loop.call_soon(self._let_in)  # whoever comes after may, too, if this one brings nothing in the end
            asks = len(self._waiting) >= self._most  # somebody did not ask

    def _let_in(self) -> None:
        room = self._most - len(self._waiting)
        while self._asking and room > 0:
            asking = self._asking.popleft()
            if not asking.done():  # its connection may be gone
                asking.set_result(None)
                room -= 1

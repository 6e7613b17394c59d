"""Light clients, by the thousand: each has one seat, and comes back as the page does when its socket ends."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import cycle
from random import Random
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from shared_schema.base import Id
from tests.support.commands import Serving

FIRST_WAIT, LONGEST_WAIT, GROWTH = 0.5, 8.0, 1.6
"""Seconds: the back-off of web/src/sync/connection.ts, of which a random part is waited."""
AT_ONCE = 64
"""How many open their first socket side by side: later they all come at once."""
COME_WITHIN = 60.0
"""Seconds for so many to take their first seats."""
FOR_GOOD = (4400, 4401, 4403, 4409)
"""Codes after which the page does not come again by itself."""


class Tab:
    """One seat in one space, from where a snapshot would stand; reconnects for ever, unless it is sent away."""

    def __init__(self, serving: Serving, cookie: str, space: Id, stands: tuple[int, str], number: int) -> None:
        self.space = space
        self.seq, self.head = stands
        self.attempts = 0
        """Failed ones since the last seat."""
        self.seated = asyncio.Event()
        self.seated_at = 0.0
        self.sent_away: int | None = None
        self.pongs = 0
        self._dice = Random(number)
        self._socket: ClientConnection | None = None
        self._address = f"ws://127.0.0.1:{serving.port}/ws"
        self._options: dict[str, Any] = {
            "origin": serving.url,
            "additional_headers": {"Cookie": cookie},
            "proxy": None,
            "compression": None,
            "ping_interval": None,
            "open_timeout": 30,
            "close_timeout": 1,
        }

    async def live(self) -> None:
        """Connects, follows, comes back; until it is cancelled or sent away for good."""
        while self.sent_away is None:
            try:
                async with connect(self._address, **self._options) as self._socket:
                    await self._follow(self._socket)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                self.sent_away = code if code in FOR_GOOD else None
            except (OSError, TimeoutError, WebSocketException):
                pass
            self.seated.clear()
            await asyncio.sleep(self._dice.random() * min(LONGEST_WAIT, FIRST_WAIT * GROWTH**self.attempts))
            self.attempts += 1

    async def _follow(self, socket: ClientConnection) -> None:
        watch = {"t": "watch", "space": self.space, "since": self.seq, "head": self.head}
        await socket.send('{"t":"hello","protocol":1}')
        await socket.send(json.dumps(watch))
        while True:
            said = json.loads(await socket.recv())
            for message in said if isinstance(said, list) else [said]:
                self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        match message["t"]:
            case "entries":
                for entry in message["entries"]:
                    assert entry["seq"] == self.seq + 1, "an entry is missing, or came twice"
                    self.seq += 1
                self.head = message["head"]
                if not self.seated.is_set():
                    self.attempts, self.seated_at = 0, time.monotonic()
                    self.seated.set()
            case "pong":
                self.pongs += 1

    async def ping(self) -> None:
        with suppress(ConnectionClosed):
            if self._socket is not None:
                await self._socket.send('{"t":"ping"}')


@asynccontextmanager
async def crowd(
    serving: Serving, cookies: Sequence[str], stands: Mapping[Id, tuple[int, str]], number: int
) -> AsyncIterator[list[Tab]]:
    """So many tabs, spread over people and spaces, each of which `stands` at a seq and its head. They come a few at a
    time, and all have their seats."""
    tabs = [
        Tab(serving, cookies[n % len(cookies)], space, stands[space], n)
        for n, space in zip(range(number), cycle(stands), strict=False)
    ]
    async with asyncio.TaskGroup() as group:
        tasks = []
        for some in (tabs[n : n + AT_ONCE] for n in range(0, number, AT_ONCE)):
            tasks += [group.create_task(tab.live()) for tab in some]
            async with asyncio.timeout(COME_WITHIN):
                await asyncio.gather(*(tab.seated.wait() for tab in some))
        yield tabs
        for task in tasks:
            task.cancel()

"""A TCP proxy on loopback that breaks connections when it is told to: what a cable, a router or a crash would do.

`tc netem` needs rights and a kernel that not every machine has. This one needs neither, and it hits one connection
out of several.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

CHUNK = 65_536
RESET_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing drops what was not sent and answers with RST."""


class Way:
    """One direction. While it is held nothing passes, not even the news that one side has hung up."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self.delay = 0.0
        """Seconds by which each piece arrives later."""

    def hold(self) -> None:
        self._open.clear()

    def heal(self) -> None:
        """Lets everything through that was held back, in order, as TCP sends again what was lost."""
        self._open.set()

    @property
    def held(self) -> bool:
        return not self._open.is_set()

    async def passable(self) -> None:
        await self._open.wait()
        if self.delay:
            await asyncio.sleep(self.delay)


class Proxy:
    """Forwards to a server until it is told otherwise.

    `black_hole()` holds both directions of every connection, old and new, without a word to either side. Holding only
    `to_server` or `to_client` makes a one-way street. `heal()` ends all of it, `reset()` ends connections with RST.

    `cut_after` names bytes: once a client has sent them on, its connection is lost. `deaf_after` names bytes after
    which a client gets no answer any more, until the proxy heals. Both hit once.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.port = 0
        self.to_server, self.to_client = Way(), Way()
        self.cut_after: bytes | None = None
        self.deaf_after: bytes | None = None
        self.struck = asyncio.Event()
        """Set when the bytes of `cut_after` or `deaf_after` have passed."""
        self.refuse = False
        self.links: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def black_hole(self) -> None:
        self.to_server.hold()
        self.to_client.hold()

    def heal(self) -> None:
        self.refuse = False
        self.deaf_after = self.cut_after = None
        for way in (self.to_server, self.to_client):
            way.delay = 0.0
            way.heal()

    def reset(self) -> None:
        """Ends every connection that there is. New ones are taken."""
        for task, writer in self.links.items():
            _reset_at_once(writer)
            task.cancel()

    async def link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it or it is cut."""
        if self.refuse:
            _reset_at_once(writer)
            return
        await self.to_server.passable()  # in a black hole a connection comes about for the client alone
        try:
            from_server, to_server = await self.reach()
        except OSError:
            _reset_at_once(writer)
            return
        try:
            async with asyncio.TaskGroup() as tasks:
                answers = Way()
                tasks.create_task(self._forward(reader, to_server, [self.to_server], answers))
                tasks.create_task(self._forward(from_server, writer, [self.to_client, answers]))
        except* ConnectionError:
            pass
        finally:
            writer.transport.abort()
            to_server.close()
            with suppress(ConnectionError):
                await to_server.wait_closed()

    async def reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A new connection to the server."""
        return await asyncio.open_connection(*self.target)

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ways: list[Way], answers: Way | None = None
    ) -> None:
        """Passes on what comes. `answers` is the way back to a client, where the proxy shall listen to what it says."""
        while data := await reader.read(CHUNK):
            for way in ways:
                await way.passable()
            if answers is not None:
                self._strike_deaf(data, answers)
            writer.write(data)
            await writer.drain()
            if answers is not None:
                self._cut(data)
        for way in ways:
            await way.passable()
        raise ConnectionResetError("one side ended it")

    def _strike_deaf(self, data: bytes, answers: Way) -> None:
        if self.deaf_after is not None and self.deaf_after in data:
            self.deaf_after = None
            answers.hold()
            self.struck.set()

    def _cut(self, data: bytes) -> None:
        if self.cut_after is not None and self.cut_after in data:
            self.cut_after = None
            self.struck.set()
            raise ConnectionAbortedError("cut on purpose")


def _reset_at_once(writer: asyncio.StreamWriter) -> None:
    line: Any = writer.get_extra_info("socket")
    with suppress(OSError):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
    writer.transport.abort()


P = TypeVar("P", bound=Proxy)


@asynccontextmanager
async def proxied(host: str, port: int) -> AsyncIterator[Proxy]:
    """A running proxy in front of a server."""
    async with served(Proxy(host, port)) as proxy:
        yield proxy


@asynccontextmanager
async def served(proxy: P, port: int = 0) -> AsyncIterator[P]:
    """A proxy that runs, on this port of loopback or on any."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        proxy.links[task] = writer
        with suppress(asyncio.CancelledError):
            await proxy.link(reader, writer)
        proxy.links.pop(task, None)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in list(proxy.links):
            task.cancel()
        await asyncio.gather(*proxy.links, return_exceptions=True)
        await server.wait_closed()

"""A TCP proxy on loopback that loses connections when it is told to: what a cable, a router or a crash would do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Proxy:
    """Forwards to a server. `cut_after` names bytes: once a client sent them on, its connection is lost."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.port = 0
        self.cut_after: bytes | None = None
        self.refuse = False
        self._links: set[asyncio.Task[None]] = set()

    async def link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it or it is cut."""
        if self.refuse:
            writer.transport.abort()
            return
        to_server = await asyncio.open_connection(*self.target)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._forward(reader, to_server[1], watch=True))
                tasks.create_task(self._forward(to_server[0], writer, watch=False))
        except* ConnectionError:
            pass
        finally:
            writer.transport.abort()
            to_server[1].close()
            with suppress(ConnectionError):
                await to_server[1].wait_closed()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, watch: bool) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
            if watch and self.cut_after is not None and self.cut_after in data:
                self.cut_after = None
                raise ConnectionAbortedError("cut on purpose")
        raise ConnectionResetError("one side ended it")


@asynccontextmanager
async def proxied(host: str, port: int) -> AsyncIterator[Proxy]:
    """A running proxy in front of a server."""
    proxy = Proxy(host, port)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        proxy._links.add(task)
        with suppress(asyncio.CancelledError):
            await proxy.link(reader, writer)
        proxy._links.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in list(proxy._links):
            task.cancel()
        await asyncio.gather(*proxy._links, return_exceptions=True)
        await server.wait_closed()

"""A process that serves: the port, the database made ready, uvicorn, and an orderly end."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial

import click
import uvicorn
from msgspec.structs import replace

from server.app import UVICORN, Korridor, running
from server.core.database import open_database
from server.core.kernel import Kernel
from server.core.moments import SetClock
from server.incoming import HttpProtocol
from server.listening import listen
from server.migrations import migrate
from server.people import access
from server.settings import Settings

STOPS_WITHIN = 10
"""Seconds that requests under way have to finish when the server is told to stop."""
BACKLOG = 2048
READY = b"ready\n"
"""What a worker says to its supervisor once it takes requests."""
KEEP_ALIVE = 75
"""Seconds that a quiet connection stays open: longer than proxies keep theirs, so that they use none just closed."""


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Sockets get 1012, what was accepted is finished, then it returns."""
    with closing(listen(settings.host, settings.port)) as port:
        settings = replace(settings, port=port.getsockname()[1])
        await prepare(settings)
        async with running(settings) as korridor:
            await Server(settings, korridor).serve(sockets=[port])


async def work(settings: Settings, port: socket.socket, line: socket.socket) -> None:
    """Serves a port as one of several workers (see workers.py): says on the line that it has begun, and ends when that
    is closed."""
    settings = replace(settings, port=port.getsockname()[1])
    async with running(settings) as korridor:
        server = Server(settings, korridor, began=lambda: line.sendall(READY))
        asyncio.get_running_loop().add_reader(line, server.handle_exit, signal.SIGTERM, None)
        await server.serve(sockets=[port])
        asyncio.get_running_loop().remove_reader(line)


async def prepare(settings: Settings) -> bool:
    """Brings the database up to date; on a demo instance writes the demo area, if it is not there. Says if it did."""
    await migrate(settings.database_url)
    return settings.demo and await _seed(settings.database_url)


async def _seed(url: str) -> bool:
    from server.demo import seeding  # and its scenario: only a demo needs it

    database, clock = open_database(url), SetClock(datetime.now(UTC))
    try:
        async with Kernel(database, resolve=access.actor, clock=clock) as kernel:
            if await seeding.is_seeded(kernel):
                return False
            await seeding.seed(kernel, clock, datetime.now(UTC).date())
            return True
    finally:
        await database.close()


class Server(uvicorn.Server):
    """Uvicorn, which here ends by returning: signals are not raised again, so that the kernel can finish its work."""

    def __init__(self, settings: Settings, korridor: Korridor, began: Callable[[], None] | None = None) -> None:
        super().__init__(
            uvicorn.Config(
                korridor.asgi,
                http=HttpProtocol,
                loop="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=list(settings.trusted_proxies),
                server_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=STOPS_WITHIN,
                **UVICORN,
            )
        )
        self.listens = asyncio.Event()
        """Set once requests are taken."""
        self._began = began or partial(announce, settings)
        self._korridor = korridor

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What was imported and built until now stays; a full collection shall not walk it while people wait.
        gc.collect()
        gc.freeze()
        self._began()
        self.listens.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._korridor.hub.close()
        await super().shutdown(sockets)


def announce(settings: Settings) -> None:
    """Tells the person at the terminal where to go, in both languages."""
    address = settings.origins[0]
    if settings.demo:
        click.echo(f"Korridor läuft: {address} – wählen Sie dort eine Person aus.")
        click.echo("Für zwei Personen zugleich öffnen Sie ein zweites, privates Fenster. Beenden mit Strg+C.")
        click.echo(f"Korridor is running: {address} – choose a person there.")
        click.echo("To be two people at once, open a second, private window. Stop with Ctrl+C.")
    else:
        click.echo(f"Korridor läuft: {address}")
        click.echo(f"Korridor is running: {address}")

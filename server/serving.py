"""A process that serves: the port, the database made ready, uvicorn, and an orderly end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial

import click
import uvicorn
from msgspec.structs import replace

from server import __version__
from server.app import UVICORN, Korridor, running
from server.core.database import open_database
from server.core.kernel import Kernel
from server.core.moments import SetClock
from server.incoming import HttpProtocol
from server.listening import listen
from server.migrations import migrate
from server.people import access
from server.people.setup import setup_link
from server.realtime.socket import SocketProtocol
from server.settings import Settings

log = logging.getLogger("korridor")

SOCKETS_CLOSE_WITHIN = 2.5
"""Seconds for the other ends to answer the close frames; those that do not are cut off after two."""
REQUESTS_END_WITHIN = 2
"""Seconds that requests under way have then; long polls and commands were answered before."""
KERNEL_ENDS_WITHIN = 1.0
"""Seconds for the rest. With those above and the ones in `Hub.finish` the process is gone within ten, whatever the
database does: whoever watches over processes gives them at least that."""
LOOK_EVERY = 0.02
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
            _end_soon()
    log.info("stopped", extra={"worker": settings.worker})


def _end_soon() -> None:
    asyncio.get_running_loop().call_later(KERNEL_ENDS_WITHIN, _give_up)


def _give_up() -> None:
    """Ends a process that the database keeps waiting. What was acknowledged is durable, the rest is sent again."""
    log.error("gave_up_waiting")
    os._exit(1)


async def work(settings: Settings, port: socket.socket, line: socket.socket) -> None:
    """Serves a port as one of several workers (see workers.py): says on the line that it has begun, and ends when that
    is closed."""
    settings = replace(settings, port=port.getsockname()[1])
    async with running(settings) as korridor:
        server = Server(settings, korridor, began=lambda: line.sendall(READY))
        asyncio.get_running_loop().add_reader(line, server.handle_exit, signal.SIGTERM, None)
        await server.serve(sockets=[port])
        asyncio.get_running_loop().remove_reader(line)
        _end_soon()
    log.info("stopped", extra={"worker": settings.worker})


async def prepare(settings: Settings) -> bool:
    """Brings the database up to date; on a demo instance writes the demo area, if it is not there. Says if it did.

    An instance that holds nothing yet and is no demo tells whoever starts it the link to set it up.
    """
    await migrate(settings.database_url)
    if settings.demo:
        return await _seed(settings.database_url)
    await _offer_setup(settings)
    return False


async def _offer_setup(settings: Settings) -> None:
    database = open_database(settings.database_url)
    try:
        link = await setup_link(database, settings.origins[0])
    finally:
        await database.close()
    if link is not None:
        click.echo(f"Noch ist hier nichts eingerichtet. Öffnen Sie diesen Link, er gilt sieben Tage:\n{link}")
        click.echo("Nothing is set up here yet. Open the link above; it is good for seven days.")


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
                timeout_graceful_shutdown=REQUESTS_END_WITHIN,
                **UVICORN,
            )
        )
        self.listens = asyncio.Event()
        """Set once requests are taken."""
        self._settings = settings
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
        log.info("started", extra={"version": __version__, "worker": self._settings.worker})
        self._began()
        self.listens.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        log.info("stopping", extra={"worker": self._settings.worker})
        for server in self.servers:
            server.close()  # who comes now shall be another process's guest
        await self._korridor.hub.finish()
        await self._goodbyes()
        await super().shutdown(sockets)

    async def _goodbyes(self) -> None:
        """Waits until the other ends of the sockets have read all that was said: to close before would take it away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SOCKETS_CLOSE_WITHIN):
                # uvicorn tells nobody when one is gone
                while any(isinstance(one, SocketProtocol) for one in self.server_state.connections):  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_EVERY)


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

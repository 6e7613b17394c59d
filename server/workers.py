"""Several processes behind one port: a supervisor that holds the port, and workers that serve it.

The port stays open while workers come and go, so that no connection is refused meanwhile. A worker that dies is
replaced. SIGHUP replaces all of them, one after the other: the next one begins when the one before takes requests.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import closing, suppress

from server.listening import listen
from server.serving import announce, prepare
from server.settings import Settings

log = logging.getLogger("korridor.workers")

READY = b"ready\n"
READY_WITHIN = 60.0
"""Seconds that a worker has to begin: a small machine that is busy needs more than the usual two."""
ENDS_WITHIN = 20.0
"""Seconds that a worker has to end, after which it is killed. It needs ten at most, see serving.py."""
PAUSES = (0.1, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a worker that ended by itself is replaced: longer each time it does not even get ready."""


async def supervise(settings: Settings, workers: int) -> None:
    """Serves with several processes until SIGTERM or SIGINT."""
    with closing(listen(settings.host, settings.port)) as port:
        settings.with_port(port)
        await prepare(settings)
        await Supervisor(settings, port, workers).run()


class Worker:
    """One process, and the line to it: it says when it is ready, and ends when the supervisor's end is gone."""

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        self.process = process
        self._line = line

    @classmethod
    async def start(cls, number: int, port: socket.socket) -> Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with closing(theirs):
            command = [sys.executable, "-m", "server.cli", "worker", str(port.fileno()), str(theirs.fileno())]
            environment = {**os.environ, "KORRIDOR_WORKER": str(number)}
            fds = (port.fileno(), theirs.fileno())
            process = await asyncio.create_subprocess_exec(*command, env=environment, pass_fds=fds)
        return cls(process, ours)

    async def ready(self) -> bool:
        """Waits until it takes requests; False if it ends before, or takes too long."""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(READY_WITHIN):
                return await asyncio.get_running_loop().sock_recv(self._line, len(READY)) == READY
        return False

    async def end(self) -> None:
        """Tells it to end in order; kills it if it does not."""
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                await self.process.wait()
        except TimeoutError:
            log.warning("worker_killed", extra={"process": self.process.pid})
            self.process.kill()
            await self.process.wait()
        self._line.close()

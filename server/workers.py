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

import click
from msgspec.structs import replace

from server.listening import listen
from server.serving import READY, announce, prepare
from server.settings import Settings

log = logging.getLogger("korridor.workers")

READY_WITHIN = 60.0
"""Seconds that a worker has to begin: a small machine that is busy needs more than the usual two."""
ENDS_WITHIN = 20.0
"""Seconds that a worker has to end, after which it is killed. It needs ten at most, see serving.py."""
WITHOUT_REDIS = "Without KORRIDOR_REDIS_URL, what happens in one worker reaches the others up to two seconds later."
PAUSES = (0.1, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a worker that ended by itself is replaced: longer each time it does not even get ready."""


async def supervise(settings: Settings) -> None:
    """Serves with several processes until SIGTERM or SIGINT."""
    with closing(listen(settings.host, settings.port)) as port:
        settings = replace(settings, port=port.getsockname()[1])
        await prepare(settings)
        if not settings.redis_url:
            click.echo(WITHOUT_REDIS, err=True)
        await Supervisor(settings, port).run()


class Worker:
    """One process, and the line to it: it says when it is ready, and ends when the supervisor's end is gone."""

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        self.process = process
        self._line = line

    @classmethod
    async def start(cls, number: int, port: socket.socket, said: dict[str, str]) -> Worker:
        """Begins worker `number`, counted from 0. What is `said` goes before its environment."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with closing(theirs):
            command = [sys.executable, "-m", "server.cli", "worker", str(port.fileno()), str(theirs.fileno())]
            environment = {**os.environ, **said, "KORRIDOR_WORKER": str(number)}
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


class Supervisor:
    """Keeps as many workers running as the settings ask for."""

    def __init__(self, settings: Settings, port: socket.socket) -> None:
        self._settings = settings
        self._port = port
        self._workers: list[Worker | None] = [None] * settings.workers
        self._stop = asyncio.Event()
        self._replace = asyncio.Event()
        self._announced = False

    async def run(self) -> None:
        """Begins, keeps and replaces workers until it is told to stop; then ends them."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._replace.set)
        tasks = [asyncio.create_task(self._keep(number)) for number in range(len(self._workers))]
        tasks.append(asyncio.create_task(self._replace_on()))
        await self._stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(worker.end() for worker in self._workers if worker is not None))

    async def _start(self, number: int) -> Worker:
        # What the command line says goes before what the environment says, in the workers, too.
        said = {"KORRIDOR_WORKERS": str(self._settings.workers), "KORRIDOR_DEMO": str(int(self._settings.demo))}
        return await Worker.start(number, self._port, said)

    async def _keep(self, number: int) -> None:
        """Begins a worker, and another one whenever it ended though nobody told it to."""
        failures = 0
        while True:
            self._workers[number] = worker = await self._start(number)
            if await worker.ready():
                failures = 0
                self._announce()
            else:
                await worker.end()
            worker = await self._until_ended(number, worker)
            log.error("worker_ended", extra={"worker": number, "code": worker.process.returncode})
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
            failures += 1

    def _announce(self) -> None:
        if not self._announced:
            self._announced = True
            announce(self._settings)

    async def _until_ended(self, number: int, worker: Worker) -> Worker:
        """Waits for the end of the worker that is in this place, whichever that is by then; answers with it."""
        while True:
            await worker.process.wait()
            now = self._workers[number]
            if now is worker or now is None:
                return worker
            worker = now

    # --- replacing them ----------------------------------------------------------------------------------------------

    async def _replace_on(self) -> None:
        while True:
            await self._replace.wait()
            self._replace.clear()
            for number in range(len(self._workers)):
                if not await self._replace_one(number):
                    log.error("worker_not_replaced", extra={"worker": number})
                    break

    async def _replace_one(self, number: int) -> bool:
        """Begins a new worker beside the old one, and ends that once the new one takes requests; else keeps it."""
        before = self._workers[number]
        if before is None:
            return True  # it is only just beginning
        fresh = await self._start(number)
        if not await fresh.ready():
            await fresh.end()
            return False
        self._workers[number] = fresh
        await before.end()
        log.info("worker_replaced", extra={"worker": number})
        return True

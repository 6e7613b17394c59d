"""The product as a child process: everything that `korridor serve` runs, without seeding the demo area.

`python -m bench.served DATABASE_URL` prints `port N` once requests are taken.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import closing

import uvloop

from bench.machine import SERVER_CORE, allow_sockets, pin
from server import log
from server.app import running
from server.listening import listen
from server.migrations import migrate
from server.serving import Server
from server.settings import Settings


async def serve(database_url: str) -> None:
    with closing(listen("127.0.0.1", 0)) as port:
        number = port.getsockname()[1]
        # A demo instance, because there people sign in by choosing who they are. No budgets: few people send for many.
        settings = Settings(database_url=database_url, port=number, demo=True, budgets=False, log_level="warning")
        await migrate(database_url)
        async with running(settings) as korridor:
            server = Server(settings, korridor)
            serving = asyncio.create_task(server.serve(sockets=[port]))
            await server.listens.wait()
            print(f"port {number}", flush=True)
            await serving


if __name__ == "__main__":
    pin(SERVER_CORE)
    allow_sockets()
    log.configure("warning")
    uvloop.run(serve(sys.argv[1]))

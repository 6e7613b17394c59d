"""The product as a child process: everything that `korridor serve` runs, without seeding the demo area.

`python -m bench.served DATABASE_URL` prints `port N` once requests are taken. `--core` names the core to run on (else
any), `--redis` the address of a Redis, and `--locks` another way to share the rows of the spaces (`locking.py`).
"""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from contextlib import closing

import uvloop

from bench.locking import WAYS
from bench.machine import allow_sockets, pin
from server import log
from server.app import running
from server.listening import listen
from server.migrations import migrate
from server.serving import Server
from server.settings import Settings


async def serve(database_url: str, redis_url: str) -> None:
    with closing(listen("127.0.0.1", 0)) as port:
        number = port.getsockname()[1]
        # A demo instance, because there people sign in by choosing who they are. No budgets: few people send for many.
        settings = Settings(
            database_url=database_url, redis_url=redis_url, port=number, demo=True, budgets=False, log_level="warning"
        )
        await migrate(database_url)
        async with running(settings) as korridor:
            server = Server(settings, korridor)
            serving = asyncio.create_task(server.serve(sockets=[port]))
            await server.listens.wait()
            print(f"port {number}", flush=True)
            await serving


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("database_url")
    parser.add_argument("--redis", default="")
    parser.add_argument("--core", type=int)
    parser.add_argument("--locks", choices=WAYS)
    asked = parser.parse_args()
    if asked.locks is not None:
        WAYS[asked.locks]()
    pin(asked.core)
    allow_sockets()
    log.configure("warning")
    uvloop.run(serve(asked.database_url, asked.redis))


if __name__ == "__main__":
    main()

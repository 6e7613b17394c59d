"""What the product is compared with: `websockets` sending each message to everybody, and nothing else.

No sign-in, no spaces, no database. Whatever arrives on `/control` goes to all who are connected to any other path, by
the library's own `broadcast`. `python -m bench.bare` prints `port N` once it listens.
"""

from __future__ import annotations

import asyncio
import gc
import signal

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench.machine import SERVER_CORE, allow_sockets, pin


async def main() -> None:
    watchers: set[ServerConnection] = set()

    async def converse(connection: ServerConnection) -> None:
        if connection.request is not None and connection.request.path == "/control":
            async for message in connection:
                broadcast(watchers, message)
            return
        watchers.add(connection)
        try:
            await connection.wait_closed()
        finally:
            watchers.discard(connection)

    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    # Deflate is off for the product, too; nobody here pings.
    async with serve(converse, "127.0.0.1", 0, compression=None, ping_interval=None, close_timeout=1) as server:
        gc.collect()
        gc.freeze()
        print(f"port {next(iter(server.sockets)).getsockname()[1]}", flush=True)
        await stopped.wait()


if __name__ == "__main__":
    pin(SERVER_CORE)
    allow_sockets()
    uvloop.run(main())

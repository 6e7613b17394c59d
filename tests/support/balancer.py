"""What stands in front of several processes: one address, which passes on to whichever of them answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.proxy import Proxy, served


class Balancer(Proxy):
    """Passes each new connection on to the first of `targets` that takes it. A test changes their order."""

    def __init__(self, *targets: tuple[str, int]) -> None:
        super().__init__(*targets[0])
        self.targets = list(targets)

    async def reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for target in self.targets:
            try:
                return await asyncio.open_connection(*target)
            except OSError:
                continue
        raise ConnectionRefusedError


@asynccontextmanager
async def balanced(port: int, *ports: int) -> AsyncIterator[Balancer]:
    """A running balancer on a port of loopback, in front of servers on others."""
    async with served(Balancer(*(("127.0.0.1", port) for port in ports)), port) as balancer:
        yield balancer

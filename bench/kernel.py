"""`python -m bench.kernel [postgresql]`: what a command costs in a kernel without sockets, by the size of its batch.

Processor time in µs for each command, of the whole process and of the loop alone: the 20 % quantile of the batches.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import msgspec
import uvloop

from bench.data import Ground, make_ground
from bench.loads import Message, work
from bench.machine import SERVER_CORE, pin
from server.core.commands import Request, read_command
from server.core.kernel import Kernel
from shared_schema.base import Author, Id
from shared_schema.frames import Accepted, Do
from tests.support.areas import running_kernel
from tests.support.servers import Postgres

SIZES = (1, 10, 20, 100, 250)
COMMANDS = 2_000
WARM = 5
"""Batches that are not counted."""


def main(database: str) -> None:
    with ExitStack() as stack:
        if database == "postgresql":
            url = stack.enter_context(stack.enter_context(Postgres(durable=True)).database())
        else:
            pin(SERVER_CORE)
            url = f"sqlite:///{Path(stack.enter_context(tempfile.TemporaryDirectory())) / 'kernel.db'}"
        uvloop.run(_measure(url))


async def _measure(url: str) -> None:
    ground = await make_ground(url)
    print("commands in a batch | all | on the loop")
    async with running_kernel(url) as kernel:
        messages = work(ground.hall, ground.hall.tasks[:40])
        for size in SIZES:
            costs = [await _batch(kernel, _requests(ground, messages, size)) for _ in range(WARM + COMMANDS // size)]
            whole, loop = (sorted(column)[(len(costs) - WARM) // 5] for column in zip(*costs[WARM:], strict=True))
            print(f"{size:19} | {whole / size:.0f} | {loop / size:.0f}", flush=True)


def _requests(ground: Ground, messages: Iterator[Message], size: int) -> list[Request]:
    """As many different people send a command each."""
    return [
        _request(text, ground.people[number % len(ground.people)])
        for number, (_, text) in enumerate(islice(messages, size))
    ]


def _request(text: bytes, person: Id) -> Request:
    do = msgspec.json.decode(text, type=Do)
    author = Author(kind="person", id=person)
    return Request(id=do.id, space=do.space, command=read_command(do.command), author=author)


async def _batch(kernel: Kernel, requests: list[Request]) -> tuple[float, float]:
    """Microseconds of the process and of its loop until the last of these is acknowledged."""
    whole, loop = time.process_time_ns(), time.thread_time_ns()
    for request in requests[:-1]:
        kernel.enqueue(request, lambda _: None)
    last = await kernel.submit(requests[-1])
    cost = (time.process_time_ns() - whole) / 1000, (time.thread_time_ns() - loop) / 1000
    if not isinstance(last, Accepted):
        raise RuntimeError(f"not accepted: {last}")
    return cost


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["sqlite"]))

"""The two ways in which Redis could carry wakes from process to process, as one end of the line each.

`python -m bench.carriers hear pubsub URL` prints `ready`, hears until it is told the end, and prints what it heard;
`… send pubsub URL RATE SECONDS` sends. With `streams` instead of `pubsub` the same over a stream.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

import msgspec
import uvloop
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.core.ids import new_id

KEY = "korridor:wakes"
KEPT = 10_000
"""Entries of the stream, about: five seconds at 2,000 messages a second."""
TICK = 0.005
"""Seconds between two batches: what is due by then is sent in one go, as a commit announces all its spaces."""
AGAIN = 0.05
"""Seconds until a lost connection is tried again."""
END = b"end"
ENDS = 5


class Carrier(Protocol):
    """One end of the line. `hear` yields what comes; it raises when the connection is lost, and may be asked again."""

    async def send(self, messages: Sequence[bytes]) -> None: ...

    def hear(self) -> AsyncIterator[bytes]: ...


class PubSub:
    """Messages for whoever listens at the moment; nobody else ever hears of them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def send(self, messages: Sequence[bytes]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for message in messages:
                pipeline.publish(KEY, message)
            await pipeline.execute()

    async def hear(self) -> AsyncIterator[bytes]:
        async with self._redis.pubsub(ignore_subscribe_messages=False) as listening:
            await listening.subscribe(KEY)
            async for message in listening.listen():
                yield message["data"] if message["type"] == "message" else b""


class Stream:
    """Messages that stay for a while: a listener that was away reads on where it left off."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._last = ""

    async def send(self, messages: Sequence[bytes]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for message in messages:
                pipeline.xadd(KEY, {"m": message}, maxlen=KEPT, approximate=True)
            await pipeline.execute()

    async def hear(self) -> AsyncIterator[bytes]:
        if not self._last:
            newest: Any = await self._redis.xrevrange(KEY, count=1)
            self._last = newest[0][0] if newest else "0"
        yield b""
        while True:
            news: Any = await self._redis.xread({KEY: self._last}, count=500, block=1000)
            for self._last, fields in news[0][1] if news else ():
                yield fields[b"m"]


CARRIERS: dict[str, Callable[[Redis], Carrier]] = {"pubsub": PubSub, "streams": Stream}


# --- the two ends ----------------------------------------------------------------------------------------------------


class Sent(Struct, frozen=True):
    """Numbers of the messages that Redis took, and the processor time it cost to send them."""

    numbers: list[int]
    cpu_s: float


class Heard(Struct, frozen=True):
    """Numbers of the messages that came, in order, how long each was under way, the longest silence, and the cost."""

    numbers: list[int]
    took: list[float]
    silence_s: float
    cpu_s: float


async def send(carrier: Carrier, rate: int, seconds: float) -> Sent:
    """Sends so many messages a second, each with its number and the time."""
    begun, used, number = time.monotonic(), time.process_time(), 0
    taken: list[int] = []
    space = new_id().encode()
    while (past := time.monotonic() - begun) < seconds:
        due = range(number, int(past * rate) + 1)
        number = due.stop
        now = time.monotonic_ns()
        if due and await _try(carrier, [b"%b %d %d" % (space, one, now) for one in due]):
            taken += due
        await asyncio.sleep(max(TICK, 1 / rate))
    cost = time.process_time() - used
    for _ in range(ENDS):
        await _try(carrier, [END])
        await asyncio.sleep(AGAIN)
    return Sent(taken, cost)


async def _try(carrier: Carrier, messages: Sequence[bytes]) -> bool:
    try:
        await carrier.send(messages)
    except (RedisError, OSError):
        return False
    return True


async def hear(carrier: Carrier) -> Heard:
    """Hears until the end is said, over as many connections as it takes."""
    numbers: list[int] = []
    took: list[float] = []
    used, silence, last = time.process_time(), 0.0, 0.0
    while True:
        try:
            async for message in carrier.hear():
                now = time.monotonic_ns() / 1e9
                if message == END:
                    return Heard(numbers, took, silence, time.process_time() - used)
                if not message:
                    print("ready", flush=True)
                    continue
                _, number, sent_ns = message.split()
                numbers.append(int(number))
                took.append(now - int(sent_ns) / 1e9)
                silence, last = max(silence, now - last if last else 0.0), now
        except (RedisError, OSError):
            await asyncio.sleep(AGAIN)


async def main(task: str, kind: str, url: str, rate: str = "0", seconds: str = "0") -> None:
    async with Redis.from_url(url, socket_timeout=2, client_name=task) as redis:
        carrier = CARRIERS[kind](redis)
        done = await (send(carrier, int(rate), float(seconds)) if task == "send" else hear(carrier))
    print(msgspec.json.encode(done).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))

"""The relay over Redis or Valkey: one channel, to which every process publishes and which every process reads.

Each process also hears itself. It says something once a second, and if that does not come back, the way is broken
somewhere: gone, swallowed in one direction, or held up by a server that no longer answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from .ids import new_id
from .relay import Heard, Listeners

log = logging.getLogger(__name__)

CHANNEL = "korridor"
BEAT = 1.0
"""Seconds between two messages to oneself."""
LATE = 3.0
"""Seconds without hearing oneself after which messages are said to be late, and the connections are made anew."""
AGAIN = 0.5
"""Seconds between two attempts to reach the server."""
ANSWERS_WITHIN = 2.0

LOST = (RedisError, OSError, TimeoutError)
Message = tuple[str, str, bytes]
"""(topic, key, message)"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, list[Message]]).decode


class RedisRelay:
    """Carries messages as long as `connected()` is open. Nobody ever waits for it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._process = new_id()
        self._listeners = Listeners()
        self._watchers: list[Callable[[bool], None]] = []
        self._reachable = True
        # The latest of each key: what waits while the server is away does not grow with time.
        self._waiting: dict[tuple[str, str], bytes] = {}
        self._something = asyncio.Event()
        self._heard_myself_at = 0.0
        self._ending = False

    def publish(self, topic: str, key: str, message: bytes, sender: object) -> None:
        self._listeners.tell(topic, key, message, sender)
        self._waiting[topic, key] = message
        self._something.set()

    def listen(self, topic: str, heard: Heard, listener: object) -> Callable[[], None]:
        return self._listeners.add(topic, heard, listener)

    def on_state(self, watcher: Callable[[bool], None]) -> None:
        self._watchers.append(watcher)
        if not self._reachable:
            watcher(False)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        tasks = [asyncio.ensure_future(work) for work in (self._beat(), self._keep(self._send), self._keep(self._hear))]
        try:
            yield
        finally:
            # Said twice: the client library may swallow a cancellation that comes together with an answer.
            self._ending = True
            self._something.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # --- the two connections -----------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        while not self._ending:
            self._waiting["", ""] = b""
            self._something.set()
            await asyncio.sleep(BEAT)

    async def _keep(self, work: Callable[[Redis], object]) -> None:
        """Does the work on a connection of its own, for ever; a new one whenever it is lost."""
        while not self._ending:
            client = Redis.from_url(
                self._url,
                socket_connect_timeout=ANSWERS_WITHIN,
                socket_timeout=ANSWERS_WITHIN,
                retry=Retry(NoBackoff(), 0),
            )
            try:
                await work(client)  # type: ignore[misc]
            except LOST as error:
                self._say(reachable=False, because=type(error).__name__)
            except Exception:
                log.exception("the relay failed")
                self._say(reachable=False, because="failed")
            finally:
                await client.aclose()
            await asyncio.sleep(AGAIN)

    async def _send(self, client: Redis) -> None:
        while not self._ending:
            await self._something.wait()
            self._something.clear()
            messages = [(topic, key, message) for (topic, key), message in self._waiting.items()]
            self._waiting.clear()
            await client.publish(CHANNEL, _encode((self._process, messages)))

    async def _hear(self, client: Redis) -> None:
        async with client.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(CHANNEL)
            self._heard_myself_at = now = asyncio.get_running_loop().time()
            while not self._ending and now - self._heard_myself_at < LATE:
                message = await channel.get_message(timeout=BEAT)
                now = asyncio.get_running_loop().time()
                if message is not None and message["type"] == "message":
                    self._take(message["data"], now)
        raise TimeoutError

    def _take(self, data: bytes, now: float) -> None:
        try:
            process, messages = _decode(data)
        except msgspec.DecodeError:
            log.warning("a message on the relay's channel is none of ours")
            return
        if process == self._process:
            self._heard_myself_at = now
            self._say(reachable=True)
            return
        for topic, key, message in messages:
            try:
                self._listeners.tell(topic, key, message)
            except Exception:
                log.exception("a listener of the relay failed", extra={"topic": topic})

    def _say(self, *, reachable: bool, because: str = "") -> None:
        if reachable == self._reachable:
            return
        self._reachable = reachable
        if reachable:
            log.info("relay_reachable")
        else:
            log.warning("relay_late", extra={"because": because})
        for watcher in self._watchers:
            watcher(reachable)

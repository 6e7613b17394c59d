"""The way to one client: what the hub needs of a connection, and the form of it that runs on any ASGI server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

BOUND = 256 * 1024
"""Bytes that may wait in a connection's write buffer. A seat that would need more gets `behind`, and slows nobody."""


class Message:
    """Text for one or many clients: encoded once, framed once."""

    __slots__ = ("frame", "payload")

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.frame = _header(len(payload)) + payload


def _header(length: int) -> bytes:
    """The header of a whole, unmasked text frame (RFC 6455, 5.2)."""
    if length < 126:
        return bytes((0x81, length))
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")


class Link(Protocol):
    """The way to one client. Nothing here waits."""

    on_drain: Callable[[], None] | None
    """Called when the write buffer has run low again after it was full."""
    on_text: Callable[[str], bool] | None
    """Set while the one who listens has nothing else to do. It may take a text at once; what it does not take, and all
    else, comes the usual way. A link that cannot ask leaves it alone."""

    def offer(self, message: Message, first: Message | None = None) -> bool:
        """Sends it if less than `BOUND` waits already; says whether it did. Nothing is sent on a closing link.

        What is to come `first` is sent in any case; together they cost one write.
        """

    def send(self, message: Message) -> None:
        """Sends it in any case: answers are few and are never left out."""

    def beat(self) -> None:
        """Asks the client for a sign of life."""

    def heard(self) -> bool:
        """Whether anything came from the client since this was asked last."""

    def close(self, code: int) -> None:
        """Says why, and ends the connection, soon even if the other end does not answer."""

    def abort(self) -> None:
        """Ends the connection now."""

    async def writable_again(self) -> None:
        """Waits until the client has read most of what it was sent."""


class AsgiLink:
    """A link over plain ASGI `send()`, for any server. Dearer than the direct one: a short task for each burst."""

    def __init__(self, send: Callable[[Any], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: list[Message | int] = []
        self._size = 0
        self._sender: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.closing = False
        self.on_drain: Callable[[], None] | None = None
        self.on_text: Callable[[str], bool] | None = None

    def offer(self, message: Message, first: Message | None = None) -> bool:
        if first is not None:
            self.send(first)
        if self._size >= BOUND:
            return False
        self.send(message)
        return True

    def send(self, message: Message) -> None:
        self._put(message, len(message.payload))

    def beat(self) -> None:
        """Left to the server's own keepalive: pings and pongs do not reach an ASGI application."""

    def heard(self) -> bool:
        """Always: for the same reason."""
        return True

    def close(self, code: int) -> None:
        self._put(int(code), 0)
        self.closing = True

    def abort(self) -> None:
        """Leaves out what waits. The socket itself is the server's: ASGI knows no harder end than a close."""
        self._waiting.clear()
        self.closing = True
        if self._sender is not None:
            self._sender.cancel()

    async def writable_again(self) -> None:
        await self._idle.wait()

    def _put(self, what: Message | int, size: int) -> None:
        if self.closing:
            return
        self._waiting.append(what)
        self._size += size
        self._idle.clear()
        if self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._send_all())

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                burst, self._waiting = self._waiting, []
                for what in burst:
                    await self._send(_event(what))
                    self._size -= len(what.payload) if isinstance(what, Message) else 0
        except OSError:
            self.closing = True
            self._waiting.clear()
        finally:
            self._sender = None
            self._idle.set()
        if self.on_drain is not None and not self.closing:
            self.on_drain()


def _event(what: Message | int) -> dict[str, Any]:
    if isinstance(what, Message):
        return {"type": "websocket.send", "text": what.payload.decode()}
    return {"type": "websocket.close", "code": what}

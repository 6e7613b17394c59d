"""The socket at `/ws`: uvicorn's WebSocket protocol with a door for frames that are ready, and Litestar's handler."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Any, cast

import uvicorn
from litestar import WebSocket, websocket
from litestar.connection import ASGIConnection
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import WebsocketRouteHandler
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from server.core.database import UNREACHABLE
from server.who import Who, only
from shared_schema.base import FRAME_LIMIT

from .hub import Hub
from .links import BOUND, AsgiLink, Link, Message
from .protocol import CloseCode, Identity

log = logging.getLogger(__name__)

PINNED = "0.54."
"""uvicorn's minor version. `SocketProtocol` uses names of its class that no contract covers."""
CLOSE_WITHIN = 2.0
"""Seconds for the other end to answer a close frame. A half-open one never does, and its buffer never drains."""
MOST_FRAGMENTS = 1_000
"""Fragments of one message. Empty ones add nothing to its size, and so have no other end."""
LINK = "korridor.link"

Identify = Callable[[ASGIConnection[Any, Any, Any, Any]], Awaitable[Identity | None]]

SERVER_OPTIONS: dict[str, Any] = {
    # Deflate costs 34 KiB a connection and forbids sharing one frame.
    "ws_per_message_deflate": False,
    "ws_max_size": FRAME_LIMIT,
    # The hub asks for signs of life itself: one sweep for all instead of two timers each.
    "ws_ping_interval": None,
    "ws_ping_timeout": None,
}
"""What uvicorn has to be started with, beside `ws=SocketProtocol`."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's protocol with a `DirectLink` in its scope."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not uvicorn.__version__.startswith(PINNED):
            raise RuntimeError(
                f"server/realtime/socket.py was written for uvicorn {PINNED}x, not {uvicorn.__version__}"
            )
        super().__init__(*args, **kwargs)
        self.link = DirectLink(self)

    async def run_asgi(self) -> None:
        cast(dict[str, Any], self.scope)[LINK] = self.link
        await super().run_asgi()

    def data_received(self, data: bytes) -> None:
        self.link.something_came = True
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._turn_away()

    def _turn_away(self) -> None:
        """Uvicorn's HTTP parser took this request, that of `websockets` did not: uvicorn would wait for another."""
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()

    def handle_ping(self) -> None:
        """Answers, unless the other end does not read: pongs that nobody takes would pile up."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < MOST_FRAGMENTS:
            super().handle_cont(event)
        else:
            self.link.close(CloseCode.TOO_LARGE)

    def send_receive_event_to_app(self) -> None:
        """Hands over a message. The way through the queue costs a pause in reading and two turns of the loop, so that
        it is only taken by what cannot be heard at once."""
        if self.curr_msg_data_type == "text":
            try:
                text = b"".join(self.frames).decode()
            except UnicodeDecodeError:  # uvicorn would log it as a mistake of ours
                self.frames = []
                self.link.close(CloseCode.NO_TEXT)
                return
            if self._heard_at_once(text):
                self.frames = []
                return
        super().send_receive_event_to_app()

    def _heard_at_once(self, text: str) -> bool:
        hear = self.link.on_text
        busy = self.close_sent or self.read_paused or not self.writable.is_set() or not self.queue.empty()
        if hear is None or busy:
            return False
        try:
            return hear(text)
        except Exception:
            log.exception("a connection failed")
            self.link.close(CloseCode.INTERNAL)
            return True

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.link.on_drain is not None:
            self.link.on_drain()

    def connection_lost(self, exc: Exception | None) -> None:
        self.link.lost()
        super().connection_lost(exc)


class DirectLink:
    """Writes frames that are ready straight to the transport."""

    __slots__ = ("_abort_timer", "_protocol", "on_drain", "on_text", "something_came")

    def __init__(self, protocol: SocketProtocol) -> None:
        self._protocol = protocol
        self._abort_timer: asyncio.TimerHandle | None = None
        self.something_came = False
        self.on_drain: Callable[[], None] | None = None
        self.on_text: Callable[[str], bool] | None = None

    def offer(self, message: Message, first: Message | None = None) -> bool:
        protocol = self._protocol
        transport = protocol.transport
        if protocol.close_sent or transport.is_closing() or transport.get_write_buffer_size() >= BOUND:
            if first is not None:
                self.send(first)
            return False
        transport.write(message.frame if first is None else first.frame + message.frame)
        return True

    def send(self, message: Message) -> None:
        if self._open:
            self._protocol.transport.write(message.frame)

    def beat(self) -> None:
        if self._open:
            self._protocol.conn.send_ping(b"")
            self._flush()

    def heard(self) -> bool:
        came, self.something_came = self.something_came, False
        return came

    def close(self, code: int) -> None:
        if not self._open:
            return
        protocol = self._protocol
        protocol.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        protocol.conn.send_close(code)
        self._flush()
        protocol.close_sent = True
        if protocol.read_paused:  # the answer to the close frame is still to be read
            protocol.read_paused = False
            protocol.transport.resume_reading()
        # Two timers: uvicorn takes its own back when the answer comes, and then waits until the buffer is empty, which
        # may be never.
        protocol.close_timer = protocol.loop.call_later(CLOSE_WITHIN, protocol.transport.close)
        self._abort_timer = protocol.loop.call_later(CLOSE_WITHIN, self.abort)

    def abort(self) -> None:
        self._protocol.transport.abort()

    async def writable_again(self) -> None:
        await self._protocol.writable.wait()

    def lost(self) -> None:
        """The connection is gone."""
        self.on_drain = self.on_text = None
        if self._abort_timer is not None:
            self._abort_timer.cancel()

    @property
    def _open(self) -> bool:
        return not self._protocol.close_sent and not self._protocol.transport.is_closing()

    def _flush(self) -> None:
        self._protocol.transport.write(b"".join(self._protocol.conn.data_to_send()))


def link_of(connection: WebSocket[Any, Any, Any]) -> Link:
    """The direct link where our protocol class serves the socket, else the one over plain ASGI."""
    direct = cast(Link | None, connection.scope.get(LINK))
    return direct or AsgiLink(connection.send)


def socket_handler(hub: Hub, identify: Identify, origins: Collection[str]) -> WebsocketRouteHandler:
    """The handler of `/ws`. Only pages of our own origins may open it: a browser always says which page it was."""

    @websocket("/ws", opt={"exclude_from_auth": True, **only(Who.SOCKET)})
    async def live(socket: WebSocket[Any, Any, Any]) -> None:
        if socket.headers.getall("origin", []) not in ([origin] for origin in origins):
            log.warning("socket_refused", extra={"code": int(CloseCode.ORIGIN)})
            await socket.close(CloseCode.ORIGIN)  # before it is accepted: the answer is a plain 403
            return
        await socket.accept()
        link = link_of(socket)
        code = await _serve(hub, identify, socket, link)
        if code is not None:
            log.info("socket_refused", extra={"code": int(code)})
            link.close(code)
            await _until_gone(socket)

    return live


async def _serve(hub: Hub, identify: Identify, socket: WebSocket[Any, Any, Any], link: Link) -> CloseCode | None:
    """Serves one client until it is gone (None), or says why it has to be sent away."""
    try:
        identity = await identify(socket)
        if identity is None:
            return CloseCode.SIGNED_OUT
        await _converse(hub, socket, link, identity)
    except UNREACHABLE:
        log.warning("the database cannot be read; a client is to come again later")
        return CloseCode.TRY_LATER
    except Exception:
        log.exception("a connection failed")  # and not a word of it to the client, as Litestar would send it
        return CloseCode.INTERNAL
    return None


async def _converse(hub: Hub, socket: WebSocket[Any, Any, Any], link: Link, identity: Identity) -> None:
    connection = hub.connect(link, identity)
    about = {"person": identity.author.id, "session": identity.session}
    log.info("socket_opened", extra=about)

    async def next_event() -> Any:
        link.on_text = partial(hub.hear_at_once, connection)
        try:
            return await socket.receive()
        finally:
            link.on_text = None

    event: dict[str, Any] = {}
    try:
        while (event := await next_event())["type"] == "websocket.receive":
            await hub.hear(connection, event.get("text"))
            await link.writable_again()
    finally:
        hub.disconnect(connection)
        log.info("socket_closed", extra=about | {"code": event.get("code")})


async def _until_gone(socket: WebSocket[Any, Any, Any]) -> None:
    with suppress(WebSocketDisconnect):
        while (await socket.receive())["type"] == "websocket.receive":
            pass

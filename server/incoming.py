"""Requests as they come in: uvicorn's HTTP protocol, with an end for what never becomes a whole request."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

MOST_HEAD = 64 * 1024
"""Bytes of the lines before a body; browsers send a few hundred. The parser itself has no bound."""


class HttpProtocol(HttpToolsProtocol):
    """Ends a connection whose request trickles in, and one whose head is without end. Uvicorn waits for ever."""

    whole_within = 30.0
    """Seconds from the first byte of a request (of a new connection: from its beginning) to the last one. A body of
    64 KiB takes a few on the slowest line that people work with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._whole_by: asyncio.TimerHandle | None = None
        self._in_head = False
        self._head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_whole()

    def data_received(self, data: bytes) -> None:
        goes_on = self._in_head
        super().data_received(data)
        if goes_on and self._in_head:
            self._head += len(data)
            if self._head > MOST_HEAD:
                self._refuse(431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head = True, 0
        self._expect_whole()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_whole()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._is_whole()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_whole()
        super().connection_lost(exc)

    def _expect_whole(self) -> None:
        if self._whole_by is None:
            self._whole_by = self.loop.call_later(self.whole_within, self._refuse, 408)

    def _is_whole(self) -> None:
        if self._whole_by is not None:
            self._whole_by.cancel()
            self._whole_by = None

    def _refuse(self, status: int) -> None:
        if not self.transport.is_closing():
            if self._in_head:  # later the answer is the application's
                self.transport.write(STATUS_LINE[status] + b"connection: close\r\ncontent-length: 0\r\n\r\n")
            self.transport.close()

"""A WebSocket spoken by hand (RFC 6455): every bit of every frame is the test's own choice, right or wrong."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from typing import Any, Self

from server.core.ids import new_id
from server.core.ledger import genesis, short
from shared_schema.base import Id
from tests.faults.places import Place

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
WITHIN = 20.0
"""Seconds for an answer: what takes longer never comes."""


def frame(
    payload: bytes = b"",
    opcode: int = TEXT,
    *,
    final: bool = True,
    reserved: int = 0,
    masked: bool = True,
    announced: int | None = None,
) -> bytes:
    """A frame of a client. `announced` is the length that it claims; the mask is zeros: the payload stays plain."""
    length = len(payload) if announced is None else announced
    head = bytes([final << 7 | reserved << 4 | opcode])
    mask = masked << 7
    if length < 126:
        head += bytes([mask | length])
    elif length < 65_536:
        head += bytes([mask | 126]) + length.to_bytes(2, "big")
    else:
        head += bytes([mask | 127]) + length.to_bytes(8, "big")
    return head + (bytes(4) if masked else b"") + payload


def text(message: Any) -> bytes:
    """A message in a frame as it should be."""
    return frame(json.dumps(message).encode())


def create(place: Place, title: str, space: Id | None = None) -> dict[str, str]:
    """A command that puts a task on a board: on the first one, unless it says otherwise."""
    column = place.boards[space or first(place)]
    return {"verb": "task.create", "id": new_id(), "column": column, "title": title}


def first(place: Place) -> Id:
    """The first space of a place."""
    return next(iter(place.boards))


def handshake(port: int, cookie: str, *more: str) -> bytes:
    """The request that opens a socket, as a browser sends it."""
    lines = (
        "GET /ws HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Origin: http://127.0.0.1:{port}",
        f"Cookie: {cookie}",
        *more,
    )
    return "\r\n".join((*lines, "", "")).encode()


class Raw:
    """One connection, blocking. As a context it is closed at its end."""

    def __init__(self, port: int, *, receives: int | None = None) -> None:
        """`receives` is how much the network keeps for this end while it does not read."""
        self.port = port
        self.socket = socket.socket()
        self.socket.settimeout(WITHIN)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receives is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        self.socket.connect(("127.0.0.1", port))
        self.received = 0
        """Bytes that came so far."""
        self._unread = b""
        self._said: list[dict[str, Any]] = []

    def opened(self, cookie: str) -> Self:
        """Opens the socket and says hello."""
        self.send(handshake(self.port, cookie))
        assert self.response() == 101
        self.send(text({"t": "hello", "protocol": 1}))
        assert self.hear("welcome")
        return self

    def send(self, *data: bytes) -> None:
        """Sends bytes. The other end may have closed meanwhile: then that is what is read next."""
        with suppress(ConnectionError):
            self.socket.sendall(b"".join(data))

    def finish(self) -> None:
        """Nothing more comes from this end."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def response(self) -> int | None:
        """The status of an HTTP response whose head has come; None: the other end is gone."""
        while b"\r\n\r\n" not in self._unread:
            if not self._more():
                return None
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        return int(head.split()[1])

    def frame(self) -> tuple[int, bytes] | None:
        """The next frame, as opcode and payload; None: the other end is gone."""
        head = self._take(2)
        if head is None:
            return None
        size = {126: 2, 127: 8}.get(head[1], 0)
        length = int.from_bytes(self._take(size) or b"", "big") if size else head[1]
        payload = self._take(length)
        if payload is None:
            return None
        if head[0] & 0xF == PING:
            self.send(frame(payload, PONG))
        return head[0] & 0xF, payload

    def closed(self) -> int | None:
        """The code with which the other end closes, whatever it says before; None: it ends without one."""
        code = None
        while (got := self.frame()) is not None:
            if got[0] == CLOSE:
                code = _code(got[1])
                self.send(frame(got[1], CLOSE))
        return code

    def pong(self, payload: bytes) -> bool:
        """Whether the other end answers a ping sent with this payload before it closes."""
        while (got := self.frame()) is not None and got[0] != CLOSE:
            if got == (PONG, payload):
                return True
        return False

    def alive_or_closed(self) -> int | None:
        """The code with which the other end closes; None once it has answered `ping`, and so read all before it."""
        while (got := self.frame()) is not None:
            if got[0] == CLOSE:
                return _code(got[1])
            if got[0] == TEXT and any(message["t"] == "pong" for message in _messages(got[1])):
                return None
        raise ConnectionError("closed without a code")

    def hear(self, kind: str) -> dict[str, Any]:
        """The next message of this kind; others pass by."""
        deadline = time.monotonic() + WITHIN
        while time.monotonic() < deadline:
            while self._said:
                message = self._said.pop(0)
                if message["t"] == kind:
                    return message
            self._said += self.messages()
        raise TimeoutError(f"no {kind}")

    def do(self, space: Id, command: dict[str, Any], *, id: Id | None = None, **more: Any) -> dict[str, Any]:
        """Sends a command; answers with what becomes of it, `accepted` or `refused`."""
        message = {"t": "do", "id": id or new_id(), "space": space, "command": command, **more}
        self.send(text(message))
        while True:
            for said in self.messages():
                if said.get("id") == message["id"]:
                    return said
                self._said.append(said)

    def messages(self) -> list[dict[str, Any]]:
        """The messages of the next frame."""
        got = self.frame()
        if got is None:
            raise ConnectionError("the other end is gone")
        assert got[0] != CLOSE, f"closed: {got}"
        return _messages(got[1]) if got[0] == TEXT else []

    def gone(self) -> bool:
        """Whether the other end ends the connection in time, whatever it says before."""
        try:
            while self._more():
                self._unread = b""
        except TimeoutError:
            return False
        return True

    def _take(self, number: int) -> bytes | None:
        while len(self._unread) < number:
            if not self._more():
                return None
        taken, self._unread = self._unread[:number], self._unread[number:]
        return taken

    def _more(self) -> bool:
        try:
            data = self.socket.recv(65_536)
        except ConnectionError:
            return False
        self._unread += data
        self.received += len(data)
        return bool(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


class Watcher(Raw):
    """A person who watches a space from the beginning, and notices when anything is missing or out of order."""

    def __init__(self, port: int, *, receives: int | None = None) -> None:
        super().__init__(port, receives=receives)
        self.seq = 0
        """The last entry that came."""
        self.commands: list[str] = []
        """The commands whose entries came, in order."""

    def watching(self, space: Id, cookie: str) -> Self:
        """Opens the socket and takes a seat in a space, so that all of its entries come."""
        self.opened(cookie)
        self.send(text({"t": "watch", "space": space, "since": 0, "head": short(genesis(space))}))
        self.hear("entries")
        return self

    def watch_on(self, space: Id, seq: int) -> Self:
        """Takes a seat as one who has just fetched a snapshot, which stands at this number."""
        self.send(text({"t": "watch", "space": space, "since": 0}))
        self.hear("entries")
        self.seq = seq
        return self

    def messages(self) -> list[dict[str, Any]]:
        messages = super().messages()
        for entry in [entry for message in messages if message["t"] == "entries" for entry in message["entries"]]:
            assert entry["seq"] == self.seq + 1, "an entry is missing, or came twice"
            self.seq += 1
            self.commands.append(entry.get("command", ""))
        return messages

    def upto(self, seq: int) -> None:
        """Reads on until this entry has come."""
        while self.seq < seq:
            self.messages()

    def catch_up(self) -> None:
        """Reads what waits."""
        self.send(text({"t": "ping"}))
        self.hear("pong")


def _code(payload: bytes) -> int:
    """The code of a close frame; 1005 stands for one without."""
    return int.from_bytes(payload[:2], "big") if payload else 1005


def _messages(payload: bytes) -> list[dict[str, Any]]:
    said = json.loads(payload)
    return said if isinstance(said, list) else [said]

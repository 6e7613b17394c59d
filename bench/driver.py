"""The load driver: many sockets on one thread, with as little Python for each frame as can be.

It parses no JSON and no frames while something is timed. It asks the kernel which sockets have something, reads it
into one buffer, and counts a marker that stands once in each entry. A client's frames have to be masked; with a mask of
zeros the bytes stay as they are.
"""

from __future__ import annotations

import base64
import os
import select
import socket
from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from time import perf_counter
from types import TracebackType
from typing import Final, Self

import msgspec

from shared_schema.base import PROTOCOL, Id

MARK: Final = b'"command":"'
"""Stands once in each entry, before the id of its command. Holds no brace, see `Tally`."""
ENTRIES, ACCEPTED, WELCOME = b'"t":"entries"', b'"t":"accepted"', b'"t":"welcome"'
TROUBLE: Final = (b'"t":"refused"', b'"t":"behind"', b'"t":"left"')
BUFFER: Final = 256 * 1024
PATIENCE: Final = 20.0
"""Seconds after which a silence is a failure and not a slow machine."""
PING: Final = b'{"t":"ping"}'


class Failed(Exception):
    """The server did something that makes a figure worthless; the message says what."""


def frame(text: bytes) -> bytes:
    """A whole text frame as a client sends it, masked with zeros."""
    size = len(text)
    if size < 126:
        return bytes((0x81, 0x80 | size)) + b"\0\0\0\0" + text
    return b"\x81\xfe" + size.to_bytes(2, "big") + b"\0\0\0\0" + text


class Wire:
    """One socket to a server. `takes_in` bounds the bytes that this side's system takes in before anybody reads."""

    def __init__(self, port: int, path: str, headers: dict[str, str] | None = None, takes_in: int = 0) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if takes_in:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes_in)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        self._shake_hands(port, path, headers or {})

    def _shake_hands(self, port: int, path: str, headers: dict[str, str]) -> None:
        fields = {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            **headers,
        }
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        answer = self.until(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 101"):
            raise Failed(f"no socket at {path}: {answer[:80]!r}")

    def say(self, *texts: bytes) -> None:
        """Sends messages, each in a frame of its own."""
        self.socket.sendall(b"".join(map(frame, texts)))

    def until(self, sign: bytes) -> bytes:
        """Reads until this has come; answers with what was read up to its end."""
        while sign not in self._rest:
            came = self.socket.recv(BUFFER)
            if not came:
                raise Failed("the server closed a socket")
            self._rest += came
        end = self._rest.index(sign) + len(sign)
        answer, self._rest = self._rest[:end], self._rest[end:]
        return answer

    def close(self) -> None:
        self.socket.close()


class Seats:
    """A set of sockets that are read together. Leaving the context closes them."""

    def __init__(self, wires: Iterable[Wire]) -> None:
        self.wires = list(wires)
        self._epoll = select.epoll()
        self._read: dict[int, Callable[[bytearray], int]] = {}
        for wire in self.wires:
            wire.socket.setblocking(False)
            self._epoll.register(wire.socket.fileno(), select.EPOLLIN)
            self._read[wire.socket.fileno()] = wire.socket.recv_into
        self.buffer = bytearray(BUFFER)
        self.frames_read = 0
        self.bytes_read = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._epoll.close()
        for wire in self.wires:
            wire.close()

    def pump(self, heard: Callable[[int, int], None], at_most: float) -> None:
        """Waits at most so long for news, then calls `heard(number of the socket, bytes in the buffer)` for each."""
        buffer, read = self.buffer, self._read
        for number, _ in self._epoll.poll(max(at_most, 0), len(read)):
            size = read[number](buffer)
            if not size:
                raise Failed("the server closed a socket")
            heard(number, size)

    def drain(self, quiet: float = 0.3) -> None:
        """Reads until nothing has come for a while."""
        last = perf_counter()

        def note(_: int, __: int) -> None:
            nonlocal last
            last = perf_counter()

        begun = last
        while perf_counter() - last < quiet:
            self.pump(note, quiet)
            if perf_counter() - begun > PATIENCE:
                raise Failed("the server does not come to rest")

    def stay(self) -> None:
        """A sign of life on every socket, as clients give it."""
        for wire in self.wires:
            wire.socket.sendall(frame(PING))
        self.drain()


class Tally:
    """Counts a marker in what many sockets bring, wherever the reads cut it.

    Every message ends with a brace and no marker holds one: what ends with a brace cuts no marker in two.
    """

    def __init__(self, buffer: bytearray, mark: bytes = MARK) -> None:
        self.count = 0
        self.bytes = 0
        self._buffer = buffer
        self._mark = mark
        self._keep = len(mark) - 1
        self._ends: dict[int, bytes] = {}

    def heard(self, number: int, size: int) -> None:
        buffer = self._buffer
        self.bytes += size
        self.count += buffer.count(self._mark, 0, size)
        if buffer[size - 1] != 125 or self._ends:
            self._mend(number, size)

    def _mend(self, number: int, size: int) -> None:
        before = self._ends.pop(number, b"")
        if before:
            self.count += (before + self._buffer[: min(size, self._keep)]).count(self._mark)
        if self._buffer[size - 1] != 125:
            self._ends[number] = (before + self._buffer[max(0, size - self._keep) : size])[-self._keep :]


# --- the product -----------------------------------------------------------------------------------------------------


class Browser:
    """Somebody who is signed in: HTTP with their cookie, and sockets."""

    def __init__(self, port: int, person: Id) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self._http = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        body = msgspec.json.encode({"person": person})
        self._http.request(
            "POST", "/api/demo/sign-in", body, {"Origin": self.origin, "Content-Type": "application/json"}
        )
        answer = self._http.getresponse()
        if answer.read() and answer.status != 200:
            raise Failed(f"signing in was answered {answer.status}")
        self.cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]

    def get(self, path: str, *, gzip: bool = True) -> tuple[bytes, float]:
        """The body as it came, and the seconds until its last byte."""
        headers = {"Cookie": self.cookie, "Accept-Encoding": "gzip" if gzip else "identity"}
        begun = perf_counter()
        self._http.request("GET", path, headers=headers)
        answer = self._http.getresponse()
        body = answer.read()
        took = perf_counter() - begun
        if answer.status != 200:
            raise Failed(f"{path} was answered {answer.status}")
        return body, took

    def socket(self, watching: Id | None = None, takes_in: int = 0) -> Wire:
        """A socket that has said hello and, if asked to, has taken a seat."""
        wire = Wire(self.port, "/ws", {"Cookie": self.cookie, "Origin": self.origin}, takes_in)
        wire.say(msgspec.json.encode({"t": "hello", "protocol": PROTOCOL}))
        wire.until(WELCOME)
        wire.until(b"}")
        if watching is not None:
            wire.say(msgspec.json.encode({"t": "watch", "space": watching, "since": 0}))
            wire.until(ENTRIES)
            wire.until(b"}")
        return wire

    def close(self) -> None:
        self._http.close()


def hold_no_trouble(buffer: bytearray, size: int) -> None:
    """Raises if what came says that something was refused or that a seat was lost."""
    for sign in TROUBLE:
        if buffer.find(sign, 0, size) >= 0:
            raise Failed(f"the server said {bytes(buffer[: min(size, 300)])!r}")

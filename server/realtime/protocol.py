"""One connection, decided without touching a network: what happens goes in, a list of consequences comes out.

No `await`, no clock, no socket. `hub.py` carries the consequences out.
"""

from __future__ import annotations

from enum import IntEnum
from typing import assert_never

import msgspec
from msgspec import Struct

from server.core.commands import Request, read_command
from shared_schema.base import PROTOCOL, Author, Id
from shared_schema.frames import (
    ClientMessage,
    Do,
    Hello,
    Ping,
    Refused,
    SayPresence,
    ToClient,
    Unwatch,
    Watch,
    Where,
)
from shared_schema.refusals import Refusal

HEARTBEAT = 15
"""Seconds. A client pings this often, and the server pings a connection that was quiet for as long."""
SILENCE = 38.0
"""Seconds without a sign of life after which a connection is given up: two pings unanswered. With the distance of two
sweeps (2 s) and the time given to a close frame (2 s), a half-open connection is gone within 45 s."""
HELLO_WITHIN = 10.0
"""Seconds. A client says hello as soon as the socket is open; one that does not is no client."""
MOST_SEATS = 32
"""Seats of one connection: a network, its area and its key projects are well below."""
MOST_MESSAGES = 256
"""Messages in one frame. An outbox that is sent again goes in frames of 64 KiB, which hold fewer commands."""


class CloseCode(IntEnum):
    """Why the server closes a socket (sync rules name each)."""

    MALFORMED = 4400
    SIGNED_OUT = 4401
    ORIGIN = 4403
    SILENT = 4408
    PROTOCOL = 4409
    NO_TEXT = 1007
    TOO_LARGE = 1009
    RESTART = 1012
    TRY_LATER = 1013
    INTERNAL = 1011


class Identity(Struct, frozen=True):
    """Who is at the other end: the person as author, and the session, so that its end finds the sockets."""

    author: Author
    session: str


# --- consequences ----------------------------------------------------------------------------------------------------


class Greet(Struct, frozen=True):
    """Send `welcome`."""


class Echo(Struct, frozen=True):
    """Send `pong`."""


class Beat(Struct, frozen=True):
    """Ask the other end for a sign of life, below the messages."""


class Send(Struct, frozen=True):
    message: ToClient


class TakeSeat(Struct, frozen=True):
    space: Id
    since: int
    head: str
    viewer: int = 0
    """For which kind of viewer what the client holds was made; 0 says nothing."""

    @property
    def fresh(self) -> bool:
        """Nothing is held yet: a snapshot will be fetched once the seat is taken."""
        return not self.since and not self.head


class LeaveSeat(Struct, frozen=True):
    space: Id


class Enqueue(Struct, frozen=True):
    request: Request


class Appear(Struct, frozen=True):
    """Say where this person is in the space; None: not here any more."""

    space: Id
    where: Where | None


class Close(Struct, frozen=True):
    code: CloseCode


Consequence = Greet | Echo | Beat | Send | TakeSeat | LeaveSeat | Enqueue | Appear | Close

_decode = msgspec.json.Decoder(ClientMessage | list[ClientMessage]).decode


def read(raw: str | bytes) -> list[ClientMessage] | None:
    """The messages of a text frame; None if they are none."""
    try:
        said = _decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None
    return said if isinstance(said, list) else [said]


class Protocol:
    """The state of one connection: greeted or not, which spaces it watches, when it was last heard of."""

    __slots__ = ("author", "beat_at", "closed", "greeted", "heard_at", "opened_at", "watched")

    def __init__(self, author: Author, at: float) -> None:
        self.author = author
        self.opened_at = at
        self.heard_at = at
        self.beat_at = at
        self.greeted = False
        self.closed = False
        self.watched: set[Id] = set()

    def text(self, raw: str | bytes) -> list[Consequence]:
        """A text frame arrived: one message, or an array of them."""
        return self.said(read(raw))

    def said(self, messages: list[ClientMessage] | None) -> list[Consequence]:
        """What the messages of a frame lead to; None: they could not be read."""
        if self.closed:
            return []
        if messages is None or len(messages) > MOST_MESSAGES:
            return self._close(CloseCode.MALFORMED)
        consequences: list[Consequence] = []
        for message in messages:
            consequences += self._message(message)
            if consequences and isinstance(consequences[-1], Close):
                break
        return consequences

    def binary(self) -> list[Consequence]:
        """A binary frame arrived: there is none in this protocol."""
        return [] if self.closed else self._close(CloseCode.MALFORMED)

    def tick(self, at: float, *, heard: bool) -> list[Consequence]:
        """Time passed. `heard` says whether anything came from the other end since the last tick."""
        if self.closed:
            return []
        if heard:
            self.heard_at = at
        overdue = not self.greeted and at - self.opened_at >= HELLO_WITHIN
        if overdue or at - self.heard_at >= SILENCE:
            return self._close(CloseCode.SILENT)
        if at - max(self.heard_at, self.beat_at) >= HEARTBEAT:
            self.beat_at = at
            return [Beat()]
        return []

    def seat_taken_away(self, space: Id) -> None:
        """The hub took the seat back; the client may ask for it again."""
        self.watched.discard(space)

    def _message(self, message: ClientMessage) -> list[Consequence]:
        if self.greeted == isinstance(message, Hello):
            return self._close(CloseCode.MALFORMED)
        match message:
            case Hello():
                return self._hello(message)
            case Watch(space=space, since=since, head=head, viewer=viewer):
                return self._watch(TakeSeat(space, since, head, viewer))
            case Unwatch(space=space):
                return self._unwatch(space)
            case Do():
                return [self._do(message)]
            case SayPresence(space=space, where=where):
                return [Appear(space, where)] if space in self.watched else []
            case Ping():
                return [Echo()]
            case _:
                assert_never(message)

    def _hello(self, hello: Hello) -> list[Consequence]:
        if hello.protocol != PROTOCOL:
            return self._close(CloseCode.PROTOCOL)
        self.greeted = True
        return [Greet()]

    def _watch(self, seat: TakeSeat) -> list[Consequence]:
        self.watched.add(seat.space)
        if len(self.watched) > MOST_SEATS:
            return self._close(CloseCode.MALFORMED)
        return [seat]

    def _unwatch(self, space: Id) -> list[Consequence]:
        if space not in self.watched:
            return []
        self.watched.discard(space)
        return [LeaveSeat(space)]

    def _do(self, do: Do) -> Consequence:
        """The envelope was well formed; whether the command is says its own decoder, and that is an answer, no end."""
        try:
            command = read_command(do.command)
        except Refusal as refusal:
            return Send(Refused(id=do.id, reason=refusal.reason))
        request = Request(
            id=do.id,
            space=do.space,
            command=command,
            author=self.author,
            expects=do.expects or {},
            only_if=do.only_if or {},
        )
        return Enqueue(request)

    def _close(self, code: CloseCode) -> list[Consequence]:
        self.closed = True
        return [Close(code)]

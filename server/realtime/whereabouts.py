"""Who is in a room: told to its seats and to other processes, never more often than anybody can bear."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from server.core.kernel import Kernel
from shared_schema.base import Id, Viewer
from shared_schema.frames import Presence as PresenceMessage
from shared_schema.frames import PresentPerson, Where

from . import presence
from .links import Message
from .presence import Presence

if TYPE_CHECKING:
    from .rooms import Seat

HERE = "presence"
WHO = "presence?"
"""Topics of the relay: who is here, and the question."""
REFRESH = 6.0
"""Seconds after which a process says again who is there: messages may be lost."""
SILENCE = 15.0
"""Seconds after which a process that says nothing has nobody any more: it may have been killed."""

_encode = msgspec.json.Encoder().encode


class Here(Struct, frozen=True):
    """What one process tells the others about a space."""

    process: Id
    people: tuple[PresentPerson, ...]


_here: msgspec.json.Decoder[Here] = msgspec.json.Decoder(Here)


class Whereabouts:
    """Presence in one space."""

    def __init__(self, kernel: Kernel, space: Id, seats: Mapping[Viewer, Mapping[Seat, None]]) -> None:
        self._kernel = kernel
        self._space = space
        self._seats = seats
        self._presence = Presence()
        self._loop = asyncio.get_running_loop()
        self._told: tuple[PresentPerson, ...] = ()
        self._told_at = self._loop.time()
        self._not_before = 0.0
        self._timer: asyncio.TimerHandle | None = None
        kernel.relay.publish(WHO, space, b"", kernel)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._told:
            self._tell_others(())

    def appear(self, tab: Hashable, person: Id, where: Where | None) -> None:
        """Somebody is here, somewhere else, or not any more (None)."""
        self._tell_if(self._presence.say(tab, person, where))

    def tell_again(self) -> None:
        """Somebody has come to listen, or may know something that they might not before."""
        self._tell_if(bool(self._presence))

    # --- other processes ---------------------------------------------------------------------------------------------

    def hear(self, said: bytes) -> None:
        """Another process says who is there."""
        here = _here.decode(said)
        self._tell_if(self._presence.hear(here.process, here.people, self._loop.time()))

    def answer(self) -> None:
        """Another process asks who is here."""
        if self._told:
            self._tell_others(self._told)

    def refresh(self) -> None:
        """Now and again: says again who is here, and forgets who has not been heard of."""
        if self._told and self._loop.time() - self._told_at >= REFRESH:
            self._tell_others(self._told)
        self._tell_if(self._presence.forget(self._loop.time() - SILENCE))

    def forget_others(self) -> None:
        """What other processes do is not known any more."""
        self._tell_if(self._presence.forget(float("inf")))

    def _tell_others(self, people: tuple[PresentPerson, ...]) -> None:
        self._told, self._told_at = people, self._loop.time()
        message = _encode(Here(self._kernel.process, people))
        self._kernel.relay.publish(HERE, self._space, message, self._kernel)

    # --- telling -----------------------------------------------------------------------------------------------------

    def _tell_if(self, news: bool) -> None:
        if news and self._timer is None:
            wait = max(self._not_before - self._loop.time(), 0)
            self._timer = self._loop.call_later(wait, self._tell)

    def _tell(self) -> None:
        self._timer = None
        here = self._presence.here()
        if here != self._told:
            self._tell_others(here)
        self._not_before = self._loop.time() + presence.pause(self._tell_seats())

    def _tell_seats(self) -> int:
        """Tells every seat; answers with the bytes that took."""
        space = self._kernel.peek(self._space)
        sent = 0
        for viewer, seats in self._seats.items():
            people = () if space is None else self._presence.people(space, viewer)
            message = Message(_encode(PresenceMessage(space=self._space, people=people)))
            sent += len(message.payload) * len(seats)
            for seat in seats:
                seat.connection.link.offer(message)
        return sent

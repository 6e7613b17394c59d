"""Clients over real sockets that behave as the product's own does when the world breaks.

A command is sent again under the same id until it is answered. Everything goes into the history.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
from msgspec import Struct

from server.core.ids import new_id
from shared_schema.base import Id
from shared_schema.frames import Accepted, Refused
from shared_schema.refusals import Unavailable
from tests.faults import history
from tests.faults.history import Invoke, Ok, Unknown
from tests.faults.watchers import GONE, Address, Answer, Watcher

__all__ = ["Address", "Client"]

Json = dict[str, Any]

_answer: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Accepted | Refused)


class Pending(Struct, eq=False):
    """A command on its way by socket."""

    id: Id
    space: Id
    message: str
    answered: asyncio.Future[Answer]


class Client(Watcher):
    """A tab in which somebody works. `by_post`: it sends its commands by HTTP, and watches by socket all the same."""

    def __init__(self, *args: Any, by_post: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.errors: list[str] = []
        """What a person would have been shown: refusals that no repeat mends."""
        self._by_post = by_post
        self._pending: list[Pending] = []

    async def do(
        self, space: Id, command: Json, *, id: Id = "", writes: tuple[Id, str] | None = None, again: bool = True
    ) -> Answer | None:
        """The answer of a command, sent until there is one; or, unless `again`, what came of the first attempt."""
        id = id or new_id()
        self._history.note(Invoke(client=self.name, space=space, command=id, writes=writes))
        failures = 0
        while True:
            answer = await (self._post if self._by_post else self._send)(space, id, command)
            if isinstance(answer, Accepted):
                self._history.note(Ok(client=self.name, space=space, command=id, seqs=answer.seqs))
                return answer
            if answer is not None and not isinstance(answer.reason, Unavailable):
                self._refused(space, answer)
                return answer
            why = "" if answer is None else str(answer.reason.__struct_config__.tag)
            self._history.note(Unknown(client=self.name, space=space, command=id, why=why))
            if not again:
                return answer
            await self._pause(failures)
            failures += 1

    def _refused(self, space: Id, answer: Refused) -> None:
        reason = str(answer.reason.__struct_config__.tag)
        self.errors.append(reason)
        self._history.note(history.Refused(client=self.name, space=space, command=answer.id, reason=reason))

    async def _send(self, space: Id, id: Id, command: Json) -> Answer | None:
        """By socket: None when the connection ends before the answer."""
        await self.seated.wait()
        message = json.dumps({"t": "do", "id": id, "space": space, "command": command})
        pending = Pending(id, space, message, asyncio.get_running_loop().create_future())
        self._pending.append(pending)
        try:
            assert self._socket is not None
            await self._socket.send(message)
            async with asyncio.timeout(self._silence):
                return await pending.answered
        except GONE:
            self.hang_up()
            return None
        finally:
            self._pending.remove(pending)

    async def _post(self, space: Id, id: Id, command: Json) -> Answer | None:
        await self.seated.wait()
        try:
            body = {"id": id, "command": command}
            answer = await self._browser.post(self._url(f"{space}/commands"), json=body, headers=self._headers())
            return _answer.decode(answer.content)
        except (*GONE, msgspec.DecodeError):
            self.hang_up()
            return None

    def _lost(self) -> None:
        """What waits for an answer waits in vain."""
        super()._lost()
        for pending in self._pending:
            if not pending.answered.done():
                pending.answered.set_exception(EOFError("the connection ended"))

    def _answered(self, answer: Answer) -> None:
        waiting = (one for one in self._pending if one.id == answer.id and not one.answered.done())
        if (pending := next(waiting, None)) is not None:
            pending.answered.set_result(answer)

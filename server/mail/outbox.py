"""The outbox: letters are queued in the transaction that makes them necessary, and sent until somebody takes them.

At least once: a process that dies between the mail server's yes and its own note sends again, under the same
Message-ID. A mail server that is away delays, and loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select, update

from server.core import moments
from server.core.database import Database
from server.core.ids import new_id
from server.core.journal import database_time
from shared_schema.base import Id

from .letters import Letter, Sender, message
from .tables import letters

log = logging.getLogger("korridor.mail")

AT_ONCE: Final = 20
"""Letters taken from the table at a time."""
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=2)
KEPT: Final = timedelta(days=90)
"""How long the log of deliveries reaches back."""


class Refused(Exception):
    """The mail server will not take this letter, however often it is asked."""


class NotNow(Exception):
    """The mail server could not be reached, or asks to come again later."""


class Post(Struct, frozen=True):
    """A way to a mail server. `send` raises `Refused` or `NotNow`."""

    sender: Sender
    send: Callable[[EmailMessage], Awaitable[None]]


class Waiting(Struct, frozen=True):
    """A letter from the table that is due."""

    id: Id
    letter: Letter
    tries: int


def queue(connection: Connection, some: Iterable[Letter]) -> None:
    """Puts letters into the outbox, within the transaction that makes them necessary."""
    now = database_time(connection)
    rows = [
        {
            "id": new_id(),
            "purpose": letter.purpose,
            "address": letter.address,
            "subject": letter.subject,
            "text": letter.text,
            "state": "waiting",
            "tries": 0,
            "queued_at": moments.write(now),
            "at": moments.write(now),
            "useful_until": moments.write(now + letter.useful_for),
        }
        for letter in some
    ]
    if rows:
        connection.execute(insert(letters), rows)


class Outbox:
    """Sends what waits. One process at a time does it; `wake` is for the one that has just queued something."""

    def __init__(self, database: Database, post: Callable[[], Awaitable[Post | None]]) -> None:
        self._database = database
        self._post = post
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Something was queued: it need not wait for the next round."""
        self._news.set()

    async def news(self, at_most: float) -> None:
        """Returns when something was queued here, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most):
                await self._news.wait()
        self._news.clear()

    async def send_due(self) -> None:
        """Sends everything that is due. Without a mail server, letters wait until there is one or they are no use."""
        await self._database.write(_give_up_late)
        post = await self._post()
        while post is not None:
            some = await self._database.read(_due)
            for waiting in some:
                await self._send(post, waiting)
            if len(some) < AT_ONCE:
                return

    async def _send(self, post: Post, waiting: Waiting) -> None:
        try:
            await post.send(message(waiting.id, waiting.letter, post.sender, datetime.now(UTC)))
        except NotNow as problem:
            log.warning("mail_delayed", extra={"purpose": waiting.letter.purpose, "tries": waiting.tries + 1})
            await self._database.write(_put_off, waiting, str(problem))
        except Refused as problem:
            log.warning("mail_refused", extra={"purpose": waiting.letter.purpose})
            await self._database.write(_close, waiting.id, "refused", str(problem))
        else:
            await self._database.write(_close, waiting.id, "sent", None)

    async def forget_old(self) -> None:
        """Deletes what the log of deliveries need not hold any more."""
        await self._database.write(_forget)


# --- SQL -------------------------------------------------------------------------------------------------------------


def _due(connection: Connection) -> list[Waiting]:
    now = moments.write(database_time(connection))
    due = select(letters).where(letters.c.state == "waiting", letters.c.at <= now).order_by(letters.c.at)
    return [
        Waiting(
            id=row.id,
            letter=Letter(purpose=row.purpose, address=row.address, subject=row.subject, text=row.text),
            tries=row.tries,
        )
        for row in connection.execute(due.limit(AT_ONCE))
    ]


def _put_off(connection: Connection, waiting: Waiting, problem: str) -> None:
    wait = min(FIRST_WAIT * 2**waiting.tries, LONGEST_WAIT)
    at = moments.write(database_time(connection) + wait)
    values = {"tries": waiting.tries + 1, "at": at, "problem": problem[:200]}
    connection.execute(update(letters).where(letters.c.id == waiting.id).values(values))


def _close(connection: Connection, id: Id, state: str, problem: str | None) -> None:
    now = moments.write(database_time(connection))
    values = {"state": state, "at": now, "problem": problem and problem[:200], "subject": None, "text": None}
    connection.execute(update(letters).where(letters.c.id == id).values(values))


def _give_up_late(connection: Connection) -> None:
    now = moments.write(database_time(connection))
    late = update(letters).where(letters.c.state == "waiting", letters.c.useful_until <= now)
    connection.execute(late.values(state="lapsed", at=now, subject=None, text=None))


def _forget(connection: Connection) -> None:
    before = moments.write(database_time(connection) - KEPT)
    connection.execute(delete(letters).where(letters.c.state != "waiting", letters.c.at < before))

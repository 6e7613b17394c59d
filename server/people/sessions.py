"""Sessions: kept by the server, found by the hash of a random token, ended at the second by the database's clock."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from datetime import timedelta
from hashlib import sha256

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from server.core import moments
from server.core.database import Database
from server.core.journal import database_time
from shared_schema.base import Id

from .session_tables import sessions

TOKEN_BYTES = 32
"""256 bits: twice what cannot be guessed."""


class Session(Struct, frozen=True, kw_only=True):
    """A person who is signed in. `id` is no secret: it names the session, and nobody can sign in with it."""

    id: str
    person: Id
    area: Id


class Sessions:
    """Begins, finds and ends sessions. `ended` is told the ids of those that ended, so that their sockets close."""

    def __init__(self, database: Database, lifetime: timedelta, ended: Callable[[Collection[str]], None]) -> None:
        self._database = database
        self._lifetime = lifetime
        self._ended = ended

    @property
    def lifetime(self) -> timedelta:
        return self._lifetime

    async def begin(self, person: Id, area: Id) -> str:
        """Signs a person in; answers the token of the new session."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        await self._database.write(_begin, _hash(token), person, area, self._lifetime)
        return token

    async def find(self, token: str) -> Session | None:
        """The session of a token, or None if there is none any more."""
        return await self._database.read(_find, _hash(token))

    async def end(self, session: Session) -> None:
        """Ends a session; its token is worth nothing from now on."""
        await self._database.write(_end, [session.id])
        self._ended([session.id])

    async def end_lapsed(self, connected: Collection[str]) -> None:
        """Tells which of the connected sessions are gone, and forgets those whose time is over."""
        live = await self._database.read(_live, list(connected))
        if lapsed := set(connected) - live:
            self._ended(lapsed)
        if await self._database.read(_any_expired):
            await self._database.write(_forget_expired)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _begin(connection: Connection, id: str, person: Id, area: Id, lifetime: timedelta) -> None:
    now = database_time(connection)
    times = {"created_at": moments.write(now), "expires_at": moments.write(now + lifetime)}
    connection.execute(insert(sessions), {"id": id, "person": person, "area": area, **times})


def _find(connection: Connection, id: str) -> Session | None:
    now = moments.write(database_time(connection))
    rows = select(sessions).where(sessions.c.id == id, sessions.c.expires_at > now)
    row = connection.execute(rows).one_or_none()
    return None if row is None else Session(id=row.id, person=row.person, area=row.area)


def _end(connection: Connection, ids: list[str]) -> None:
    connection.execute(delete(sessions).where(sessions.c.id.in_(ids)))


def _live(connection: Connection, ids: list[str]) -> set[str]:
    now = moments.write(database_time(connection))
    return set(
        connection.execute(select(sessions.c.id).where(sessions.c.id.in_(ids), sessions.c.expires_at > now)).scalars()
    )


def _any_expired(connection: Connection) -> bool:
    now = moments.write(database_time(connection))
    return connection.execute(select(sessions.c.id).where(sessions.c.expires_at <= now).limit(1)).first() is not None


def _forget_expired(connection: Connection) -> None:
    now = moments.write(database_time(connection))
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))

"""Sessions: kept by the server, found by the hash of a random token, ended at the second by the database's clock."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.exceptions import NotAuthorizedException
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp
from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection, delete, insert, select, update

from server.core import moments
from server.core.database import UNREACHABLE, Database
from server.core.journal import database_time
from server.core.revocations import forget_revocations, revoke
from shared_schema.accounts import OwnSession, SignedInBy
from shared_schema.base import Id

from . import links
from .account_tables import accounts
from .session_tables import sessions

Connected = ASGIConnection[Any, Any, Any, Any]
TOKEN_BYTES = 32
"""256 bits: twice what cannot be guessed."""
READ_WITHIN = timedelta(days=1)
"""Every process has read of a session's end by then, or has ended itself."""


class Session(Struct, frozen=True, kw_only=True):
    """A person who is signed in. `id` is no secret: it names the session, and nobody can sign in with it."""

    id: str
    person: Id
    area: Id
    account: Id | None = None


class Found(Struct, frozen=True):
    """A session, and whether this is its first use today."""

    session: Session
    first_today: bool


class Sessions:
    """Begins, finds and ends sessions. `ended` is told the ids of those that ended, so that their sockets close."""

    def __init__(
        self, database: Database, *, lifetime: timedelta, secure: bool, ended: Callable[[Collection[str]], None]
    ) -> None:
        self._database = database
        self._lifetime = lifetime
        self._secure = secure
        self._ended = ended
        self._just_ended: set[str] = set()
        self._ended_before: set[str] = set()

    async def begin(
        self, person: Id, area: Id, *, account: Id | None = None, by: SignedInBy = "demo", browser: str = ""
    ) -> tuple[Session, str]:
        """Signs a person in; answers the new session and its token."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(id=_hash(token), person=person, area=area, account=account)
        await self._database.write(_begin, session, self._lifetime, by, browser)
        return session, token

    async def of(self, connection: Connected) -> Session | None:
        """The session that a request or a socket comes with, or None if there is none any more."""
        token = connection.cookies.get(self._cookie_name)
        found = None if token is None else await self._database.read(_find, _hash(token))
        # It may have ended while the answer was on its way: then a socket would be opened after all were closed.
        if found is None or found.session.id in self._just_ended | self._ended_before:
            return None
        if found.first_today:
            with suppress(*UNREACHABLE):  # what cannot be written now is worth no refusal
                await self._database.write(_note_use, found.session.id)
        return found.session

    async def end(self, session: Session) -> None:
        """Ends a session; its token is worth nothing from now on."""
        self._just_ended.add(session.id)
        await self._database.write(_end, [session.id])
        self._ended([session.id])

    async def own(self, session: Session) -> list[OwnSession]:
        """Everywhere the person of this session is signed in, the newest first."""
        return await self._database.read(_own, session)

    async def end_own(self, session: Session, id: str | None) -> None:
        """Ends another session of the same person, or (None) all others."""
        others = [one.id for one in await self.own(session) if not one.current and id in (None, one.id)]
        if others:
            self._just_ended.update(others)
            await self._database.write(_end, others)
            self._ended(others)

    async def end_all(self, person: Id) -> None:
        """Ends every session of a person."""
        theirs = await self._database.read(sessions_of, person)
        if theirs:
            self._just_ended.update(theirs)
            await self._database.write(_end, theirs)
            self._ended(theirs)

    async def end_lapsed(self, connected: Collection[str]) -> None:
        """Tells which of the connected sessions are gone."""
        self._just_ended, self._ended_before = set(), self._just_ended
        live = await self._database.read(_live, list(connected))
        if lapsed := set(connected) - live:
            self._ended(lapsed)

    async def forget_lapsed(self) -> None:
        """Deletes the sessions and links whose time is over, and what was noted when others ended long ago."""
        await self._database.write(_forget_expired)

    # --- cookies -----------------------------------------------------------------------------------------------------

    @property
    def _cookie_name(self) -> str:
        # Browsers take a __Host- cookie only over https, and never one that another host of the domain has set.
        return "__Host-korridor" if self._secure else "korridor"

    def cookie(self, token: str) -> Cookie:
        """The cookie that carries a token; scripts cannot read it, and other sites cannot send it with a change."""
        age = int(self._lifetime.total_seconds()) if token else 0
        return Cookie(
            key=self._cookie_name,
            value=token,
            max_age=age,
            path="/",
            httponly=True,
            secure=self._secure,
            samesite="lax",
        )

    def no_cookie(self) -> Cookie:
        """The cookie that makes the browser forget its token."""
        return self.cookie("")


class SignedIn(AbstractAuthenticationMiddleware):
    """Lets in who is signed in; every route but those with `exclude_from_auth` lies behind it."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        super().__init__(app)
        self._sessions = sessions

    async def authenticate_request(self, connection: Connected) -> AuthenticationResult:
        session = await self._sessions.of(connection)
        if session is None:
            raise NotAuthorizedException
        return AuthenticationResult(user=session.person, auth=session)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _begin(connection: Connection, session: Session, lifetime: timedelta, by: str, browser: str) -> None:
    now = database_time(connection)
    told = {"by": by, "browser": browser, "used_on": now.date().isoformat()}
    times = {"created_at": moments.write(now), "expires_at": moments.write(now + lifetime)}
    connection.execute(insert(sessions), {**asdict(session), **told, **times})
    if session.account is not None:
        connection.execute(update(accounts).where(accounts.c.id == session.account).values(used_on=told["used_on"]))


def _find(connection: Connection, id: str) -> Found | None:
    now = database_time(connection)
    rows = select(sessions).where(sessions.c.id == id, sessions.c.expires_at > moments.write(now))
    row = connection.execute(rows).one_or_none()
    if row is None:
        return None
    session = Session(id=row.id, person=row.person, area=row.area, account=row.account)
    return Found(session, row.used_on != now.date().isoformat())


def _note_use(connection: Connection, id: str) -> None:
    today = database_time(connection).date().isoformat()
    connection.execute(update(sessions).where(sessions.c.id == id).values(used_on=today))
    account = select(sessions.c.account).where(sessions.c.id == id).scalar_subquery()
    connection.execute(update(accounts).where(accounts.c.id == account).values(used_on=today))


def _own(connection: Connection, session: Session) -> list[OwnSession]:
    now = moments.write(database_time(connection))
    # One who is two people in two areas is signed in as each of them; who has no account is this person alone.
    mine = sessions.c.person == session.person
    if session.account is not None:
        mine = sessions.c.account == session.account
    rows = select(sessions).where(mine, sessions.c.expires_at > now).order_by(sessions.c.created_at.desc())
    return [
        OwnSession(
            id=row.id,
            by=row.by,
            browser=row.browser,
            began_at=moments.read(row.created_at),
            used_on=row.used_on,
            current=row.id == session.id,
        )
        for row in connection.execute(rows)
    ]


def sessions_of(connection: Connection, person: Id) -> list[str]:
    """The sessions in which this person is signed in."""
    return list(connection.execute(select(sessions.c.id).where(sessions.c.person == person)).scalars())


def _end(connection: Connection, ids: list[str]) -> None:
    connection.execute(delete(sessions).where(sessions.c.id.in_(ids)))
    revoke(connection, ids)


def _live(connection: Connection, ids: list[str]) -> set[str]:
    now = moments.write(database_time(connection))
    return set(
        connection.execute(select(sessions.c.id).where(sessions.c.id.in_(ids), sessions.c.expires_at > now)).scalars()
    )


def _forget_expired(connection: Connection) -> None:
    now = moments.write(database_time(connection))
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    links.forget_expired(connection)
    forget_revocations(connection, READ_WITHIN)

"""Links that open something once: to sign in, to confirm an address, to set an instance up.

The token stands in the fragment of an address, so that no server and no proxy ever logs it. What is stored is its hash.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, select, update

from server.core import moments
from server.core.journal import database_time
from shared_schema.base import Id

from .account_tables import links

Purpose = Literal["sign_in", "access", "second", "setup", "passkey"]
TOKEN_BYTES: Final = 32
"""256 bits: twice what cannot be guessed."""
T = TypeVar("T", bound=Struct)


def issue(connection: Connection, purpose: Purpose, subject: Id, data: Struct, lifetime: timedelta) -> str:
    """Makes a link for a subject (an account, a person, an instance); answers its token, which nobody else knows."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = database_time(connection)
    row = {
        "id": hashed(token),
        "purpose": purpose,
        "subject": subject,
        "data": msgspec.json.encode(data).decode(),
        "created_at": moments.write(now),
        "expires_at": moments.write(now + lifetime),
        "failures": 0,
    }
    connection.execute(insert(links), row)
    return token


def peek(connection: Connection, purpose: Purpose, token: str, kind: type[T]) -> T | None:
    """What a link is for, without using it up; None if there is no such link any more."""
    now = moments.write(database_time(connection))
    return _read(
        connection.execute(select(links.c.data).where(*_valid(purpose, token, now))).scalar_one_or_none(), kind
    )


def redeem(connection: Connection, purpose: Purpose, token: str, kind: type[T]) -> T | None:
    """Uses a link up; None if there is no such link any more. Of two at once, one gets it."""
    now = moments.write(database_time(connection))
    used = delete(links).where(*_valid(purpose, token, now)).returning(links.c.data)
    return _read(connection.execute(used).scalar_one_or_none(), kind)


def fail(connection: Connection, token: str, most: int) -> None:
    """Counts that a link was used with a wrong proof; with so many it is gone."""
    count = update(links).where(links.c.id == hashed(token)).values(failures=links.c.failures + 1)
    connection.execute(count)
    connection.execute(delete(links).where(links.c.id == hashed(token), links.c.failures >= most))


def issued_since(connection: Connection, purpose: Purpose, subject: Id, ago: timedelta) -> int:
    """How many links a subject was sent lately."""
    since = moments.write(database_time(connection) - ago)
    count = select(func.count()).where(
        links.c.subject == subject, links.c.purpose == purpose, links.c.created_at > since
    )
    number: int = connection.execute(count).scalar_one()
    return number


def withdraw(connection: Connection, purpose: Purpose, subject: Id) -> None:
    """Makes every link of a subject for this purpose worthless."""
    connection.execute(delete(links).where(links.c.subject == subject, links.c.purpose == purpose))


def forget_expired(connection: Connection) -> None:
    connection.execute(delete(links).where(links.c.expires_at <= moments.write(database_time(connection))))


def hashed(token: str) -> str:
    """What is stored of a token."""
    return sha256(token.encode()).hexdigest()


def _valid(purpose: Purpose, token: str, now: str) -> tuple[Any, ...]:
    return links.c.id == hashed(token), links.c.purpose == purpose, links.c.expires_at > now


def _read(data: str | None, kind: type[T]) -> T | None:
    return None if data is None else msgspec.json.decode(data, type=kind)

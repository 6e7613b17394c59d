"""What an account proves itself with, in the database: its password, its authenticator, its recovery codes."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, or_, select, update

from server.core import moments
from server.core.journal import database_time
from shared_schema.accounts import Passkey, Security
from shared_schema.base import Id

from . import credentials
from .account_tables import accounts, passkeys, recovery_codes
from .accounts import normal


class Known(Struct, frozen=True):
    """An account that was found by its address, with what is stored of its password."""

    id: Id
    password: str | None


def known(connection: Connection, email: str) -> Known | None:
    """The account with this address."""
    row = connection.execute(select(accounts).where(accounts.c.email == normal(email))).one_or_none()
    return None if row is None else Known(row.id, row.password)


def password_of(connection: Connection, account: Id) -> str | None:
    """What is stored of an account's password."""
    stored: str | None = connection.execute(select(accounts.c.password).where(accounts.c.id == account)).scalar_one()
    return stored


def set_password(connection: Connection, account: Id, stored: str | None) -> None:
    connection.execute(update(accounts).where(accounts.c.id == account).values(password=stored))


def security_of(connection: Connection, account: Id) -> Security:
    """How an account signs in."""
    row = connection.execute(select(accounts).where(accounts.c.id == account)).one()
    left = select(func.count()).where(recovery_codes.c.account == account)
    return Security(
        email=row.email,
        password=row.password is not None,
        authenticator=row.totp is not None,
        recovery_codes=connection.execute(left).scalar_one(),
        passkeys=tuple(passkeys_of(connection, account)),
    )


def has_authenticator(connection: Connection, account: Id) -> bool:
    return connection.execute(select(accounts.c.totp).where(accounts.c.id == account)).scalar_one_or_none() is not None


def set_authenticator(connection: Connection, account: Id, secret: str, code: str, codes: Iterable[str]) -> bool:
    """Ties an authenticator to an account if the code proves that it has the secret; says whether it does."""
    step = credentials.step_of(secret, credentials.plain(code), database_time(connection))
    if step is None:
        return False
    connection.execute(update(accounts).where(accounts.c.id == account).values(totp=secret, totp_step=step))
    replace_recovery_codes(connection, account, codes)
    return True


def remove_authenticator(connection: Connection, account: Id) -> None:
    connection.execute(update(accounts).where(accounts.c.id == account).values(totp=None, totp_step=None))
    replace_recovery_codes(connection, account, ())


def replace_recovery_codes(connection: Connection, account: Id, codes: Iterable[str]) -> None:
    """These codes stand in for the authenticator from now on, and none from before."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account == account))
    rows = [{"account": account, "code": credentials.stored_code(code)} for code in codes]
    if rows:
        connection.execute(insert(recovery_codes), rows)


def use_code(connection: Connection, account: Id, code: str) -> bool:
    """Whether the code is one of the authenticator or a recovery code; either way it works this once."""
    row = connection.execute(select(accounts).where(accounts.c.id == account)).one_or_none()
    if row is None or row.totp is None:
        return False
    step = credentials.step_of(row.totp, credentials.plain(code), database_time(connection))
    if step is None:
        used = delete(recovery_codes).where(
            recovery_codes.c.account == account, recovery_codes.c.code == credentials.stored_code(code)
        )
        return connection.execute(used).rowcount == 1
    # Of two at once with the same code, one gets in.
    fresh = or_(accounts.c.totp_step.is_(None), accounts.c.totp_step < step)
    taken = update(accounts).where(accounts.c.id == account, fresh).values(totp_step=step)
    return connection.execute(taken).rowcount == 1


# --- passkeys --------------------------------------------------------------------------------------------------------


class StoredPasskey(Struct, frozen=True):
    """What the answer of a passkey is held against."""

    account: Id
    public_key: bytes
    sign_count: int


def passkeys_of(connection: Connection, account: Id) -> list[Passkey]:
    """The passkeys of an account, the oldest first."""
    rows = select(passkeys).where(passkeys.c.account == account).order_by(passkeys.c.created_at)
    return [
        Passkey(id=row.id, name=row.name, created_at=moments.read(row.created_at), used_on=row.used_on)
        for row in connection.execute(rows)
    ]


def add_passkey(connection: Connection, account: Id, id: str, public_key: bytes, sign_count: int, name: str) -> None:
    now = moments.write(database_time(connection))
    values = {"id": id, "account": account, "public_key": public_key, "sign_count": sign_count, "name": name}
    connection.execute(insert(passkeys), {**values, "created_at": now})


def passkey(connection: Connection, id: str) -> StoredPasskey | None:
    """The passkey with this id."""
    row = connection.execute(select(passkeys).where(passkeys.c.id == id)).one_or_none()
    return None if row is None else StoredPasskey(row.account, bytes(row.public_key), row.sign_count)


def used_passkey(connection: Connection, id: str, sign_count: int) -> None:
    """Remembers how often a passkey was used: one that was copied counts from where it was."""
    today = database_time(connection).date().isoformat()
    connection.execute(update(passkeys).where(passkeys.c.id == id).values(sign_count=sign_count, used_on=today))


def remove_passkey(connection: Connection, account: Id, id: str) -> None:
    connection.execute(delete(passkeys).where(passkeys.c.id == id, passkeys.c.account == account))

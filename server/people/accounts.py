"""Accounts in the database: found by their address, made when somebody first comes in, tied to a person per area."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, insert, select, update

from server.core import moments
from server.core.ids import new_id
from server.core.journal import database_time
from shared_schema.base import Id

from .account_tables import account_people, accounts


class Account(Struct, frozen=True, kw_only=True):
    """Somebody who can sign in. Without an address they came by a link and have not given one."""

    id: Id
    email: str | None


class Being(Struct, frozen=True, kw_only=True):
    """Who an account is in an area."""

    person: Id
    area: Id


class AddressTaken(Exception):
    """Another account has this address."""


def normal(email: str) -> str:
    """An address as it is stored and compared: nobody tells Anna@ from anna@."""
    return email.strip().lower()


def by_email(connection: Connection, email: str) -> Account | None:
    """The account with this address."""
    row = connection.execute(select(accounts).where(accounts.c.email == normal(email))).one_or_none()
    return None if row is None else Account(id=row.id, email=row.email)


def by_id(connection: Connection, id: Id) -> Account | None:
    row = connection.execute(select(accounts).where(accounts.c.id == id)).one_or_none()
    return None if row is None else Account(id=row.id, email=row.email)


def of_person(connection: Connection, person: Id) -> Account | None:
    """The account of a person, if they ever came in."""
    row = connection.execute(
        select(accounts).join(account_people).where(account_people.c.person == person)
    ).one_or_none()
    return None if row is None else Account(id=row.id, email=row.email)


def beings(connection: Connection, account: Id) -> list[Being]:
    """Who an account is, area by area."""
    rows = select(account_people).where(account_people.c.account == account).order_by(account_people.c.area)
    return [Being(person=row.person, area=row.area) for row in connection.execute(rows)]


def create(connection: Connection, email: str | None = None) -> Account:
    """A new account. The address must have been confirmed: a mail has reached it."""
    account = Account(id=new_id(), email=None if email is None else normal(email))
    values = {"id": account.id, "email": account.email, "created_at": moments.write(database_time(connection))}
    connection.execute(insert(accounts), values)
    return account


def become(connection: Connection, account: Id, being: Being) -> None:
    """From now on the account is this person in this area."""
    values = {"account": account, "area": being.area, "person": being.person}
    connection.execute(insert(account_people), values)


def set_email(connection: Connection, account: Id, email: str) -> None:
    """Gives an account its confirmed address; raises `AddressTaken` if another one has it."""
    holder = by_email(connection, email)
    if holder is not None and holder.id != account:
        raise AddressTaken
    connection.execute(update(accounts).where(accounts.c.id == account).values(email=normal(email)))


def coming_in(connection: Connection, being: Being, email: str | None) -> Account:
    """The account of a person who comes in for the first time or again: theirs, or that of their address, or a new
    one. An address that a mail has reached becomes theirs if they had none. Raises `AddressTaken` if it belongs to
    somebody else."""
    account = of_person(connection, being.person)
    if account is not None:
        if email and account.email is None:
            set_email(connection, account.id, email)
        return account
    account = (by_email(connection, email) if email else None) or create(connection, email)
    if any(one.area == being.area for one in beings(connection, account.id)):
        raise AddressTaken
    become(connection, account.id, being)
    return account

"""What goes with a person who was erased, beside the journals: the account if it is nobody else, with all it has."""

from __future__ import annotations

from sqlalchemy import Column, Connection, delete, func, select

from server.core.revocations import revoke
from server.core.tables import metadata
from server.mail.tables import letters
from shared_schema.base import Id

from . import accounts
from .account_tables import account_people, links
from .account_tables import accounts as accounts_table
from .session_tables import sessions


def forget_account(connection: Connection, person: Id) -> None:
    """Deletes how the person came in. An account that is somebody in another area stays, and is nobody in this one."""
    account = accounts.of_person(connection, person)
    connection.execute(delete(links).where(links.c.subject == person))
    connection.execute(delete(sessions).where(sessions.c.person == person))
    connection.execute(delete(account_people).where(account_people.c.person == person))
    if account is not None and not accounts.beings(connection, account.id):
        delete_account(connection, account.id)


def delete_account(connection: Connection, id: Id) -> None:
    """Deletes an account with its sessions, its links and the letters to its address. Who it was is a person still."""
    account = accounts.by_id(connection, id)
    ended = list(connection.execute(select(sessions.c.id).where(sessions.c.account == id)).scalars())
    connection.execute(delete(sessions).where(sessions.c.account == id))
    if ended:
        revoke(connection, ended)
    connection.execute(delete(links).where(links.c.subject == id))
    if account is not None and account.email is not None:
        connection.execute(delete(letters).where(func.lower(letters.c.address) == account.email))
    for column in _referring():
        connection.execute(delete(column.table).where(column == id))
    connection.execute(delete(accounts_table).where(accounts_table.c.id == id))


def _referring() -> list[Column[str]]:
    """Where other tables name an account: what it proves itself with, and who it is."""
    keys = (key for table in metadata.sorted_tables for key in table.foreign_keys)
    return [key.parent for key in keys if key.column.table is accounts_table]

"""What goes with a person who was erased, beside the journals: the account if it is nobody else, with all it has."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func

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
    if account is None or accounts.beings(connection, account.id):
        return
    connection.execute(delete(links).where(links.c.subject == account.id))
    if account.email is not None:
        connection.execute(delete(letters).where(func.lower(letters.c.address) == account.email))
    connection.execute(delete(accounts_table).where(accounts_table.c.id == account.id))

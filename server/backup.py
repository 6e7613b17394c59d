"""Whole instances and single spaces out of a database: backups and exports, the same file for both kinds.

Carried is what belongs to a space, and in a backup accounts and the mail server. Read tables follow from the entities
and are made anew. Sessions and links stay behind: somebody may have signed out since, and must not be signed in again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from sqlalchemy import Connection, Table, select
from sqlalchemy.engine import URL

from server import __version__
from server.core import moments
from server.core.archive import Counts, Header, Values, write_archive
from server.core.journal import database_time
from server.core.long import read_long
from server.core.tables import instance, spaces
from server.core.verify import stored_spaces
from server.mail.tables import mail_servers
from server.migrations import expect_newest, newest
from server.people.account_tables import account_people, accounts, passkeys, recovery_codes
from shared_schema.base import Id

BESIDE: Final = (accounts, account_people, recovery_codes, passkeys, mail_servers)
"""What a backup carries beside the spaces; what refers to another table stands after it."""


class NotDone(Exception):
    """What was asked for was not done, and nothing was changed; the message is a sentence that says why."""


async def backup(url: str | URL, target: BinaryIO) -> Counts:
    """Writes the whole instance as it is at this moment, also while a server writes to the database."""
    return await read_long(url, _write, target, None)


async def export(url: str | URL, space: Id, target: BinaryIO) -> Counts:
    """Writes one space; of an area, all spaces in it, too."""
    return await read_long(url, _write, target, space)


def _write(connection: Connection, target: BinaryIO, space: Id | None) -> Counts:
    expect_newest(connection)
    wanted = None if space is None else _with_parts(connection, space)
    header = Header(
        korridor=__version__,
        holds="instance" if space is None else "spaces",
        schema=newest(),
        instance=connection.execute(select(instance.c.id)).scalar_one_or_none(),
        at=moments.write(database_time(connection)),
    )
    beside = stored_beside(connection) if space is None else ()
    return write_archive(target, header, stored_spaces(connection, wanted), beside)


def stored_beside(connection: Connection) -> Iterator[tuple[Table, Values]]:
    """The rows of the tables beside the spaces."""
    for table in BESIDE:
        rows = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings().all()
        yield from ((table, dict(row)) for row in rows)


def _with_parts(connection: Connection, space: Id) -> list[Id]:
    """The space itself; for an area, which is its own area, all that belong to it."""
    rows = select(spaces.c.id).where((spaces.c.id == space) | (spaces.c.area == space))
    found = [str(id) for id in connection.execute(rows).scalars()]
    if not found:
        raise NotDone(f"There is no space {space}.")
    return found

"""Whole instances and single spaces out of a database: backups and exports, the same file for both kinds.

Carried is what belongs to a space. Read tables follow from the entities and are made anew. Sessions stay behind:
somebody may have signed out since, and must not be signed in again.
"""

from __future__ import annotations

from typing import BinaryIO

from sqlalchemy import Connection, select
from sqlalchemy.engine import URL

from server import __version__
from server.core import moments
from server.core.archive import Counts, Header, write_archive
from server.core.journal import database_time
from server.core.long import read_long
from server.core.tables import instance, spaces
from server.core.verify import stored_spaces
from server.migrations import expect_newest, newest
from shared_schema.base import Id


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
    return write_archive(target, header, stored_spaces(connection, wanted))


def _with_parts(connection: Connection, space: Id) -> list[Id]:
    """The space itself; for an area, which is its own area, all that belong to it."""
    rows = select(spaces.c.id).where((spaces.c.id == space) | (spaces.c.area == space))
    found = [str(id) for id in connection.execute(rows).scalars()]
    if not found:
        raise NotDone(f"There is no space {space}.")
    return found

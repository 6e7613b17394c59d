"""Whole instances and single spaces, out of one database and into another, of whichever kind either is.

Carried are spaces, journals and entities. Read tables follow from the entities and are made anew. Sessions stay behind:
somebody may have signed out since, and must not be signed in again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import BinaryIO

import msgspec
from sqlalchemy import Connection, delete, insert, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError

import server.tables  # noqa: F401  # the read tables of all slices
from server import __version__
from server.core import moments
from server.core.archive import (
    DAMAGED,
    Archive,
    Counts,
    Header,
    Holds,
    Newer,
    SpaceRows,
    Unreadable,
    Values,
    write_archive,
)
from server.core.journal import database_time
from server.core.long import APPLICATION, read_long, write_long
from server.core.projections import PROJECTIONS
from server.core.space import kind_of
from server.core.tables import entities, instance, journal, spaces
from server.core.verify import AT_ONCE, Difference, Verified, stored_spaces, verify_database
from server.migrations import expect_newest, newest, upgrade
from shared_schema.base import Id
from shared_schema.journal import AnyEntity
from shared_schema.people import Listing


class NotDone(Exception):
    """What was asked for was not done, and nothing was changed; the message is a sentence that says why."""


# --- out of a database -----------------------------------------------------------------------------------------------


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


# --- into a database -------------------------------------------------------------------------------------------------


async def restore(url: str | URL, source: BinaryIO) -> list[Verified]:
    """Fills an empty database from a backup: with all of it, verified, or with nothing.

    It becomes an instance with an id of its own, because its clients may have seen what came after the backup.
    """
    return await write_long(url, _restore, source)


async def import_spaces(url: str | URL, source: BinaryIO) -> list[Verified]:
    """Adds the spaces of an export, verified, or nothing."""
    return await write_long(url, _import, source)


def _restore(connection: Connection, source: BinaryIO) -> list[Verified]:
    archive = opened(source, "instance")
    upgrade(connection)
    _expect_nobody(connection)
    if connection.execute(select(spaces.c.id).limit(1)).first() is not None:
        raise NotDone("The database holds data; a backup is restored into an empty one.")
    connection.execute(delete(instance))  # the next start gives the new id
    return _load(connection, archive.spaces())


def _import(connection: Connection, source: BinaryIO) -> list[Verified]:
    archive = opened(source, "spaces")
    expect_newest(connection)
    known = set(connection.execute(select(spaces.c.id)).scalars())
    outcomes = _load(connection, _unknown(archive.spaces(), known))
    _expect_listed(connection, [one.space for one in outcomes])
    return outcomes


def opened(source: BinaryIO, holds: Holds | None = None) -> Archive:
    """An archive that this version reads, and that holds what it should."""
    archive = Archive(source)
    if archive.header.schema > newest():
        raise Newer(archive.header)
    if holds not in (None, archive.header.holds):
        raise Unreadable(f"holds {OTHERWISE[archive.header.holds]}")
    return archive


OTHERWISE = {
    "instance": "a whole instance; `korridor restore` is for that",
    "spaces": "single spaces; `korridor import` is for that",
}


def _expect_nobody(connection: Connection) -> None:
    """On SQLite a lock keeps servers away. On PostgreSQL one could go on under the id that is replaced here."""
    if connection.dialect.name == "postgresql" and connection.execute(_OTHERS, {"own": APPLICATION}).first():
        raise NotDone("Another Korridor is running on this database. Stop it first.")


_OTHERS = text(
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name LIKE 'korridor %' AND application_name <> :own"
)


def _unknown(found: Iterable[SpaceRows], known: Collection[Id]) -> Iterator[SpaceRows]:
    for space in found:
        if space.space["id"] in known:
            raise NotDone(f"The database holds space {space.space['id']} already.")
        yield space


def _expect_listed(connection: Connection, ids: Collection[Id]) -> None:
    """Every space but an area stands in the list of its area; without that nobody would find it."""
    listing = (entities.c.space == spaces.c.area) & (entities.c.id == spaces.c.id) & (entities.c.kind == LISTING)
    unlisted = select(spaces.c.id).outerjoin(entities, listing).where(entities.c.id.is_(None), spaces.c.kind != "area")
    lost = connection.execute(unlisted.where(spaces.c.id.in_(ids))).scalars().first()
    if lost is not None:
        raise NotDone(f"The area of space {lost} is not in this database, or does not know the space.")


LISTING = kind_of(Listing)

# --- loading ---------------------------------------------------------------------------------------------------------


def _load(connection: Connection, found: Iterable[SpaceRows]) -> list[Verified]:
    """Stores the spaces and holds what is stored against its journal. The caller commits."""
    ids = []
    try:
        for space in found:
            connection.execute(insert(spaces), space.space)
            for entries in _several(space.journal):
                connection.execute(insert(journal), entries)
            for bodies in _several(space.entities):
                connection.execute(insert(entities), bodies)
                _project(connection, bodies)
            ids.append(space.space["id"])
    except IntegrityError:
        raise Unreadable(DAMAGED) from None
    return list(_expect_whole(verify_database(connection, ids)))


def _several(rows: Iterable[Values]) -> Iterator[list[Values]]:
    remaining = iter(rows)
    while some := list(islice(remaining, AT_ONCE)):
        yield some


def _project(connection: Connection, bodies: Iterable[Values]) -> None:
    """Makes the rows of the read tables, as the committer does with each change."""
    by_kind: dict[str, list[Values]] = {}
    for row in bodies:
        projected = _projected(row["kind"], row["body"])
        if projected is not None:
            by_kind.setdefault(row["kind"], []).append({"space": row["space"], "id": row["id"], **projected})
    for kind, rows in by_kind.items():
        connection.execute(insert(PROJECTIONS[kind].table), rows)


def _projected(kind: str, body: bytes) -> Values | None:
    projection = PROJECTIONS.get(kind)
    try:
        return projection.row(_entity.decode(body)) if projection else None
    except msgspec.MsgspecError:
        return None  # the verification, which comes after this, names it


_entity: msgspec.json.Decoder[AnyEntity] = msgspec.json.Decoder(AnyEntity)


def _expect_whole(outcomes: Iterable[Verified | Difference]) -> Iterator[Verified]:
    for outcome in outcomes:
        if isinstance(outcome, Difference):
            raise Unreadable(f"holds what was altered: {outcome}")
        yield outcome

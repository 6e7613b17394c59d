"""Backups and exports into a database: all of what they hold, verified, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from tempfile import TemporaryDirectory
from typing import BinaryIO

from sqlalchemy import Connection, MetaData, Table, delete, insert, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError

import server.tables  # noqa: F401  # the read tables of all slices
from server.backup import BESIDE, NotDone, stored_beside
from server.core import erasing
from server.core.archive import DAMAGED, TABLES, Archive, Holds, Newer, Of, SpaceRows, Unreadable, Values
from server.core.database import scrub_database, sqlite_engine
from server.core.journal import load_entities
from server.core.long import APPLICATION, write_long
from server.core.projections import PROJECTIONS
from server.core.space import kind_of
from server.core.tables import entities, instance, spaces
from server.core.verify import AT_ONCE, Difference, Verified, stored_spaces, verify_database
from server.migrations import expect_newest, newest, upgrade
from server.people.departures import forget_account
from server.people.erasing import erasure_of, spaces_of
from server.people.erasure_list import Listed
from shared_schema.base import Id
from shared_schema.people import Listing


async def restore(url: str | URL, source: BinaryIO, erased: Collection[Listed] = ()) -> list[Verified]:
    """Fills an empty database from a backup: with all of it, verified, or with nothing. Who is listed as erased is
    erased again.

    It becomes an instance with an id of its own, because its clients may have seen what came after the backup.
    """
    outcomes = await write_long(url, _restore, source, erased)
    scrub_database(url)
    return outcomes


async def import_spaces(url: str | URL, source: BinaryIO, erased: Collection[Listed] = ()) -> list[Verified]:
    """Adds the spaces of an export, verified, or nothing. Who is listed as erased is erased in them."""
    outcomes = await write_long(url, _import, source, erased)
    scrub_database(url)
    return outcomes


def _restore(connection: Connection, source: BinaryIO, erased: Collection[Listed]) -> list[Verified]:
    archive = opened(source, "instance")
    upgrade(connection)
    _expect_nobody(connection)
    if connection.execute(select(spaces.c.id).limit(1)).first() is not None:
        raise NotDone("The database holds data; a backup is restored into an empty one.")
    connection.execute(delete(instance))  # the next start gives the new id
    with _as_now(archive) as (beside, found):
        for table, row in beside:
            connection.execute(insert(table), row)
        return _erase(connection, _load(connection, found), erased)


def _import(connection: Connection, source: BinaryIO, erased: Collection[Listed]) -> list[Verified]:
    archive = opened(source, "spaces")
    expect_newest(connection)
    known = set(connection.execute(select(spaces.c.id)).scalars())
    with _as_now(archive) as (_, found):
        outcomes = _load(connection, _unknown(found, known))
    _expect_listed(connection, [one.space for one in outcomes])
    return _erase(connection, outcomes, erased)


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


@contextmanager
def _as_now(archive: Archive) -> Iterator[tuple[Iterable[tuple[Table, Values]], Iterable[SpaceRows]]]:
    """What is beside the spaces, and the spaces, as this version keeps them. What an older one has written goes through
    the steps that came since, in a database that is made for it and goes away."""
    if archive.header.schema == newest():
        yield archive.beside(BESIDE), archive.spaces()
        return
    with TemporaryDirectory(prefix="korridor-") as folder:
        engine = sqlite_engine(make_url(f"sqlite:///{folder}/older.db"), writes=True)
        try:
            with engine.begin() as connection:
                _store_as_then(connection, archive)
                upgrade(connection)
                yield stored_beside(connection), stored_spaces(connection)
        finally:
            engine.dispose()


def _store_as_then(connection: Connection, archive: Archive) -> None:
    upgrade(connection, to=archive.header.schema)
    then = MetaData()
    then.reflect(connection)
    tables = {of: then.tables[table.name] for of, table in TABLES.items() if table.name in then.tables}
    for table, row in archive.beside(then.tables.values()):
        connection.execute(insert(table), row)
    for space in archive.spaces(tables):
        _store(connection, space, tables)


def _load(connection: Connection, found: Iterable[SpaceRows]) -> list[Verified]:
    """Stores the spaces, and holds what is stored against its journal. The caller commits."""
    ids = [_store(connection, space, TABLES) for space in found]
    outcomes = list(_expect_whole(verify_database(connection, ids)))
    for id in ids:
        _project(connection, id)
    return outcomes


def _store(connection: Connection, space: SpaceRows, tables: Mapping[Of, Table]) -> Id:
    try:
        connection.execute(insert(tables["space"]), space.space)
        for of, rows in space.parts():
            for some in _several(rows):
                connection.execute(insert(tables[of]), some)
    except IntegrityError:
        raise Unreadable(DAMAGED) from None
    return str(space.space["id"])


def _several(rows: Iterable[Values]) -> Iterator[list[Values]]:
    remaining = iter(rows)
    while some := list(islice(remaining, AT_ONCE)):
        yield some


def _project(connection: Connection, space: Id) -> None:
    """Makes the rows of the read tables, as the committer does with each change."""
    rows: dict[str, list[Values]] = defaultdict(list)
    for entity in load_entities(connection, space):
        projection = PROJECTIONS.get(kind_of(entity))
        projected = projection.row(entity) if projection else None
        if projected is not None:
            rows[kind_of(entity)].append({"space": space, "id": entity.id, **projected})
    for kind, some in rows.items():
        connection.execute(insert(PROJECTIONS[kind].table), some)


def _erase(connection: Connection, loaded: list[Verified], erased: Iterable[Listed]) -> list[Verified]:
    """Erases again whom the list names, in the spaces that were loaded; what is stored then is verified, too."""
    ids = [one.space for one in loaded]
    rewritten = [id for listed in erased for id in _erase_one(connection, ids, listed)]
    return list(_expect_whole(verify_database(connection, ids))) if rewritten else loaded


def _erase_one(connection: Connection, loaded: Collection[Id], listed: Listed) -> list[Id]:
    forget_account(connection, listed.person)
    erasure = erasure_of(connection, listed.area, listed.person)
    wanted = [id for id in spaces_of(connection, listed.area) if id in loaded]
    return [id for id in wanted if erasing.erase(connection, id, erasure) is not None]


def _expect_whole(outcomes: Iterable[Verified | Difference]) -> Iterator[Verified]:
    for outcome in outcomes:
        if isinstance(outcome, Difference):
            raise Unreadable(f"holds what was altered: {outcome}")
        yield outcome

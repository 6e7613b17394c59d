"""Erasure: an entry that replaces what other entries of its space say, and lists the hash of each replacement.

The chain goes on over the hashes of what was said first; that itself, the salt and the fingerprint are removed, so
that it can neither be read nor confirmed by guessing. Replay gives the state without the name, and the entry brings
everybody who holds the state with the name to the same. Functions of a `Connection`, for a server and for a restore.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Any, cast

from msgspec import Struct
from sqlalchemy import Connection, Row, select

from shared_schema.base import SYSTEM, Entity, Id
from shared_schema.journal import AnyEntity, Entry, Put

from . import ledger, moments
from .batch import entity_rows, journal_row
from .forgetting import Forgotten, Retelling
from .journal import Replaced, Writes, database_time, decode_payload, encode_payload, lock, write_batch
from .space import Space
from .tables import journal, spaces
from .writes import update_of, write_all

VERB = "person.forget"
REPLACED = ("payload", "salt", "fingerprint", "payload_hash")
"""What becomes of a row whose entry says something else."""
PAGE = 500
"""Rows read at a time: PostgreSQL gives up a transaction that says nothing for two seconds."""


class Erasure(Struct, frozen=True, kw_only=True):
    """What is to be done in each space; `id`, the same for all of them, makes a second time have no effect. `also`
    gives what is to exist besides, such as where others have written the name."""

    id: Id
    forgotten: Forgotten
    also: Callable[[Space, Forgotten], Iterable[Entity]]


def erase(connection: Connection, id: Id, erasure: Erasure) -> int | None:
    """Forgets a person in one space; the number of the entry, or None if there is nothing to forget any more. The
    caller commits."""
    lock(connection, [id], wait=True)
    if _done(connection, id, erasure.id):
        return None
    row = connection.execute(select(spaces).where(spaces.c.id == id)).one()
    retelling = Retelling(Space(row.id, row.kind, row.area), erasure.forgotten)
    replacements = list(_replacements(connection, id, retelling))
    changes = tuple(Put(entity=cast(AnyEntity, entity)) for entity in _changed(retelling, erasure))
    if not replacements and not changes:
        return None
    space = retelling.first.overlay()
    space.seq, space.head = row.seq, row.head
    space.at = max(database_time(connection), moments.read(row.at))
    write_batch(connection, _entry(space, erasure, changes, replacements))
    write_all(connection, [(update_of(journal, *REPLACED), replacements)])
    return space.seq


def _done(connection: Connection, space: Id, command: Id) -> bool:
    found = select(journal.c.seq).where(journal.c.command == command, journal.c.space == space)
    return connection.execute(found).first() is not None


def _changed(retelling: Retelling, erasure: Erasure) -> Iterator[Entity]:
    yield from retelling.differences()
    yield from erasure.also(retelling.second, erasure.forgotten)


def _replacements(connection: Connection, id: Id, retelling: Retelling) -> Iterator[dict[str, Any]]:
    """The rows of the journal that say something else from now on."""
    for row in _rows(connection, id):
        said = decode_payload(row.payload)
        changes = retelling.take(said.changes, row.by_id)
        if changes != said.changes:
            yield {
                "space": id,
                "seq": row.seq,
                "payload": encode_payload(changes, said.unseen, said.other, said.replaced),
                "salt": b"",
                "fingerprint": None,
                "payload_hash": row.payload_hash or ledger.payload_hash(row.salt, row.payload),
            }


def _rows(connection: Connection, id: Id) -> Iterator[Row[Any]]:
    after, page = 0, PAGE
    while page == PAGE:
        some = select(journal).where(journal.c.space == id, journal.c.seq > after).order_by(journal.c.seq).limit(PAGE)
        rows = connection.execute(some).all()
        yield from rows
        after, page = rows[-1].seq if rows else after, len(rows)


def _entry(space: Space, erasure: Erasure, changes: tuple[Put, ...], replacements: Iterable[dict[str, Any]]) -> Writes:
    """The rows of the entry, and of the entities that it changes; the space stands at it from now on."""
    space.apply(changes)
    space.seq += 1
    entry = Entry(
        seq=space.seq,
        at=space.at,
        by=SYSTEM,
        verb=VERB,
        about=erasure.forgotten.person,
        command=erasure.id,
        changes=changes,
    )
    replaced = tuple(Replaced(seq=one["seq"], hash=sha256(one["payload"]).hexdigest()) for one in replacements)
    payload = encode_payload(changes, (), None, replaced)
    rows = Writes(journal=[journal_row(space, entry, payload, secrets.token_bytes(16), None)])
    rows.heads.append({"id": space.id, "seq": space.seq, "head": space.head, "at": moments.write(space.at)})
    for kind, id, entity in space.touched():
        entity_rows(rows, space.id, kind, id, entity)
    return rows

"""Checks that a journal was not altered: the chain of hashes, and that replaying it gives the entity rows.

Works on rows, whether they come from the database or from an archive, and names the first difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Column, Connection, Select, Table, select

from shared_schema.base import Id
from shared_schema.journal import AnyEntity

from . import ledger
from .archive import Archive, SpaceRows
from .journal import Payload, decode_payload
from .space import Space, kind_of
from .tables import entities, follow_ups, journal, spaces

_entity: msgspec.json.Decoder[AnyEntity] = msgspec.json.Decoder(AnyEntity)


class Difference(Struct, frozen=True, kw_only=True):
    """The first place at which a space is not what its journal says."""

    space: Id
    place: str
    what: str

    def __str__(self) -> str:
        return f"space {self.space}, {self.place}: {self.what}"


class Verified(Struct, frozen=True, kw_only=True):
    """A space whose journal is whole: entries, and the head to compare with a published one."""

    space: Id
    entries: int
    head: str


def verify_space(rows: SpaceRows) -> Verified | Difference:
    """Follows the chain, replays the changes, and holds the outcome against the rows."""
    id = rows.space["id"]
    replayed = Space(id, rows.space["kind"], rows.space["area"])
    replayed.head = ledger.genesis(id)
    erased = Erased()
    for row in rows.journal:
        wrong = _step(replayed, row, erased)
        if wrong:
            return Difference(space=id, place=f"entry {row['seq']}", what=wrong)
    for seq in erased.unproved():
        return Difference(space=id, place=f"entry {seq}", what="it says something else, and no erasure says what")
    if (rows.space["seq"], bytes(rows.space["head"])) != (replayed.seq, replayed.head):
        return Difference(
            space=id, place="head", what=f"the space stands at {rows.space['seq']}, the journal elsewhere"
        )
    return _compare(replayed, rows.entities) or Verified(space=id, entries=replayed.seq, head=replayed.head.hex())


class Erased:
    """The payloads that are not the first ones, and what later entries say of them: the newest one of these counts."""

    def __init__(self) -> None:
        self._found: dict[int, str] = {}
        self._listed: dict[int, str] = {}

    def payload_hash(self, row: dict[str, Any]) -> bytes:
        """What the chain covers: the hash that was kept of a payload that was replaced, else that of the payload."""
        payload = _bytes(row["payload"])
        if row.get("payload_hash") is None:
            return ledger.payload_hash(bytes(row["salt"]), payload)
        self._found[row["seq"]] = sha256(payload).hexdigest()
        return bytes(row["payload_hash"])

    def take_in(self, seq: int, payload: Payload) -> None:
        """Notes what an entry has replaced: only what stands before it can have been."""
        self._listed.update({one.seq: one.hash for one in payload.replaced if one.seq < seq})

    def unproved(self) -> list[int]:
        """The entries whose payloads are others than the newest erasure says."""
        places = self._found.keys() | self._listed.keys()
        return sorted(seq for seq in places if self._found.get(seq) != self._listed.get(seq))


def _step(space: Space, row: dict[str, Any], erased: Erased) -> str | None:
    """Adds one row to the replayed space; what is wrong with it, if anything is."""
    if row["seq"] != space.seq + 1:
        return f"entry {space.seq + 1} is missing"
    computed = ledger.entry_hash(
        space=space.id,
        prev=space.head,
        seq=row["seq"],
        at=row["at"],
        by=(row["by_kind"], row["by_id"], row["by_for"]),
        verb=row["verb"],
        about=row["about"],
        command=row["command"],
        payload=erased.payload_hash(row),
    )
    if computed != bytes(row["hash"]):
        return "its hash does not fit what it says"
    try:
        payload = decode_payload(row["payload"])
        space.apply(payload.changes)
    except (msgspec.MsgspecError, LookupError) as error:
        return f"it cannot be replayed: {error}"
    erased.take_in(row["seq"], payload)
    space.seq, space.head = row["seq"], computed
    return None


def _compare(space: Space, rows: Iterable[dict[str, Any]]) -> Difference | None:
    left = {(kind_of(entity), entity.id): entity for entity in space}
    for row in rows:
        place = f"{row['kind']} {row['id']}"
        expected = left.pop((row["kind"], row["id"]), None)
        if expected is None:
            return Difference(space=space.id, place=place, what="no entry brought it into being")
        try:
            found = _entity.decode(row["body"])
        except msgspec.MsgspecError as error:
            return Difference(space=space.id, place=place, what=f"its row cannot be read: {error}")
        if found != expected:
            names = [n for n in expected.__struct_fields__ if getattr(expected, n) != getattr(found, n, None)]
            return Difference(space=space.id, place=place, what=f"the journal says otherwise: {', '.join(names)}")
    for kind, id in left:
        return Difference(space=space.id, place=f"{kind} {id}", what="its row is missing")
    return None


def _bytes(value: Any) -> bytes:
    """A column that somebody wrote as text counts by its bytes."""
    return value.encode() if isinstance(value, str) else bytes(value)


# --- a database, an archive ------------------------------------------------------------------------------------------

AT_ONCE = 1000
"""Rows that are fetched together: no journal needs to fit into memory."""


def verify_database(connection: Connection, ids: Collection[Id] | None = None) -> Iterator[Verified | Difference]:
    """Every space in turn, or these alone. Read in one transaction, so that a running server does not disturb."""
    return map(verify_space, stored_spaces(connection, ids))


def verify_archive(archive: Archive) -> Iterator[Verified | Difference]:
    """Every space of a backup or an export, without any database; raises `Unreadable` if the file is not whole."""
    return map(verify_space, archive.spaces())


def stored_spaces(connection: Connection, ids: Collection[Id] | None = None) -> Iterator[SpaceRows]:
    """Every space of the database, or these alone, with all their rows."""
    rows = select(spaces) if ids is None else select(spaces).where(spaces.c.id.in_(ids))
    for row in connection.execute(rows.order_by(spaces.c.id)).mappings().all():
        yield _stored(connection, dict(row))


def _stored(connection: Connection, space: dict[str, Any]) -> SpaceRows:
    def rows(table: Table, *order: Column[Any]) -> Iterator[dict[str, Any]]:
        return _fetched(connection, select(table).where(table.c.space == space["id"]).order_by(*order))

    return SpaceRows(
        space=space,
        journal=rows(journal, journal.c.seq),
        entities=rows(entities, entities.c.kind, entities.c.id),
        follow_ups=rows(follow_ups, follow_ups.c.seq),
    )


def _fetched(connection: Connection, query: Select[Any]) -> Iterator[dict[str, Any]]:
    with connection.execute(query, execution_options={"yield_per": AT_ONCE}) as found:
        for row in found.mappings():
            yield dict(row)

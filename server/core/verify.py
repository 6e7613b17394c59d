"""Checks that a journal was not altered: the chain of hashes, and that replaying it gives the entity rows.

Works on rows, whether they come from the database or from an exported file, and names the first difference.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from shared_schema.base import Id
from shared_schema.journal import AnyEntity

from . import ledger
from .journal import Payload
from .space import Space, kind_of
from .tables import entities, journal, spaces

FORMAT = 1
_entity: msgspec.json.Decoder[AnyEntity] = msgspec.json.Decoder(AnyEntity)
_payload: msgspec.json.Decoder[Payload] = msgspec.json.Decoder(Payload)


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


class SpaceRows(Struct, frozen=True, kw_only=True):
    """All rows of a space: its own, the journal in order, the entities."""

    space: dict[str, Any]
    journal: Iterable[dict[str, Any]]
    entities: Iterable[dict[str, Any]]


def verify_space(rows: SpaceRows) -> Verified | Difference:
    """Follows the chain, replays the changes, and holds the outcome against the rows."""
    id = rows.space["id"]
    replayed = Space(id, rows.space["kind"], rows.space["area"])
    replayed.head = ledger.genesis(id)
    for row in rows.journal:
        wrong = _step(replayed, row)
        if wrong:
            return Difference(space=id, place=f"entry {row['seq']}", what=wrong)
    if (rows.space["seq"], bytes(rows.space["head"])) != (replayed.seq, replayed.head):
        return Difference(
            space=id, place="head", what=f"the space stands at {rows.space['seq']}, the journal elsewhere"
        )
    return _compare(replayed, rows.entities) or Verified(space=id, entries=replayed.seq, head=replayed.head.hex())


def _step(space: Space, row: dict[str, Any]) -> str | None:
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
        payload=ledger.payload_hash(bytes(row["salt"]), _bytes(row["payload"])),
    )
    if computed != bytes(row["hash"]):
        return "its hash does not fit what it says"
    try:
        space.apply(_payload.decode(row["payload"]).changes)
    except (msgspec.MsgspecError, LookupError) as error:
        return f"it cannot be replayed: {error}"
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


# --- the whole database ----------------------------------------------------------------------------------------------


def verify_database(connection: Connection) -> Iterator[Verified | Difference]:
    """Every space in turn. Read in one transaction, so that a running server does not disturb."""
    for row in connection.execute(select(spaces).order_by(spaces.c.id)).mappings().all():
        yield verify_space(_stored(connection, dict(row)))


def _stored(connection: Connection, space: dict[str, Any]) -> SpaceRows:
    entries = select(journal).where(journal.c.space == space["id"]).order_by(journal.c.seq)
    bodies = select(entities).where(entities.c.space == space["id"]).order_by(entities.c.kind, entities.c.id)
    return SpaceRows(
        space=space,
        journal=(dict(row) for row in connection.execute(entries).mappings()),
        entities=(dict(row) for row in connection.execute(bodies).mappings()),
    )


# --- an exported space -----------------------------------------------------------------------------------------------


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of an export: the space (first), an entry, or an entity. Binary columns are base64."""

    part: str
    row: dict[str, Any]
    format: int = FORMAT


def export_space(connection: Connection, id: Id, target: Path) -> int:
    """Writes a space to a file, a JSON object a line; answers with the number of entries."""
    found = connection.execute(select(spaces).where(spaces.c.id == id)).mappings().one()
    rows = _stored(connection, dict(found))
    count = 0
    with target.open("wb") as file:
        file.write(_line("space", rows.space))
        for row in rows.journal:
            file.write(_line("entry", row))
            count += 1
        for row in rows.entities:
            file.write(_line("entity", row))
    return count


def verify_export(source: Path) -> Verified | Difference:
    """Checks an exported space alone, without any database."""
    with source.open("rb") as file:
        lines = [msgspec.json.decode(line, type=Line) for line in file]
    parts = {
        part: [_unpacked(line.row) for line in lines if line.part == part] for part in ("space", "entry", "entity")
    }
    return verify_space(SpaceRows(space=parts["space"][0], journal=parts["entry"], entities=parts["entity"]))


_BINARY = ("head", "payload", "salt", "hash", "fingerprint", "body")


def _line(part: str, row: dict[str, Any]) -> bytes:
    packed = {n: b64encode(_bytes(v)).decode() if n in _BINARY and v is not None else v for n, v in row.items()}
    return msgspec.json.encode(Line(part=part, row=packed)) + b"\n"


def _unpacked(row: dict[str, Any]) -> dict[str, Any]:
    return {n: b64decode(v) if n in _BINARY and v is not None else v for n, v in row.items()}

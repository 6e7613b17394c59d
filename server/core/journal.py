"""The journal's SQL: opening a batch, appending to it, and reading what was written. Functions of a `Connection`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, field
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    String,
    any_,
    bindparam,
    func,
    literal_column,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects import postgresql

from shared_schema.base import Author, Entity, Id
from shared_schema.journal import AnyEntity, Change, Entry

from . import moments
from .projections import PROJECTIONS
from .space import Space
from .statements import fetch, fetch_column
from .tables import entities, follow_ups, journal, revocations, spaces
from .writes import delete_from, insert_into, update_of, upsert_into, write_all

# --- what a row holds ------------------------------------------------------------------------------------------------


class Replaced(Struct, frozen=True, kw_only=True):
    """An entry that says something else now, and the SHA-256 of that, in hexadecimal."""

    seq: int
    hash: str


class Payload(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of an entry that erasure may replace; stored as these exact bytes, never encoded again."""

    changes: tuple[Change, ...]
    unseen: tuple[str, ...] = ()
    other: Id | None = None
    replaced: tuple[Replaced, ...] = ()
    """The entries whose payloads this one has replaced: an erasure."""


class Committed(Struct, frozen=True):
    """An entry that is in the journal, and the hash of the chain at it; whether it has replaced what others said."""

    entry: Entry
    head: bytes
    erases: bool = False


class Head(NamedTuple):
    """Where a space stands: the number of its newest entry, and the hash of the chain there."""

    seq: int
    head: bytes


_encode = msgspec.json.Encoder().encode
_payload: msgspec.json.Decoder[Payload] = msgspec.json.Decoder(Payload)
_bodies: msgspec.json.Decoder[list[AnyEntity]] = msgspec.json.Decoder(list[AnyEntity])


def encode_payload(
    changes: Sequence[Change], unseen: tuple[str, ...], other: Id | None, replaced: tuple[Replaced, ...] = ()
) -> bytes:
    return _encode(Payload(changes=tuple(changes), unseen=unseen, other=other, replaced=replaced))


def decode_payload(stored: bytes) -> Payload:
    return _payload.decode(stored)


def read_row(row: Row[Any]) -> Committed:
    """The entry that stands in a journal row."""
    payload = _payload.decode(row.payload)
    entry = Entry(
        seq=row.seq,
        at=moments.read(row.at),
        by=Author(kind=row.by_kind, id=row.by_id, for_=row.by_for),
        verb=row.verb,
        about=row.about,
        command=row.command,
        changes=payload.changes,
        unseen=payload.unseen,
        other=payload.other,
    )
    return Committed(entry, row.hash, bool(payload.replaced))


_ENTRY_COLUMNS = [c for c in journal.c if c.name not in ("space", "salt", "fingerprint", "payload_hash")]

# --- opening a batch -------------------------------------------------------------------------------------------------


class Known(Struct, frozen=True):
    """An accepted command: where its entries are, and the fingerprint with its salt."""

    seqs: dict[Id, int]
    salt: bytes
    fingerprint: bytes | None


class Opened(Struct, frozen=True):
    """What a batch starts from: the rows it holds the locks of, the heads of the areas, repeats, and the time."""

    locked: dict[Id, Head]
    areas: dict[Id, Head]
    known: dict[tuple[Id, Id], Known]
    now: datetime


def lock(connection: Connection, wanted: Collection[Id], *, wait: bool) -> dict[Id, Head]:
    """The rows of the wanted spaces whose locks this transaction gets: at once, or in id order if it shall `wait`."""
    rows = fetch(connection, _locks(connection.dialect.name, wait), spaces=sorted(wanted))
    return {row.id: Head(row.seq, row.head) for row in rows}


def open_batch(
    connection: Connection, wanted: Collection[Id], areas: Collection[Id], commands: Collection[Id], *, wait: bool
) -> Opened:
    """Locks first; then, in a statement of its own that sees what others committed before, everything else.

    One statement doing both would miss repeats under READ COMMITTED: it sees the journal as it was before the wait.
    """
    locked = lock(connection, wanted, wait=wait)
    rows = fetch(connection, _news(connection.dialect.name), areas=list(areas), commands=list(commands))
    heads = {row.command: Head(row.seq, row.salt) for row in rows if row.space is None}
    now = rows[0].now if rows else None
    return Opened(locked, heads, _known(row for row in rows if row.space is not None), now or database_time(connection))


def _among(column: Column[str], name: str, dialect: str) -> ColumnElement[bool]:
    """Whether a column has one of the values given under this name: one statement however many there are, which stays
    prepared, instead of one for each number."""
    if dialect == "postgresql":
        return column == any_(bindparam(name, type_=postgresql.ARRAY(String)))
    return column.in_(select(func.json_each(bindparam(name, type_=JSON)).table_valued("value").c.value))


@cache
def _locks(dialect: str, wait: bool) -> Select[Any]:
    rows = _heads(dialect).order_by(spaces.c.id)
    return rows.with_for_update(skip_locked=not wait)


@cache
def _repeats(dialect: str) -> Select[Any]:
    columns = (journal.c.command, journal.c.space, journal.c.by_id, journal.c.seq, journal.c.salt)
    return select(*columns, journal.c.fingerprint).where(_among(journal.c.command, "commands", dialect))


@cache
def _news(dialect: str) -> CompoundSelect[Any]:
    """Repeats, heads of areas (no `space`, and the head as `salt`) and, from PostgreSQL, the time: one way there and
    back, not three.

    Each takes as long as deciding several commands.
    """
    now = (func.clock_timestamp() if dialect == "postgresql" else null()).label("now")
    areas = _among(spaces.c.id, "areas", dialect)
    heads = select(spaces.c.id, null(), null(), spaces.c.seq, spaces.c.head, null(), now).where(areas)
    return union_all(_repeats(dialect).add_columns(now), heads)


def find_commands(connection: Connection, commands: Collection[Id]) -> dict[tuple[Id, Id], Known]:
    """Those of the commands that are in the journal, by (command, actor)."""
    return _known(fetch(connection, _repeats(connection.dialect.name), commands=list(commands)))


def _known(rows: Iterable[Row[Any]]) -> dict[tuple[Id, Id], Known]:
    found: dict[tuple[Id, Id], Known] = {}
    for row in rows:
        before = found.get((row.command, row.by_id))
        seqs = {**(before.seqs if before else {}), row.space: row.seq}
        # Of two spaces, only the one that the command was sent to keeps the fingerprint and its salt.
        keeps = before if before is not None and row.fingerprint is None else row
        found[row.command, row.by_id] = Known(seqs, keeps.salt, keeps.fingerprint)
    return found


def database_time(connection: Connection) -> datetime:
    """The database's time. SQLite lives in this process and has this machine's."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment


# --- appending -------------------------------------------------------------------------------------------------------


class Writes(Struct, frozen=True, kw_only=True):
    """All rows of a batch; those of the read tables by the kind that they come from."""

    journal: list[dict[str, Any]]
    founded: list[dict[str, Any]] = field(default_factory=list)
    heads: list[dict[str, Any]] = field(default_factory=list)
    upserts: list[dict[str, Any]] = field(default_factory=list)
    drops: list[dict[str, Any]] = field(default_factory=list)
    follow_ups: list[dict[str, Any]] = field(default_factory=list)
    projected: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    unprojected: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def write_batch(connection: Connection, rows: Writes) -> None:
    """Writes everything that a batch decided. The caller commits."""
    write_all(
        connection,
        (
            (insert_into(spaces), rows.founded),
            (update_of(spaces, "seq", "head", "at"), rows.heads),
            (insert_into(journal), rows.journal),
            (upsert_into(entities), rows.upserts),
            (delete_from(entities), rows.drops),
            (insert_into(follow_ups), rows.follow_ups),
            *((delete_from(PROJECTIONS[kind].table), gone) for kind, gone in sorted(rows.unprojected.items())),
            *((upsert_into(PROJECTIONS[kind].table), some) for kind, some in sorted(rows.projected.items())),
        ),
    )


# --- what other processes did ----------------------------------------------------------------------------------------


class Seen(Struct, frozen=True):
    """What a look at the database shows: where spaces stand, and which sessions were ended since."""

    heads: dict[Id, Head]
    revoked: dict[int, str]
    now: datetime


def look_around(connection: Connection, wanted: Collection[Id], revoked: int) -> Seen:
    """Where the wanted spaces stand, and the revocations after number `revoked`."""
    rows = fetch(connection, _heads(connection.dialect.name), spaces=list(wanted))
    ended = select(revocations.c.seq, revocations.c.session).where(revocations.c.seq > revoked)
    return Seen(
        heads={row.id: Head(row.seq, row.head) for row in rows},
        revoked={row.seq: row.session for row in connection.execute(ended)},
        now=database_time(connection),
    )


@cache
def _heads(dialect: str) -> Select[Any]:
    return select(spaces.c.id, spaces.c.seq, spaces.c.head).where(_among(spaces.c.id, "spaces", dialect))


# --- reading ---------------------------------------------------------------------------------------------------------


def load_space(connection: Connection, id: Id) -> Space | None:
    """A space as the database has it, or None."""
    row = connection.execute(select(spaces).where(spaces.c.id == id)).one_or_none()
    if row is None:
        return None
    space = Space(row.id, row.kind, row.area)
    space.seq, space.head, space.at = row.seq, row.head, moments.read(row.at)
    space.load(load_entities(connection, id))
    return space


def load_entities(connection: Connection, space: Id) -> list[Entity]:
    """Every entity of a space, kind by kind. The rows are joined to one array: one decode instead of one a row."""
    bodies: list[bytes] = fetch_column(connection, _bodies_of, space=space)
    return list(_bodies.decode(b"[" + b",".join(bodies) + b"]"))


_bodies_of = select(entities.c.body).where(entities.c.space == bindparam("space")).order_by(entities.c.kind)


def entries_after(connection: Connection, space: Id, after: int, limit: int) -> list[Committed]:
    """Entries in order, from the one after `after`."""
    rows = select(*_ENTRY_COLUMNS).where(journal.c.space == space, journal.c.seq > after)
    return [read_row(row) for row in connection.execute(rows.order_by(journal.c.seq).limit(limit))]


def entries_from(connection: Connection, stands: Mapping[Id, int]) -> dict[Id, list[Committed]]:
    """The entries of several spaces in order, of each from the given number on: one way there and back for them all."""
    found: dict[Id, list[Committed]] = {id: [] for id in stands}
    for row in fetch(connection, _from(connection.dialect.name), **_pairs(connection.dialect.name, stands)):
        found[row.space].append(read_row(row))
    return found


def _pairs(dialect: str, stands: Mapping[Id, int]) -> dict[str, Any]:
    if dialect == "postgresql":
        return {"spaces": list(stands), "seqs": list(stands.values())}
    return {"stands": list(stands.items())}


@cache
def _from(dialect: str) -> Select[Any]:
    if dialect == "postgresql":
        spaces_and_seqs = (bindparam("spaces", type_=postgresql.ARRAY(String)), bindparam("seqs", type_=_BIGINTS))
        given = func.unnest(*spaces_and_seqs).table_valued("space", "seq", name="given").render_derived()
        space, seq = given.c.space, given.c.seq
    else:
        pair: Any = func.json_each(bindparam("stands", type_=JSON)).table_valued("value").c.value
        space, seq = (func.json_extract(pair, literal_column(f"'$[{n}]'")) for n in (0, 1))  # type: ignore[assignment]
    rows = select(journal.c.space, *_ENTRY_COLUMNS).where(journal.c.space == space, journal.c.seq >= seq)
    return rows.order_by(journal.c.space, journal.c.seq)


_BIGINTS = postgresql.ARRAY(BigInteger)


def entries_before(
    connection: Connection, space: Id, before: int | None, about: Id | None, limit: int
) -> list[Committed]:
    """Entries newest first, of the whole space or about one entity."""
    rows = select(*_ENTRY_COLUMNS).where(journal.c.space == space)
    if about is not None:
        rows = rows.where(journal.c.about == about)
    if before is not None:
        rows = rows.where(journal.c.seq < before)
    return [read_row(row) for row in connection.execute(rows.order_by(journal.c.seq.desc()).limit(limit))]

"""The two truths, `entities` and `journal`, the row of each space that orders its writers, and what processes that
share a database have to tell one another through it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, MetaData, String, Table, UniqueConstraint

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

ID = String(36)
INSTANT = String(27)
"""A moment as text, always `2026-11-16T09:00:00.000000Z`: it sorts, and it is hashed as it stands."""

instance = Table(
    "instance",
    metadata,
    Column("id", ID, primary_key=True),
    Column("created_at", INSTANT, nullable=False),
    # Written by the probe that asks whether the database can be written again.
    Column("probed_at", INSTANT),
)

spaces = Table(
    "spaces",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("area", ID, nullable=False, index=True),
    Column("seq", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("at", INSTANT, nullable=False),
)

entities = Table(
    "entities",
    metadata,
    Column("space", ID, ForeignKey("spaces.id"), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("id", ID, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

journal = Table(
    "journal",
    metadata,
    Column("space", ID, ForeignKey("spaces.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", INSTANT, nullable=False),
    Column("by_kind", String(10), nullable=False),
    Column("by_id", ID, nullable=False),
    Column("by_for", ID),
    Column("verb", String(60), nullable=False),
    Column("about", ID, nullable=False),
    Column("command", ID, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("fingerprint", LargeBinary),
    # What the chain says of the payload that an erasure has replaced (see erasing.py); none while it is the first one.
    Column("payload_hash", LargeBinary),
    # Found by command alone when a batch asks for repeats, hence the order.
    UniqueConstraint("command", "space", "by_id"),
    Index(None, "space", "about", "seq"),
    sqlite_with_rowid=False,
)

follow_ups = Table(
    "follow_ups",
    metadata,
    # An entry that followers still have to follow (see follow.py): written with it, gone when that is done.
    Column("space", ID, ForeignKey("spaces.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", INSTANT, nullable=False),
)

revocations = Table(
    "revocations",
    metadata,
    # Sessions that were ended, so that every process closes their sockets; forgotten after a day. Numbers are given
    # under the lock of the instance's row, so that they become visible in their order.
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("session", String(64), nullable=False),
    Column("at", INSTANT, nullable=False, index=True),
)

leases = Table(
    "leases",
    metadata,
    # Which process does a duty that is to be done once, and until when that is its own (see lease.py).
    Column("name", String(40), primary_key=True),
    Column("holder", ID, nullable=False),
    Column("until", INSTANT, nullable=False),
)

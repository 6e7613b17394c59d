"""The two truths, `entities` and `journal`, and the row of each space that orders its writers."""

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
    # The followers have seen the journal up to here (see follow.py).
    Column("followed", BigInteger, nullable=False, default=0),
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
    # Found by command alone when a batch asks for repeats, hence the order.
    UniqueConstraint("command", "space", "by_id"),
    Index(None, "space", "about", "seq"),
    sqlite_with_rowid=False,
)

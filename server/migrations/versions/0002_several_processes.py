"""Several processes on one database: follow-ups, revocations, leases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FOLLOWED = (
    "person.edit",
    "profile.edit",
    "participant.add",
    "participant.change",
    "participant.remove",
    "space.found",
)
"""What followers followed when this step was made."""


def upgrade() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("space", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name=op.f("fk_follow_ups_space")),
        sa.PrimaryKeyConstraint("space", "seq", name=op.f("pk_follow_ups")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=36), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "revocations",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_revocations")),
    )
    op.create_index(op.f("ix_revocations_at"), "revocations", ["at"], unique=False)
    _carry_over()
    # Until now one process ran on a database, so that none of an older version is left that needs it.
    op.drop_column("spaces", "followed")


def _carry_over() -> None:
    """What was left to follow becomes rows of its own."""
    spaces = sa.table("spaces", sa.column("id"), sa.column("followed"))
    journal = sa.table("journal", *map(sa.column, ("space", "seq", "verb", "at")))
    left = sa.select(journal.c.space, journal.c.seq, journal.c.at).join_from(
        journal, spaces, sa.and_(journal.c.space == spaces.c.id, journal.c.seq > spaces.c.followed)
    )
    follow_ups = sa.table("follow_ups", *map(sa.column, ("space", "seq", "at")))
    op.execute(sa.insert(follow_ups).from_select(["space", "seq", "at"], left.where(journal.c.verb.in_(FOLLOWED))))

"""First tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "board_columns",
        sa.Column("space", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("space", "id", name=op.f("pk_board_columns")),
    )
    op.create_table(
        "instance",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("probed_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
    )
    op.create_table(
        "memberships",
        sa.Column("space", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("space", "id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_person"), "memberships", ["person"], unique=False)
    op.create_table(
        "ownerships",
        sa.Column("space", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("space", "id", name=op.f("pk_ownerships")),
    )
    op.create_index(op.f("ix_ownerships_person"), "ownerships", ["person"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("area", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_person"), "sessions", ["person"], unique=False)
    op.create_table(
        "spaces",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("area", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("followed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spaces")),
    )
    op.create_index(op.f("ix_spaces_area"), "spaces", ["area"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("space", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("audience", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("column", sa.String(length=36), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("blocked_because", sa.String(length=500), nullable=True),
        sa.Column("done_at", sa.String(length=27), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("binned", sa.Boolean(), nullable=False),
        sa.Column("put_away", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("space", "id", name=op.f("pk_tasks")),
    )
    op.create_index(op.f("ix_tasks_put_away_done_at"), "tasks", ["put_away", "done_at"], unique=False)
    op.create_table(
        "entities",
        sa.Column("space", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name=op.f("fk_entities_space")),
        sa.PrimaryKeyConstraint("space", "kind", "id", name=op.f("pk_entities")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "journal",
        sa.Column("space", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("by_kind", sa.String(length=10), nullable=False),
        sa.Column("by_id", sa.String(length=36), nullable=False),
        sa.Column("by_for", sa.String(length=36), nullable=True),
        sa.Column("verb", sa.String(length=60), nullable=False),
        sa.Column("about", sa.String(length=36), nullable=False),
        sa.Column("command", sa.String(length=36), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name=op.f("fk_journal_space")),
        sa.PrimaryKeyConstraint("space", "seq", name=op.f("pk_journal")),
        sa.UniqueConstraint("command", "space", "by_id", name=op.f("uq_journal_command_space_by_id")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_journal_space_about_seq"), "journal", ["space", "about", "seq"], unique=False)

"""Erasure: what the chain says of a payload that was replaced; when an account was used last"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("used_on", sa.String(length=10), nullable=True))
    op.add_column("journal", sa.Column("payload_hash", sa.LargeBinary(), nullable=True))

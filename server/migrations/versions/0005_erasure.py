"""Erasure: what the chain says of a payload that was replaced"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("journal", sa.Column("payload_hash", sa.LargeBinary(), nullable=True))

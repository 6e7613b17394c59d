"""Run by Alembic: every table of Korridor on one side, the connection it was given on the other."""

from __future__ import annotations

from alembic import context

from server.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
)
# The transaction is the caller's, so that all steps hold or none does.
with context.begin_transaction():
    context.run_migrations()

"""The outbox: one row a letter. What it says is removed once it is sent or given up; that it was sent stays."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from server.core.tables import ID, INSTANT, metadata

letters = Table(
    "letters",
    metadata,
    Column("id", ID, primary_key=True),
    # What it is for, such as "sign_in": never a person or a space.
    Column("purpose", String(40), nullable=False),
    Column("address", String(254), nullable=False),
    Column("subject", Text),
    Column("text", Text),
    # waiting, sent, refused (by the mail server, for good), lapsed (too late to be of use).
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("queued_at", INSTANT, nullable=False),
    # When it is tried next; then when it was sent or given up.
    Column("at", INSTANT, nullable=False),
    Column("useful_until", INSTANT, nullable=False),
    # The mail server's code and first words when it did not take it.
    Column("problem", String(200)),
    Index(None, "state", "at"),
)

mail_servers = Table(
    "mail_servers",
    metadata,
    # The one that was named when the instance was set up; the environment goes before it.
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("sender", String(254), nullable=False),
)

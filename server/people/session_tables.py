"""Who is signed in, one row a session. A session is found by the hash of its token; the token itself is not stored."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from server.core.tables import ID, INSTANT, metadata

sessions = Table(
    "sessions",
    metadata,
    # SHA-256 of the token, in hexadecimal.
    Column("id", String(64), primary_key=True),
    Column("person", ID, nullable=False, index=True),
    Column("area", ID, nullable=False),
    # Whose it is; none for those who chose a person in a demo.
    Column("account", ID, index=True),
    # How they came in, such as "link", and what their browser calls itself in a word or two.
    Column("by", String(20), nullable=False),
    Column("browser", String(60), nullable=False),
    # The day of the last request: enough to see what is still in use.
    Column("used_on", String(10), nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False, index=True),
)

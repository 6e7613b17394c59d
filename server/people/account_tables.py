"""Accounts: instance-wide, apart from the persons that journals know. Who signs in, as whom, and with which link."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from server.core.tables import ID, INSTANT, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", ID, primary_key=True),
    # In lower case, and confirmed by a mail that reached it; none for those who came by a link and gave none.
    Column("email", String(254), unique=True),
    Column("created_at", INSTANT, nullable=False),
    # Argon2id, with its own salt and parameters; none for those who sign in by link alone.
    Column("password", String(200)),
    # The shared secret of an authenticator, and the newest time step whose code was used: each code works once.
    Column("totp", String(64)),
    Column("totp_step", BigInteger),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    # SHA-256 of a code that stands in for the authenticator, once.
    Column("account", ID, ForeignKey("accounts.id"), primary_key=True),
    Column("code", String(64), primary_key=True),
)

passkeys = Table(
    "passkeys",
    metadata,
    # The credential's own id, in hexadecimal, and its public key: nothing here lets anybody in.
    Column("id", String(2046), primary_key=True),
    Column("account", ID, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String(60), nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("used_on", String(10)),
)

account_people = Table(
    "account_people",
    metadata,
    # The person that an account is in an area: one in each.
    Column("account", ID, ForeignKey("accounts.id"), primary_key=True),
    Column("area", ID, primary_key=True),
    Column("person", ID, nullable=False),
    Index(None, "person", unique=True),
)

links = Table(
    "links",
    metadata,
    # Links that open something once. The id is the SHA-256 of the token, in hexadecimal; the token is nowhere.
    Column("id", String(64), primary_key=True),
    Column("purpose", String(20), nullable=False),
    # Whose it is; a newer one of the same subject and purpose may take its place.
    Column("subject", ID, nullable=False),
    Column("data", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False, index=True),
    Column("failures", Integer, nullable=False),
    Index(None, "subject", "purpose"),
)

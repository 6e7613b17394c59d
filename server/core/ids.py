"""Ids: random ones for what begins now, derived ones for what must come out the same on every process."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

import uuid_utils

from shared_schema.base import Id


def new_id() -> Id:
    """A UUIDv7: unique, and sorted by the time it was made."""
    return str(uuid_utils.uuid7())


def derived_id(*parts: str) -> Id:
    """A UUIDv8 of its parts: the same parts give the same id, on any process and in any year."""
    digest = bytearray(sha256("\x1f".join(parts).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # version 8
    digest[8] = digest[8] & 0x3F | 0x80  # RFC 9562 variant
    return str(UUID(bytes=bytes(digest)))

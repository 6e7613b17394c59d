"""The hash chain of a journal: each entry's hash covers everything the row says and the hash before it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from shared_schema.base import Id

DOMAIN = b"korridor.journal.1"
"""Names the construction and its version, so that a hash made for another purpose can never stand here."""


def _framed(parts: Iterable[bytes]) -> bytes:
    """The parts with their lengths before them, so that no two lists of parts give the same bytes."""
    return b"".join([len(part).to_bytes(8, "big") + part for part in parts])


def genesis(space: Id) -> bytes:
    """What stands before the first entry of a space."""
    return sha256(_framed((DOMAIN, space.encode()))).digest()


def payload_hash(salt: bytes, payload: bytes) -> bytes:
    """Commits to the payload without letting it be guessed: the salt has 128 random bits."""
    return sha256(salt + payload).digest()


def fingerprint(salt: bytes, command: bytes) -> bytes:
    """What is kept of a command, to tell a repeat from another command with the same id."""
    return sha256(salt + command).digest()


def entry_hash(
    *,
    space: Id,
    prev: bytes,
    seq: int,
    at: str,
    by: tuple[str, str, str | None],
    verb: str,
    about: Id,
    command: Id,
    payload: bytes,
) -> bytes:
    """The hash of an entry; `payload` is its `payload_hash`, `by` kind, id and organisation of the author."""
    parts = (DOMAIN, space.encode(), prev, seq.to_bytes(8, "big"), at.encode())
    author = (by[0].encode(), by[1].encode(), (by[2] or "").encode())
    return sha256(_framed((*parts, *author, verb.encode(), about.encode(), command.encode(), payload))).digest()


def short(head: bytes) -> str:
    """The head as clients hold it: the first 8 bytes, in hex."""
    return head[:8].hex()

"""Taking a seat again after an absence: what the server sends to somebody who holds an older state."""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter

import msgspec
from msgspec import Struct

from bench.driver import Wire
from server.core import journal
from server.core.database import open_database
from server.core.ledger import short
from shared_schema.base import Id


class CaughtUp(Struct, frozen=True):
    """What came back: `entries`, or `behind` when a snapshot has to be fetched; its bytes, and the seconds it took."""

    answer: str
    bytes: int
    took: float


def catch_up(wire: Wire, space: Id, since: int, head: str) -> CaughtUp:
    """Takes a seat with the state of back then, and reads what brings it to now; then leaves the seat again."""
    begun = perf_counter()
    wire.say(msgspec.json.encode({"t": "watch", "space": space, "since": since, "head": head}))
    answer = _next(wire)
    while answer not in ("entries", "behind"):
        answer = _next(wire)
    said = wire.until(b'"head":"') + wire.until(b'"}') if answer == "entries" else wire.until(b"}")
    took = perf_counter() - begun
    wire.say(msgspec.json.encode({"t": "unwatch", "space": space}))
    return CaughtUp(answer, len(said), took)


def _next(wire: Wire) -> str:
    """The kind of the next message."""
    wire.until(b'"t":"')
    return wire.until(b'"')[:-1].decode()


async def heads(database_url: str, space: Id, seqs: Iterable[int]) -> dict[int, str]:
    """The heads that a client holds who has seen a journal up to these entries."""
    database = open_database(database_url)
    try:
        found = {seq: await database.read(journal.entries_after, space, seq - 1, 1) for seq in seqs}
    finally:
        await database.close()
    return {seq: short(entries[0].head) for seq, entries in found.items() if entries}


async def length(database_url: str, space: Id) -> int:
    """How many entries the journal of a space has."""
    database = open_database(database_url)
    try:
        seen = await database.read(journal.look_around, [space], 0)
    finally:
        await database.close()
    return seen.heads[space].seq

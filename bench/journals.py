"""Journals of any length, made in bulk: the rows that as many commands would have left, without sending them.

A task's title changes to and fro. Each entry is sealed by the ledger as the committer seals it, the head and the task's
row are moved along, and thousands of entries share a transaction; `verify` finds nothing to complain about.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec

from server.core import journal, ledger, moments
from server.core.database import open_database
from server.core.ids import new_id
from server.core.journal import Writes
from server.core.space import Space
from shared_schema.base import Id
from shared_schema.board import EditTask, Task

AT_ONCE = 5_000
"""Entries of a transaction: a fraction of a second, well below what the database lets a statement take."""
VERB = "task.edit"


async def lengthen(database_url: str, space: Id, task: Id, by: Id, to: int) -> None:
    """Brings a space's journal to so many entries, by renaming one of its tasks. No server may run meanwhile."""
    database = open_database(database_url)
    try:
        found = await database.read(journal.load_space, space)
        if found is None:
            raise LookupError(f"there is no space {space}")
        scribe = _Scribe(found, task, by)
        while found.seq < to:
            await database.write(journal.write_batch, scribe.write(min(AT_ONCE, to - found.seq)))
    finally:
        await database.close()


class _Scribe:
    """Writes one entry after the other into a space that is in memory."""

    def __init__(self, space: Space, task: Id, by: Id) -> None:
        self._space = space
        self._task = task
        self._by = by

    def write(self, number: int) -> Writes:
        """The rows of so many entries."""
        space = self._space
        space.at = max(space.at, datetime.now(UTC))
        rows = list(islice(self._entries(), number))
        head = {"id": space.id, "seq": space.seq, "head": space.head, "at": moments.write(space.at)}
        body = msgspec.json.encode(space.get(Task, self._task))
        return Writes(
            journal=rows,
            heads=[head],
            upserts=[{"space": space.id, "kind": "task", "id": self._task, "body": body}],
        )

    def _entries(self) -> Iterator[dict[str, Any]]:
        while True:
            title = f"Protokoll der Sitzung schreiben, Fassung {self._space.seq + 1}"
            yield self._entry(EditTask(task=self._task, title=title), title)

    def _entry(self, command: EditTask, title: str) -> dict[str, Any]:
        space = self._space
        changes = [space.patch(space.get(Task, self._task), title=title)]
        space.apply(changes)
        space.seq += 1
        salt = secrets.token_bytes(16)
        row = {
            "space": space.id,
            "seq": space.seq,
            "at": moments.write(space.at),
            "by_kind": "person",
            "by_id": self._by,
            "by_for": None,
            "verb": VERB,
            "about": self._task,
            "command": new_id(),
            "payload": journal.encode_payload(changes, (), None),
            "salt": salt,
            "fingerprint": ledger.fingerprint(salt, msgspec.json.encode(command)),
            "payload_hash": None,
        }
        space.head = row["hash"] = _sealed(row, prev=space.head)
        return row


def _sealed(row: dict[str, Any], *, prev: bytes) -> bytes:
    return ledger.entry_hash(
        space=row["space"],
        prev=prev,
        seq=row["seq"],
        at=row["at"],
        by=(row["by_kind"], row["by_id"], row["by_for"]),
        verb=row["verb"],
        about=row["about"],
        command=row["command"],
        payload=ledger.payload_hash(row["salt"], row["payload"]),
    )

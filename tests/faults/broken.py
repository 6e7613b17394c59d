"""Deliberately broken builds of Korridor, to prove that the suite would notice: `python -m tests.faults.broken NAME`.

Each puts one mistake into the product's classes, then serves as the product does. The product itself has no switch for
any of it. A build that needs a crash or a lost COMMIT at the right point brings it along, at the command whose title
is `POINT`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import click
from msgspec.structs import replace
from sqlalchemy import Connection, select

from server import cli
from server.core import journal
from server.core.batch import Batch
from server.core.database import SqliteTransaction
from server.core.journal import Opened, Writes
from server.core.neighbours import Neighbours
from server.core.statements import fetch
from server.core.tables import journal as entries
from server.core.tables import spaces
from shared_schema.base import Id

POINT = "at this point"


def _at_the_point(rows: Any) -> bool:
    return isinstance(rows, Writes) and any(POINT.encode() in row["payload"] for row in rows.journal)


def _before_commit(happens: Callable[[], Any]) -> None:
    """Something happens to the process when everything of the batch is written but for the COMMIT."""
    finish = SqliteTransaction.finish

    async def broken(self: SqliteTransaction, query: Any, *args: Any, **kwargs: Any) -> Any:
        if any(map(_at_the_point, args)):
            await happens()
        return await finish(self, query, *args, **kwargs)

    SqliteTransaction.finish = broken  # type: ignore[method-assign]


def acknowledge_before_commit() -> None:
    """The answers go out while the transaction is still open; then the process dies."""
    decided = Batch.writes

    def writes(self: Batch) -> Writes | None:
        rows = decided(self)
        for waiting, answer in self.answers:
            waiting.answer(answer)
        self.answers = []
        return rows

    async def die() -> None:
        await asyncio.sleep(0.3)  # the answers are on their way
        os.kill(os.getpid(), signal.SIGKILL)

    Batch.writes = writes  # type: ignore[method-assign]
    _before_commit(die)


def skip_idempotency() -> None:
    """Nobody looks whether a command was accepted before."""
    opened = journal.open_batch

    def open_batch(*args: Any, **kwargs: Any) -> Opened:
        return replace(opened(*args, **kwargs), known={})

    journal.open_batch = open_batch


def look_up_in_the_statement_that_locks() -> None:
    """One statement locks and looks up repeats: when it has waited, it still sees the journal as it was before."""
    opened = journal.open_batch
    repeats = journal._among(entries.c.command, "commands", "postgresql")
    both = spaces.outerjoin(entries, (entries.c.space == spaces.c.id) & repeats)
    columns = (entries.c[name] for name in ("command", "space", "by_id", "seq", "salt", "fingerprint"))
    wanted_ones = journal._among(spaces.c.id, "spaces", "postgresql")
    statement = select(spaces.c.id, *columns).select_from(both).where(wanted_ones)
    statement = statement.order_by(spaces.c.id).with_for_update(of=spaces)

    def open_batch(connection: Connection, wanted: Any, areas: Any, commands: Any, *, wait: bool) -> Opened:
        found = fetch(connection, statement, spaces=sorted(wanted), commands=list(commands))
        answer = opened(connection, wanted, areas, commands, wait=True)
        return replace(answer, known=journal._known(row for row in found if row.command is not None))

    journal.open_batch = open_batch


def lose_a_message_without_a_sweep() -> None:
    """No process looks in the database by itself, and the message about one entry is lost."""
    decided, announce = Batch.writes, Neighbours.announce
    lost: set[tuple[Id, int]] = set()

    def writes(self: Batch) -> Writes | None:
        rows = decided(self)
        if _at_the_point(rows):
            lost.update((id, written[-1].entry.seq) for id, written in self.entries.items())
        return rows

    def lossy(self: Neighbours, space: Id, seq: int) -> None:
        if (space, seq) not in lost:
            announce(self, space, seq)

    async def never(self: Neighbours) -> None:
        await asyncio.Event().wait()

    Batch.writes = writes  # type: ignore[method-assign]
    Neighbours.announce = lossy  # type: ignore[method-assign]
    Neighbours.sweep_on = never  # type: ignore[method-assign]


def adopt_before_commit() -> None:
    """The overlay becomes the state before COMMIT, which then fails once."""
    decided = Batch.writes

    def writes(self: Batch) -> Writes | None:
        for id in self.entries.keys() & self._committed.keys():
            self._committed[id].adopt(self.overlays[id])
        return decided(self)

    async def fail() -> None:
        raise OSError("the disk is full, at this point")

    Batch.writes = writes  # type: ignore[method-assign]
    _before_commit(fail)


BUILDS: dict[str, Callable[[], None]] = {
    build.__name__: build
    for build in (
        acknowledge_before_commit,
        skip_idempotency,
        look_up_in_the_statement_that_locks,
        lose_a_message_without_a_sweep,
        adopt_before_commit,
    )
}

if __name__ == "__main__":
    if sys.argv[1] not in BUILDS:
        raise click.UsageError(f"There is no build {sys.argv[1]}. Builds: {', '.join(BUILDS)}.")
    BUILDS[sys.argv[1]]()
    cli.main(["serve"])

"""`python -m bench.backup [entries]`: how long backup, restore and verification take, as an operator runs them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec
import uvloop
from sqlalchemy import Connection, func, select

from bench.data import AT_ONCE, Board, Maker, make_ground
from bench.loads import work
from bench.machine import CannotMeasure
from server.core.commands import read_command
from server.core.tables import journal
from shared_schema.frames import Do
from shared_schema.journal import AnyCommand
from tests.support.areas import running_kernel
from tests.support.commands import environment
from tests.support.servers import Postgres

ENTRIES = 100_000
MIB = 2**20


def backup(folder: Path, entries: int = ENTRIES) -> dict[str, Any]:
    """The drill: at least so many entries out of SQLite into PostgreSQL, and from there into SQLite again."""
    first, last = (f"sqlite:///{folder}/{name}.db" for name in ("first", "last"))
    written = uvloop.run(_write(first, entries))
    with Postgres(durable=True) as cluster, cluster.database() as between:
        return {
            "entries": written,
            "sqlite_to_postgres": _drill(first, folder / "first.backup", between),
            "postgres_to_sqlite": _drill(between, folder / "between.backup", last),
        }


def _drill(source: str, file: Path, target: str) -> dict[str, float]:
    steps = {
        "backup_s": _took(source, "backup", str(file)),
        "restore_s": _took(target, "restore", str(file)),
        "verify_s": _took(target, "verify"),
    }
    return {**steps, "drill_s": round(sum(steps.values()), 1), "file_mib": round(file.stat().st_size / MIB, 1)}


def _took(database_url: str, *command: str) -> float:
    begun = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", *command],
        env=environment(KORRIDOR_DATABASE_URL=database_url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode != 0:
        raise CannotMeasure(f"korridor {command[0]}: {done.stderr}")
    return round(perf_counter() - begun, 1)


# --- what is backed up -----------------------------------------------------------------------------------------------


async def _write(database_url: str, entries: int) -> int:
    """Makes the ground, and everyday work on all its boards in turn until there are so many entries."""
    ground = await make_ground(database_url)
    boards = [(board, _commands(board)) for board in (ground.hall, *ground.networks)]
    async with running_kernel(database_url) as kernel:
        maker = Maker(kernel)
        for board, commands in cycle(boards):
            if await kernel.database.read(count) >= entries:
                return await kernel.database.read(count)
            await maker.send(board.space, islice(commands, AT_ONCE), by=ground.people[0])
    raise AssertionError


def _commands(board: Board) -> Iterator[AnyCommand]:
    for _, text in work(board, board.tasks[:40]):
        yield read_command(msgspec.json.decode(text, type=Do).command)


def count(connection: Connection) -> int:
    """How many entries there are in all."""
    return int(connection.execute(select(func.count()).select_from(journal)).scalar_one())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="korridor-bench-") as made:
        print(msgspec.json.format(msgspec.json.encode(backup(Path(made), *map(int, sys.argv[1:])))).decode())

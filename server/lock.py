"""Who may write to an SQLite file: one process at a time, held by a lock that the system frees even after a kill."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class InUse(Exception):
    """Another process, usually a running server, writes to this database."""


@contextmanager
def only_writer(file: Path | None) -> Iterator[None]:
    """Holds the database file for this process alone; None (PostgreSQL) needs no lock, any number may write there."""
    if file is None:
        yield
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    # Beside the database, because SQLite uses locks on the file itself.
    with file.with_name(file.name + ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse from None
        yield

"""Ways for two processes to share the rows of the spaces: what the product could do, for a comparison."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from sqlalchemy import Connection

from server.core import committer, journal
from server.core.journal import Head
from shared_schema.base import Id


def _skip(times: int) -> None:
    """A batch takes the spaces that it gets at once; one that it missed so often makes it wait for all of them."""
    committer.PATIENCE = times


def _never_leave_empty(lock: Callable[..., dict[Id, Head]] = journal.lock) -> None:
    """A batch takes the spaces that it gets at once, and waits in the same transaction if these are none."""

    def some(connection: Connection, wanted: Collection[Id], *, wait: bool) -> dict[Id, Head]:
        return lock(connection, wanted, wait=wait) or lock(connection, wanted, wait=True)

    journal.lock = some


WAYS: dict[str, Callable[[], None]] = {
    "skipping": partial(_skip, 3),
    "skipping_once": partial(_skip, 1),
    "never_empty": _never_leave_empty,
    "waiting": partial(_skip, 0),
}

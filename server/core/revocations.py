"""Sessions that were ended, as rows with a number of their own: what every process has to hear of, Redis or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, func, select

from . import moments
from .journal import database_time
from .tables import instance, revocations
from .writes import insert_into, write_all


def last_revocation(connection: Connection) -> int:
    """The number of the newest revocation."""
    newest = select(func.coalesce(func.max(revocations.c.seq), 0))
    number: int = connection.execute(newest).scalar_one()
    return number


def revoke(connection: Connection, sessions: Sequence[str]) -> None:
    """Tells every process that these sessions have ended. The caller commits soon: others wait for the same lock."""
    connection.execute(select(instance.c.id).with_for_update()).close()
    now, last = moments.write(database_time(connection)), last_revocation(connection)
    rows = [{"seq": last + n, "session": session, "at": now} for n, session in enumerate(sessions, 1)]
    write_all(connection, [(insert_into(revocations), rows)])


def forget_revocations(connection: Connection, older_than: timedelta) -> None:
    """Deletes revocations that every process has long read; the newest stays, because the next is counted from it."""
    until, last = moments.write(database_time(connection) - older_than), last_revocation(connection)
    connection.execute(delete(revocations).where(revocations.c.at < until, revocations.c.seq < last))

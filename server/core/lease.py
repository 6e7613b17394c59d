"""Leases: which of several processes does what is to be done once. They hold by the database's clock."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, or_
from sqlalchemy.dialects import postgresql, sqlite

from shared_schema.base import Id

from . import moments
from .database import Database
from .journal import database_time
from .tables import leases


class Leases:
    """The leases of one process, its `holder`. On a database that one process has for itself, all are its own."""

    def __init__(self, database: Database, holder: Id) -> None:
        self._database = database
        self._holder = holder

    async def held(self, name: str, lasts: timedelta) -> bool:
        """Takes or prolongs a lease, if nobody else has it; says whether it is ours now.

        It `lasts` longer than the time until this is called again, so that whoever has it keeps it while they live.
        """
        return not self._database.shared or await self._database.write(_take, name, self._holder, lasts)

    async def give_back(self) -> None:
        """Lets others have them at once."""
        if self._database.shared:
            await self._database.write(_give_back, self._holder)


def _take(connection: Connection, name: str, holder: Id, lasts: timedelta) -> bool:
    now = database_time(connection)
    row = {"name": name, "holder": holder, "until": moments.write(now + lasts)}
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    taken = dialect.insert(leases).values(row)
    free = or_(leases.c.holder == holder, leases.c.until <= moments.write(now))
    taken = taken.on_conflict_do_update(index_elements=[leases.c.name], set_=row, where=free)
    return connection.execute(taken.returning(leases.c.name)).one_or_none() is not None


def _give_back(connection: Connection, holder: Id) -> None:
    connection.execute(delete(leases).where(leases.c.holder == holder))

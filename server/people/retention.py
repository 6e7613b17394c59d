"""What is not kept for longer than it is needed: guests whose access has ended, accounts that nobody uses.

Sessions go when they end and letters after 90 days, by duties of their own. Guests are erased as everybody is, by a
command of the system; of an account its way in goes, and the person stays in the journals as who they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection, select

from server.core.commands import Request
from server.core.ids import derived_id
from server.core.journal import database_time
from server.core.kernel import Kernel
from server.core.space import Space
from shared_schema.base import SYSTEM, Id
from shared_schema.people import ErasePerson, Person

from . import rules, views
from .account_tables import accounts
from .departures import delete_account


class Periods(Struct, frozen=True, kw_only=True):
    """How long each kind is kept, in days: guests after their last day, accounts after the last day they were used."""

    guests: int
    accounts: int


class Due(Struct, frozen=True, kw_only=True):
    """What the periods are over for: guests as (area, person), accounts by their ids."""

    guests: list[tuple[Id, Id]]
    accounts: list[Id]


async def due(kernel: Kernel, periods: Periods) -> Due:
    """What would go now."""
    now = kernel.clock.now(await kernel.database.read(database_time))
    areas = [await kernel.space(id) for id in await kernel.database.read(views.areas)]
    return Due(
        guests=[(area.id, guest) for area in areas if area for guest in guests_gone(area, now, periods.guests)],
        accounts=await kernel.database.read(unused_accounts, now.date() - timedelta(days=periods.accounts)),
    )


def guests_gone(area: Space, now: datetime, days: int) -> Iterator[Id]:
    """Guests whose last day was more than so many days ago."""
    until = rules.local_date(area, now) - timedelta(days=days)
    for person in area.all(Person):
        ended = person.access_until is not None and person.access_until < until
        if person.role == "guest" and ended and not person.erased:
            yield person.id


def unused_accounts(connection: Connection, before: date) -> list[Id]:
    """Accounts that were used last before this day. Of which no day is known stay."""
    rows = select(accounts.c.id).where(accounts.c.used_on < before.isoformat()).order_by(accounts.c.id)
    return list(connection.execute(rows).scalars())


async def fulfil(kernel: Kernel, periods: Periods) -> Due:
    """Lets go of what is due, and says what that was."""
    found = await due(kernel, periods)
    for area, guest in found.guests:
        id = derived_id("retention", area, guest)
        await kernel.submit(Request(id=id, space=area, command=ErasePerson(person=guest), author=SYSTEM))
    for account in found.accounts:
        await kernel.database.write(delete_account, account)
    return found

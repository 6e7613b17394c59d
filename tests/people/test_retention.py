"""What is not kept any longer: guests who are gone, accounts that nobody uses; and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, select, update

from server.core.ids import new_id
from server.core.moments import SetClock
from server.people import accounts, retention
from server.people.account_tables import accounts as accounts_table
from server.people.accounts import Being
from server.people.retention import Due, Periods
from shared_schema.base import Id
from shared_schema.people import JoinPerson, Person
from tests.support.areas import SmallArea, found_small_area, running_kernel
from tests.support.commands import korridor

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
PERIODS = Periods(guests=30, accounts=365)
LAST_DAY = date(2026, 10, 28)


@pytest.fixture
async def small(database_url: str) -> AsyncIterator[SmallArea]:
    async with running_kernel(database_url, clock=SetClock(NOW)) as kernel:
        yield await found_small_area(kernel)


async def guest(small: SmallArea, until: date | None) -> Id:
    id = new_id()
    join = JoinPerson(id=id, name="Gustav", role="guest", access_until=until)
    await small.accept(join, space=small.area)
    return id


async def account(small: SmallArea, used_on: date | None) -> Id:
    person = new_id()
    await small.accept(JoinPerson(id=person, name="Nora", role="member"), space=small.area)

    def make(connection: Connection) -> Id:
        made = accounts.coming_in(connection, Being(person=person, area=small.area), f"{person}@area.example")
        day = None if used_on is None else used_on.isoformat()
        connection.execute(update(accounts_table).where(accounts_table.c.id == made.id).values(used_on=day))
        return made.id

    return await small.kernel.database.write(make)


async def test_guests_go_when_the_days_after_their_last_one_are_over(small: SmallArea) -> None:
    gone = await guest(small, LAST_DAY)
    await guest(small, LAST_DAY + timedelta(days=1))
    await guest(small, None)
    nothing_else = Due(guests=[(small.area, gone)], accounts=[])
    assert await retention.due(small.kernel, PERIODS) == nothing_else
    assert await retention.fulfil(small.kernel, PERIODS) == nothing_else
    area = await small.kernel.space(small.area)
    assert area is not None
    assert area.get(Person, gone).erased
    assert await retention.due(small.kernel, PERIODS) == Due(guests=[], accounts=[])


async def test_accounts_go_that_were_not_used_for_so_long(small: SmallArea) -> None:
    unused = await account(small, NOW.date() - timedelta(days=366))
    used = await account(small, NOW.date() - timedelta(days=365))
    unknown = await account(small, None)
    assert (await retention.fulfil(small.kernel, PERIODS)).accounts == [unused]
    left = select(accounts_table.c.id)
    assert await small.kernel.database.read(lambda c: set(c.execute(left).scalars())) == {used, unknown}


async def test_the_command_says_what_would_go_and_lets_go(sqlite_url: str) -> None:
    async with running_kernel(sqlite_url) as kernel:
        small = await found_small_area(kernel)
        gone = await guest(small, date(2020, 1, 1))
    for options, said in ((("--dry-run",), "1 would go"), ((), "1 gone"), (("--dry-run",), "0 would go")):
        done = korridor("retention", *options, KORRIDOR_DATABASE_URL=sqlite_url)
        assert done.returncode == 0, done.stderr
        assert f"guests: {said}" in done.stdout
        assert (gone in done.stdout) == said.startswith("1")

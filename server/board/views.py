"""What is read of tasks across spaces: the first page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, and_, func, select

from server.core.database import Database
from server.core.space import Space
from server.people import access, rules
from server.people.views import Roles, roles, viewer_as
from shared_schema.base import Id, Viewer
from shared_schema.frames import Overview, SpaceLine, WaitingTask
from shared_schema.people import Area, Listing, Person

from .tables import columns, ownerships, tasks

OPEN = and_(tasks.c.done_at.is_(None), tasks.c.archived.is_(False), tasks.c.binned.is_(False))


class _Read(Struct, frozen=True):
    roles: Roles
    open_by_audience: list[Row[Any]]
    waiting: list[Row[Any]]


async def overview(database: Database, area: Space, person: Id, now: datetime) -> Overview:
    """The spaces that a person may open and the open tasks they own, as far as they may see them, soonest due first."""
    someone = area.find(Person, person)
    if someone is None or not rules.has_access(area, someone, now):
        return Overview(spaces=(), waiting=())
    read = await database.read(_read, person)
    viewers = _viewers(area, someone, read.roles.get(person, {}))
    mine = [row for row in read.waiting if row.space in viewers and row.audience & viewers[row.space]]
    today = rules.local_date(area, now)
    return Overview(
        spaces=tuple(_lines(area, someone, viewers, read, mine, today)),
        waiting=tuple(_waiting(row) for row in sorted(mine, key=_soonest)),
    )


def _read(connection: Connection, person: Id) -> _Read:
    count = select(tasks.c.space, tasks.c.audience, func.count().label("tasks")).where(OPEN)
    mine = (
        select(tasks, columns.c.title.label("column_title"))
        .join(ownerships, and_(ownerships.c.space == tasks.c.space, ownerships.c.id == tasks.c.id))
        .outerjoin(columns, and_(columns.c.space == tasks.c.space, columns.c.id == tasks.c.column))
        .where(ownerships.c.person == person, OPEN)
    )
    return _Read(
        roles(connection, person),
        list(connection.execute(count.group_by(tasks.c.space, tasks.c.audience))),
        list(connection.execute(mine)),
    )


def _viewers(area: Space, person: Person, held: dict[Id, Any]) -> dict[Id, Viewer]:
    """As what the person sees each space of the area that is open to them."""
    kinds = {listing.id: viewer_as(person, held.get(listing.id)) for listing in area.all(Listing)}
    kinds[area.id] = access.IN_THE_AREA[person.role]
    return {space: kind for space, kind in kinds.items() if kind is not None}


def _lines(
    area: Space, person: Person, viewers: dict[Id, Viewer], read: _Read, mine: list[Row[Any]], today: date
) -> Iterable[SpaceLine]:
    home = area.find(Area, area.id)
    if home is not None and area.id in viewers:
        yield SpaceLine(
            id=area.id,
            space_kind="area",
            name=home.name,
            parent=None,
            viewer=viewers[area.id],
            role=person.role,
            open_tasks=0,
            my_tasks=0,
            my_overdue=0,
        )
    held = read.roles.get(person.id, {})
    listed = (listing for listing in area.all(Listing) if listing.id in viewers)
    for listing in sorted(listed, key=lambda one: (one.space_kind, one.name)):
        viewer = viewers[listing.id]
        own = [row for row in mine if row.space == listing.id]
        seen = (row.tasks for row in read.open_by_audience if row.space == listing.id and row.audience & viewer)
        yield SpaceLine(
            id=listing.id,
            space_kind=listing.space_kind,
            name=listing.name,
            parent=listing.parent,
            viewer=viewer,
            role=held.get(listing.id),
            open_tasks=sum(seen),
            my_tasks=len(own),
            my_overdue=sum(row.due is not None and row.due < today for row in own),
        )


def _soonest(row: Row[Any]) -> tuple[bool, date, str]:
    return (row.due is None, row.due or date.max, row.title)


def _waiting(row: Row[Any]) -> WaitingTask:
    return WaitingTask(
        space=row.space,
        task=row.id,
        title=row.title,
        due=None if row.due is None else row.due.isoformat(),
        column=row.column_title or "",
        blocked_because=row.blocked_because,
    )

"""What is stored about a person, for themselves: what they are, what they wrote, what is theirs, and when they acted.

Complete by construction: every entity in which a field named by `persons` holds their id belongs to it. What is there
and hidden from them stays hidden, unless they wrote it: it is somebody else's secret, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, func, select

from server.core import moments
from server.core.kernel import Kernel
from server.core.space import Space, kind_of
from server.core.tables import journal
from server.mail.tables import letters
from shared_schema.accounts import OwnSession
from shared_schema.base import Entity, Id, Viewer
from shared_schema.people import Area, Organisation, Person, Profile

from . import access, accounts
from .account_tables import account_people, links
from .account_tables import accounts as accounts_table
from .erasing import spaces_of
from .sessions import Session, Sessions


class OwnEntry(Struct, frozen=True, kw_only=True):
    """A line of a journal that this person has brought about: when, what was done, and to what."""

    seq: int
    at: datetime
    verb: str
    about: Id
    organisation: Id | None


class OwnSpace(Struct, frozen=True, kw_only=True):
    """All that one space holds of the person: entities with their kind and every field, and entries of the journal."""

    space: Id
    name: str
    entities: list[dict[str, Any]]
    entries: list[OwnEntry]


class OwnMail(Struct, frozen=True, kw_only=True):
    """A letter to the person: what it was for, what became of it and when. What it said is not kept."""

    purpose: str
    state: str
    at: datetime


class OwnAccount(Struct, frozen=True, kw_only=True):
    """How the person comes in."""

    email: str | None
    created_at: datetime
    links: list[str]
    mail: list[OwnMail]


class OwnSignIn(Struct, frozen=True, kw_only=True):
    """A place where the person is signed in."""

    by: str
    browser: str
    began_at: datetime
    used_on: str


class OwnData(Struct, frozen=True, kw_only=True):
    """All of it."""

    area: str
    person: dict[str, Any]
    organisation: str | None
    account: OwnAccount | None
    sessions: list[OwnSignIn]
    spaces: list[OwnSpace]
    at: datetime


async def own_data(kernel: Kernel, sessions: Sessions, session: Session) -> OwnData:
    """What is stored about who is signed in."""
    area = await kernel.space(session.area)
    assert area is not None  # the session would have ended
    home, person = area.get(Area, area.id), area.get(Person, session.person)
    organisation = area.find(Organisation, person.organisation) if person.organisation else None
    return OwnData(
        area=home.name,
        person=_fields(person),
        organisation=organisation.name if organisation else None,
        account=await kernel.database.read(_account, person.id),
        sessions=[_sign_in(one) for one in await sessions.own(session)],
        spaces=[one async for one in _spaces(kernel, area, person.id)],
        at=kernel.now(),
    )


async def _spaces(kernel: Kernel, area: Space, person: Id) -> Any:
    for id in await kernel.database.read(spaces_of, area.id):
        space = await kernel.space(id)
        if space is None:
            continue
        viewer = access.viewer_in(space, area, person, kernel.now()) or Viewer(0)
        entities = [_fields(entity) for entity in about(space, person, viewer)]
        entries = await kernel.database.read(_entries, id, person)
        if entities or entries:
            yield OwnSpace(space=id, name=_name(space), entities=entities, entries=entries)


def about(space: Space, person: Id, viewer: Viewer) -> Iterator[Entity]:
    """The entities that name the person, of those that they may see or have written."""
    for entity in space:
        named = [name for name in entity.persons if person in _ids(getattr(entity, name))]
        if named and (entity.to & viewer or {entity.own, entity.written_by} & {*named}):
            yield entity


def _ids(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _fields(entity: Entity) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(entity)
    return {"kind": kind_of(entity), **{name: value for name, value in found.items() if name != "to"}}


def _name(space: Space) -> str:
    named = space.find(Profile, space.id) or space.find(Area, space.id)
    return named.name if named else ""


def _sign_in(session: OwnSession) -> OwnSignIn:
    return OwnSignIn(by=session.by, browser=session.browser, began_at=session.began_at, used_on=session.used_on)


def _entries(connection: Connection, space: Id, person: Id) -> list[OwnEntry]:
    rows = select(journal.c.seq, journal.c.at, journal.c.verb, journal.c.about, journal.c.by_for)
    rows = rows.where(journal.c.space == space, journal.c.by_id == person).order_by(journal.c.seq)
    return [
        OwnEntry(seq=row.seq, at=moments.read(row.at), verb=row.verb, about=row.about, organisation=row.by_for)
        for row in connection.execute(rows)
    ]


def _account(connection: Connection, person: Id) -> OwnAccount | None:
    account = accounts.of_person(connection, person)
    if account is None:
        return None
    created = select(accounts_table.c.created_at).join(account_people).where(account_people.c.person == person)
    subjects = select(links.c.purpose).where(links.c.subject.in_([person, account.id]))
    mailed = select(letters).where(func.lower(letters.c.address) == account.email).order_by(letters.c.at)
    return OwnAccount(
        email=account.email,
        created_at=moments.read(connection.execute(created).scalar_one()),
        links=list(connection.execute(subjects).scalars()),
        mail=[
            OwnMail(purpose=row.purpose, state=row.state, at=moments.read(row.at)) for row in connection.execute(mailed)
        ],
    )

"""What is read of people across spaces: the areas of this instance, their roles, and whom one may be in a demo."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from server.core.database import Database
from server.core.space import Space
from server.core.tables import spaces
from shared_schema.base import Id, Viewer
from shared_schema.frames import DemoPerson
from shared_schema.people import Listing, Organisation, Person, SpaceRole

from . import access, rules
from .tables import memberships

Roles = dict[Id, dict[Id, SpaceRole]]
"""By person, then by space: the role that counts."""


def areas(connection: Connection) -> list[Id]:
    """The areas of this instance."""
    return [str(id) for id in connection.execute(select(spaces.c.id).where(spaces.c.kind == "area")).scalars()]


def roles(connection: Connection, person: Id | None = None) -> Roles:
    """The roles that everybody, or one person, holds in spaces."""
    query = select(memberships.c.person, memberships.c.space, memberships.c.role)
    held: dict[tuple[Id, Id], list[SpaceRole]] = {}
    for who, space, role in connection.execute(
        query if person is None else query.where(memberships.c.person == person)
    ):
        held.setdefault((who, space), []).append(role)
    strongest: Roles = {}
    for (who, space), some in held.items():
        strongest.setdefault(who, {})[space] = min(some, key=rules.STRENGTH.index)
    return strongest


def viewer_as(person: Person, role: SpaceRole | None) -> Viewer | None:
    """As what a person sees a space other than the area's, given the role they hold there."""
    kinds = [access.IN_OTHER_SPACES[person.role], None if role is None else access.AS_PARTICIPANT[role]]
    return min((kind for kind in kinds if kind is not None), default=None)


async def demo_people(database: Database, area: Space, now: datetime) -> list[DemoPerson]:
    """Everybody one may be: people with access, sorted by name, with the names of the spaces they take part in."""
    held = await database.read(roles)
    people = [person for person in area.all(Person) if rules.has_access(area, person, now)]
    return [_demo_person(area, person, held.get(person.id, {})) for person in sorted(people, key=lambda one: one.name)]


def _demo_person(area: Space, person: Person, held: dict[Id, SpaceRole]) -> DemoPerson:
    organisation = area.find(Organisation, person.organisation) if person.organisation else None
    listed = [listing for id in held if (listing := area.find(Listing, id))]
    return DemoPerson(
        person=person.id,
        name=person.name,
        organisation=organisation.name if organisation else "",
        function=person.function,
        role=person.role,
        spaces=tuple(sorted(listing.name for listing in listed)),
        moderates=tuple(sorted(one.name for one in listed if _moderated_network(one, held))),
        sector=organisation.sector if organisation else None,
    )


def _moderated_network(listing: Listing, held: dict[Id, SpaceRole]) -> bool:
    return listing.space_kind == "network" and held[listing.id] == "moderator"

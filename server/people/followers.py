"""What the system carries from space to space: names from the area, roles from a network to its key projects.

Each follower looks at the state of now, not of its entry: if two changes cross, whichever is followed last brings the
truth, and following one twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from server.core.follow import DEEDS, follows
from server.core.space import Space
from shared_schema.base import Command, Id
from shared_schema.invitations import ConfirmParticipant
from shared_schema.journal import Drop, Entry, Patch
from shared_schema.people import (
    FollowDirectory,
    FollowModeration,
    FollowOrganisation,
    FollowProfile,
    Listing,
    Moderation,
    Organisation,
    Participant,
    Person,
    Profile,
)

from . import rules

DEEDS.add("person.erase")  # what is done then is in erasing.py

Follow = list[tuple[Id, Command]]
E = TypeVar("E", Listing, Participant)


@follows("person.edit")
def carry_person(entry: Entry, space: Space, area: Space, other: Space | None) -> Follow:
    """A new name or function of a person goes to every space of the area."""
    person = area.find(Person, entry.about)
    if person is None or person.erased:
        return []
    follow = FollowDirectory(person=person.id, name=person.name, function=person.function)
    return [(listing.id, follow) for listing in _in_order(area.all(Listing))]


@follows("organisation.edit")
def carry_organisation(entry: Entry, space: Space, area: Space, other: Space | None) -> Follow:
    """A new name, sector or group of an organisation goes to every space of the area."""
    organisation = area.find(Organisation, entry.about)
    changed = {name for change in entry.changes if isinstance(change, Patch) for name in change.fields}
    if organisation is None or not changed & {"name", "sector", "interest_group"}:
        return []
    follow = FollowOrganisation(
        organisation=organisation.id,
        name=organisation.name,
        sector=organisation.sector,
        interest_group=organisation.interest_group,
    )
    return [(listing.id, follow) for listing in _in_order(area.all(Listing))]


@follows("participant.add", "participant.change", "participant.remove", "participant.follow", "space.found")
def note_moderation(entry: Entry, space: Space, area: Space, other: Space | None) -> Follow:
    """The area notes who moderates a space, because there it is decided when somebody's access ends."""
    if space.id == area.id:
        return []
    now, noted = rules.moderators(space), {one.person for one in area.where(Moderation, space=space.id)}
    return [
        (area.id, FollowModeration(space=space.id, person=person, moderates=person in now))
        for person in sorted(now ^ noted)
    ]


@follows("profile.edit")
def carry_profile(entry: Entry, space: Space, area: Space, other: Space | None) -> Follow:
    """A new name or purpose of a space goes to the area's list."""
    profile = space.find(Profile, space.id)
    if profile is None:
        return []
    return [(area.id, FollowProfile(space=space.id, name=profile.name, purpose=profile.purpose))]


@follows("person.confirm")
def keep_promises(entry: Entry, space: Space, area: Space, other: Space | None) -> Follow:
    """A guest who has confirmed an address becomes what they were promised, wherever they were invited."""
    return [(listing.id, ConfirmParticipant(person=entry.about)) for listing in _in_order(area.all(Listing))]


@follows("participant.add", "participant.change", "participant.remove", "participant.confirm", "invitation.accept")
def hand_down(entry: Entry, space: Space, area: Space, other: Space | None) -> Follow:
    """What somebody is in a network, they are in its key projects; what they are no more, they are not there either."""
    if space.kind != "network":
        return []
    follows = [*_ended(entry, space, area), *_held(space, space.where(Participant, person=entry.about))]
    projects = [listing.id for listing in _in_order(area.all(Listing)) if listing.parent == space.id]
    return [(project, follow) for project in projects for follow in follows]


def _network_above(entry: Entry, space: Space) -> Id | None:
    listing = space.find(Listing, entry.about)
    return listing.parent if listing else None


@follows("space.found", other=_network_above)
def furnish_project(entry: Entry, space: Space, area: Space, other: Space | None) -> Follow:
    """A new key project begins with the people of its network."""
    if other is None or space.id != area.id:
        return []
    return [(entry.about, follow) for follow in _held(other, _in_order(other.all(Participant))) if follow.role]


def _held(network: Space, participants: Iterable[Participant]) -> Iterator[FollowDirectory]:
    for part in participants:
        yield FollowDirectory(
            person=part.person,
            through=network.id,
            role=part.role if part.role in rules.INHERITED else None,
            organisation=part.organisation,
            voting=part.voting,
            until=part.until,
        )


def _ended(entry: Entry, network: Space, area: Space) -> Iterator[FollowDirectory]:
    """The parts that the entry took away. A drop names only the id, which is derived from person and organisation."""
    dropped = {change.id for change in entry.changes if isinstance(change, Drop) and change.kind == "participant"}
    dropped -= {part.id for part in network.where(Participant, person=entry.about)}
    if not dropped:
        return
    for organisation in (None, *(one.id for one in area.all(Organisation))):
        if rules.participant_id(network.id, entry.about, organisation) in dropped:
            yield FollowDirectory(person=entry.about, through=network.id, role=None, organisation=organisation)


def _in_order(entities: Iterable[E]) -> list[E]:
    """Always in the same order, so that the ids derived from it are the same on every process."""
    return sorted(entities, key=lambda entity: entity.id)

"""Handlers of the directory: the area, its people, the founding of spaces, and who takes part in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from server.core.commands import Actor, Both, found, founds, handles
from server.core.space import Space
from shared_schema.base import AREA, PUBLIC, Audience, Id, Viewer
from shared_schema.journal import Change
from shared_schema.people import (
    AddInterestGroup,
    AddParticipant,
    Area,
    AreaRole,
    ChangeParticipant,
    EditPerson,
    EditProfile,
    ErasePerson,
    FollowDirectory,
    FollowProfile,
    FoundArea,
    FoundSpace,
    InterestGroup,
    JoinOrganisation,
    JoinPerson,
    Listing,
    Organisation,
    Participant,
    Person,
    Profile,
    RemoveParticipant,
    SpaceRole,
)
from shared_schema.refusals import Inherited, Invalid, LastCoordination, LastModerator, NotFound, Refusal

from . import access, rules

# --- the area --------------------------------------------------------------------------------------------------------


@handles(FoundArea, needs=access.only_system, founds=True)
def found_area(space: Space, command: FoundArea, by: Actor, now: datetime) -> list[Change]:
    area = Area(
        id=space.id,
        to=PUBLIC,
        name=command.name,
        claim=command.claim,
        description=command.description,
        language=command.language,
        timezone=command.timezone,
        founded_on=command.founded_on,
    )
    return [space.add(area), *found("area", space, command, by, now)]


@handles(AddInterestGroup, needs=access.coordinates)
def add_interest_group(space: Space, command: AddInterestGroup, by: Actor, now: datetime) -> list[Change]:
    space.get(Area, space.id)
    return [space.add(InterestGroup(id=command.id, to=AREA, name=command.name, public=command.public))]


@handles(JoinOrganisation, needs=access.coordinates)
def join_organisation(space: Space, command: JoinOrganisation, by: Actor, now: datetime) -> list[Change]:
    space.get(Area, space.id)
    if command.interest_group is not None:
        space.get(InterestGroup, command.interest_group)
    organisation = Organisation(
        id=command.id,
        to=PUBLIC,
        name=command.name,
        sector=command.sector,
        interest_group=command.interest_group,
        municipality=command.municipality,
        external_advisor=command.external_advisor,
        description=command.description,
        joined_on=rules.local_date(space, now),
    )
    return [space.add(organisation)]


@handles(JoinPerson, needs=access.coordinates)
def join_person(space: Space, command: JoinPerson, by: Actor, now: datetime) -> list[Change]:
    space.get(Area, space.id)
    if command.organisation is not None:
        space.get(Organisation, command.organisation)
    person = Person(
        id=command.id,
        to=shown_to(command.role),
        name=command.name,
        role=command.role,
        organisation=command.organisation,
        function=command.function,
        joined_on=rules.local_date(space, now),
        access_until=command.access_until,
    )
    return [space.add(person)]


@handles(EditPerson, needs=access.coordinates)
def edit_person(space: Space, command: EditPerson, by: Actor, now: datetime) -> list[Change]:
    person = _known(space, command.person)
    given = {name: getattr(command, name) for name in ("name", "function", "role")}
    fields: dict[str, Any] = {name: value for name, value in given.items() if value is not UNSET}
    if person.role == "guest" and fields.get("role", "guest") != "guest":
        fields |= {"access_until": None, "promised": None}  # the days were a guest's
    to = shown_to(fields.get("role", person.role))
    if to != person.to:
        return [space.put(replace(person, to=to, **fields))]
    return [space.patch(person, **fields)]


@handles(ErasePerson, needs=access.may_erase)
def erase_person(space: Space, command: ErasePerson, by: Actor, now: datetime) -> list[Change]:
    """The name goes with this entry already; what was said of it before goes with what follows (see erasing.py)."""
    person = space.get(Person, command.person)
    if person.erased:
        raise Refusal(NotFound(kind="person", id=person.id))
    _hold_last_coordination(space, person, now)
    return [space.put(replace(person, name="", function="", erased=True))]


def _hold_last_coordination(space: Space, leaving: Person, now: datetime) -> None:
    others = (one for one in space.all(Person) if one.id != leaving.id and rules.has_access(space, one, now))
    if leaving.role == "coordination" and not any(one.role == "coordination" for one in others):
        raise Refusal(LastCoordination())


def shown_to(role: AreaRole) -> Audience:
    """Guests see who coordinates; everybody else of the area is shown to them only where both take part."""
    return AREA if role == "coordination" else AREA & ~Viewer.GUEST


# --- founding spaces -------------------------------------------------------------------------------------------------


@handles(FoundSpace, needs=access.coordinates, there="id", founds=True)
def found_space(space: Space, command: FoundSpace, by: Actor, now: datetime, there: Space) -> Both:
    space.get(Area, space.id)
    _hold_parent(space, command)
    if command.moderator is not None:
        _known(space, command.moderator)
    listing = Listing(
        id=command.id,
        to=PUBLIC,
        name=command.name,
        space_kind=command.space_kind,
        parent=command.parent,
        purpose=command.purpose,
        founded_at=now,
    )
    return Both([space.add(listing)], found(command.space_kind, there, command, by, now))


def _hold_parent(area: Space, command: FoundSpace) -> None:
    """A key project belongs to a network, and nothing else belongs to anything."""
    if (command.space_kind == "key_project") != (command.parent is not None):
        raise Refusal(Invalid(field="parent", problem="missing" if command.parent is None else "shape"))
    if command.parent is not None and area.get(Listing, command.parent).space_kind != "network":
        raise Refusal(NotFound(kind="listing", id=command.parent))


@founds("committee", "network", "key_project")
def first_people(space: Space, command: FoundSpace, by: Actor, now: datetime) -> list[Change]:
    """The profile of a new space, and its moderator if one is named."""
    profile = Profile(
        id=space.id,
        to=PUBLIC,
        name=command.name,
        space_kind=command.space_kind,
        area=space.area_id,
        parent=command.parent,
        purpose=command.purpose,
        founded_at=now,
    )
    changes: list[Change] = [space.add(profile)]
    if command.moderator is not None:
        moderator = space.area.get(Person, command.moderator)
        changes.append(space.add(part(space, moderator, "moderator", moderator.organisation, now)))
    return changes


@handles(EditProfile, needs=access.moderates_here)
def edit_profile(space: Space, command: EditProfile, by: Actor, now: datetime) -> list[Change]:
    profile = space.get(Profile, command.space)
    fields = {name: value for name in ("name", "purpose") if (value := getattr(command, name)) is not UNSET}
    return [space.patch(profile, **fields)]


@handles(FollowProfile, needs=access.only_system)
def follow_profile(space: Space, command: FollowProfile, by: Actor, now: datetime) -> list[Change]:
    return [
        space.patch(
            space.get(Listing, command.space),
            name=command.name,
            purpose=command.purpose,
        )
    ]


# --- who takes part --------------------------------------------------------------------------------------------------


@handles(AddParticipant, needs=access.may_change_people)
def add_participant(space: Space, command: AddParticipant, by: Actor, now: datetime) -> list[Change]:
    space.get(Profile, space.id)
    person = _known(space.area, command.person)
    added = part(
        space,
        person,
        command.role,
        command.organisation or person.organisation,
        now,
        voting=command.voting,
    )
    return [space.add(added)]


@handles(ChangeParticipant, needs=access.may_change_people)
def change_participant(space: Space, command: ChangeParticipant, by: Actor, now: datetime) -> list[Change]:
    participant = _own_part(space, command.participant, command.person)
    if command.role not in (UNSET, "moderator"):
        _hold_last_moderator(space, participant)
    fields = {name: value for name in ("role", "voting") if (value := getattr(command, name)) is not UNSET}
    decided = {"promised": None} if "role" in fields else {}  # what somebody chose now outdoes what was promised
    return [space.patch(participant, **fields, **decided)]


@handles(RemoveParticipant, needs=access.may_change_people)
def remove_participant(space: Space, command: RemoveParticipant, by: Actor, now: datetime) -> list[Change]:
    participant = _own_part(space, command.participant, command.person)
    _hold_last_moderator(space, participant)
    return [space.drop(participant)]


def _known(area: Space, id: Id) -> Person:
    """A person of the area; of one who was erased nothing is known any more."""
    person = area.get(Person, id)
    if person.erased:
        raise Refusal(NotFound(kind="person", id=id))
    return person


def _own_part(space: Space, id: Id, person: Id) -> Participant:
    participant = space.get(Participant, id)
    if participant.person != person:
        raise Refusal(NotFound(kind="participant", id=id))
    if participant.through is not None:
        raise Refusal(Inherited(through=participant.through))
    return participant


def _hold_last_moderator(space: Space, leaving: Participant) -> None:
    others = (p for p in space.all(Participant) if p.id != leaving.id and not p.erased)
    if leaving.role == "moderator" and not any(p.role == "moderator" for p in others):
        raise Refusal(LastModerator())


@handles(FollowDirectory, needs=access.only_system)
def follow_directory(space: Space, command: FollowDirectory, by: Actor, now: datetime) -> list[Change]:
    """Refused where there is nothing to follow, so that no entry says that nothing happened; so it is for one who was
    erased meanwhile, whose name does not come back."""
    _known(space.area, command.person)
    if command.through is not None:
        return _follow_role(space, command, now)
    parts = rules.parts_of(space, command.person)
    if not parts:
        raise Refusal(NotFound(kind="participant", id=command.person))
    given = {name: value for name in ("name", "function") if (value := getattr(command, name)) is not UNSET}
    return [space.patch(participant, **given) for participant in parts]


def _follow_role(space: Space, command: FollowDirectory, now: datetime) -> list[Change]:
    """The inherited part as the network has it now; the network may have changed again, so this can come twice."""
    id = rules.participant_id(space.id, command.person, command.organisation, command.through)
    existing = space.find(Participant, id)
    if command.role is None:
        return [space.drop(space.get(Participant, id))]
    if existing is not None:
        return [space.patch(existing, role=command.role, voting=command.voting)]
    person = space.area.get(Person, command.person)
    new = part(
        space,
        person,
        command.role,
        command.organisation,
        now,
        voting=command.voting,
        through=command.through,
    )
    return [space.add(new)]


def part(
    space: Space,
    person: Person,
    role: SpaceRole,
    organisation: Id | None,
    now: datetime,
    *,
    voting: bool = True,
    through: Id | None = None,
) -> Participant:
    """A person's part in a space, with the names that the area has for them today."""
    acted_for = None if organisation is None else space.area.get(Organisation, organisation)
    return part_for(space, person, role, acted_for, now, voting=voting, through=through)


def part_for(
    space: Space,
    person: Person,
    role: SpaceRole,
    acted_for: Organisation | None,
    now: datetime,
    *,
    voting: bool = True,
    through: Id | None = None,
) -> Participant:
    """A person's part in a space for an organisation, which may be one that joins with them."""
    organisation = acted_for.id if acted_for else None
    return Participant(
        id=rules.participant_id(space.id, person.id, organisation, through),
        to=AREA,
        person=person.id,
        name=person.name,
        role=role,
        organisation=organisation,
        organisation_name=acted_for.name if acted_for else "",
        sector=acted_for.sector if acted_for else None,
        interest_group=acted_for.interest_group if acted_for else None,
        function=person.function,
        voting=voting,
        through=through,
        since=now,
    )

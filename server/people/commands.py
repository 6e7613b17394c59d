"""Handlers of the directory: the area, the founding of spaces, and who takes part in them."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import UNSET
from msgspec.structs import replace

from server.core.commands import Actor, Both, found, founds, handles
from server.core.space import Space
from shared_schema.base import AREA, PUBLIC, Id
from shared_schema.journal import Change
from shared_schema.people import (
    AddParticipant,
    Area,
    ChangeParticipant,
    EditProfile,
    FollowDirectory,
    FollowProfile,
    FoundArea,
    FoundSpace,
    Listing,
    Organisation,
    Participant,
    Person,
    Profile,
    RemoveParticipant,
    SpaceRole,
)
from shared_schema.refusals import Inherited, Invalid, NotFound, Refusal

from . import access, lasting, rules

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


# --- founding spaces -------------------------------------------------------------------------------------------------


@handles(FoundSpace, needs=access.coordinates, there="id", founds=True)
def found_space(space: Space, command: FoundSpace, by: Actor, now: datetime, there: Space) -> Both:
    space.get(Area, space.id)
    _hold_parent(space, command)
    if command.moderator is not None:
        rules.known(space, command.moderator)
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
    person = rules.known(space.area, command.person)
    organisation = command.organisation or person.organisation
    lasting.hold_end(space, command.role, command.until, now)
    lasting.hold_active(space.area, organisation, now)
    added = part(
        space,
        person,
        command.role,
        organisation,
        now,
        voting=command.voting,
        until=command.until,
    )
    return [space.add(added)]


@handles(ChangeParticipant, needs=access.may_change_people)
def change_participant(space: Space, command: ChangeParticipant, by: Actor, now: datetime) -> list[Change]:
    participant = _own_part(space, command.participant, command.person)
    fields = {name: value for name in ("role", "voting", "until") if (value := getattr(command, name)) is not UNSET}
    changed = replace(participant, **fields)
    if (changed.role, changed.until) != (participant.role, participant.until):
        lasting.hold_end(space, changed.role, changed.until, now)
    lasting.hold_moderation(space, participant, changed, now)
    if changed.role != participant.role:
        fields["promised"] = None  # what somebody chose now outdoes what was promised
    fields["voting"] = rules.votes(changed.role, changed.voting)
    return [space.patch(participant, **fields)]


@handles(RemoveParticipant, needs=access.may_change_people)
def remove_participant(space: Space, command: RemoveParticipant, by: Actor, now: datetime) -> list[Change]:
    participant = _own_part(space, command.participant, command.person)
    lasting.hold_moderation(space, participant, None, now)
    return [space.drop(participant)]


def _own_part(space: Space, id: Id, person: Id) -> Participant:
    participant = space.get(Participant, id)
    if participant.person != person:
        raise Refusal(NotFound(kind="participant", id=id))
    if participant.through is not None:
        raise Refusal(Inherited(through=participant.through))
    return participant


@handles(FollowDirectory, needs=access.only_system)
def follow_directory(space: Space, command: FollowDirectory, by: Actor, now: datetime) -> list[Change]:
    """Refused where there is nothing to follow, so that no entry says that nothing happened; so it is for one who was
    erased meanwhile, whose name does not come back."""
    rules.known(space.area, command.person)
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
        return [space.patch(existing, role=command.role, voting=command.voting, until=command.until)]
    person = space.area.get(Person, command.person)
    new = part(
        space,
        person,
        command.role,
        command.organisation,
        now,
        voting=command.voting,
        through=command.through,
        until=command.until,
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
    until: date | None = None,
) -> Participant:
    """A person's part in a space, with the names that the area has for them today."""
    acted_for = None if organisation is None else space.area.get(Organisation, organisation)
    return part_for(space, person, role, acted_for, now, voting=voting, through=through, until=until)


def part_for(
    space: Space,
    person: Person,
    role: SpaceRole,
    acted_for: Organisation | None,
    now: datetime,
    *,
    voting: bool = True,
    through: Id | None = None,
    until: date | None = None,
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
        voting=rules.votes(role, voting),
        through=through,
        since=now,
        until=until,
    )

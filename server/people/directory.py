"""Handlers of the area's directory: its interest groups, organisations and people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from server.core.commands import Actor, handles
from server.core.ids import derived_id
from server.core.space import Space
from shared_schema.base import AREA, MODERATORS, PUBLIC, Audience, Command, Viewer
from shared_schema.journal import Change
from shared_schema.people import (
    AddInterestGroup,
    Area,
    AreaRole,
    EditOrganisation,
    EditPerson,
    EndOrganisation,
    ErasePerson,
    FollowModeration,
    FollowOrganisation,
    InterestGroup,
    JoinOrganisation,
    JoinPerson,
    Moderation,
    Organisation,
    Participant,
    Person,
)
from shared_schema.refusals import NotFound, Refusal

from . import access, lasting, rules

# --- organisations ---------------------------------------------------------------------------------------------------


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


@handles(EditOrganisation, needs=access.may_edit_organisation)
def edit_organisation(space: Space, command: EditOrganisation, by: Actor, now: datetime) -> list[Change]:
    organisation = space.get(Organisation, command.organisation)
    fields = _given(command, access.EDITABLE)
    if fields.get("interest_group"):
        space.get(InterestGroup, fields["interest_group"])
    if fields.get("contact"):
        space.get(Person, fields["contact"])
    return [space.patch(organisation, **fields)]


@handles(EndOrganisation, needs=access.coordinates)
def end_organisation(space: Space, command: EndOrganisation, by: Actor, now: datetime) -> list[Change]:
    return [space.patch(space.get(Organisation, command.organisation), left_on=command.left_on)]


@handles(FollowOrganisation, needs=access.only_system)
def follow_organisation(space: Space, command: FollowOrganisation, by: Actor, now: datetime) -> list[Change]:
    """Refused where there is nothing to follow, so that no entry says that nothing happened."""
    known = (command.name, command.sector, command.interest_group)
    parts = [part for part in space.all(Participant) if part.organisation == command.organisation]
    stale = [part for part in parts if (part.organisation_name, part.sector, part.interest_group) != known]
    if not stale:
        raise Refusal(NotFound(kind="participant", id=command.organisation))
    new = {"organisation_name": command.name, "sector": command.sector, "interest_group": command.interest_group}
    return [space.patch(part, **new) for part in stale]


# --- people ----------------------------------------------------------------------------------------------------------


@handles(JoinPerson, needs=access.coordinates)
def join_person(space: Space, command: JoinPerson, by: Actor, now: datetime) -> list[Change]:
    space.get(Area, space.id)
    lasting.hold_active(space, command.organisation, now)
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
    person = rules.known(space, command.person)
    fields = _given(command, ("name", "function", "role", "access_until"))
    if person.role == "guest" and fields.get("role", "guest") != "guest":
        fields = {"access_until": None, **fields, "promised": None}  # the days were a guest's
    edited = replace(person, **fields, to=shown_to(fields.get("role", person.role)))
    lasting.hold_coordination(space, person, edited, now)
    lasting.hold_spaces(space, person, edited.access_until)
    return [space.patch(person, **fields) if edited.to == person.to else space.put(edited)]


@handles(ErasePerson, needs=access.may_erase)
def erase_person(space: Space, command: ErasePerson, by: Actor, now: datetime) -> list[Change]:
    """The name goes with this entry already; what was said of it before goes with what follows (see erasing.py)."""
    person = rules.known(space, command.person)
    erased = replace(person, name="", function="", erased=True)
    lasting.hold_coordination(space, person, erased, now)
    lasting.hold_spaces(space, person, rules.local_date(space, now))
    return [space.put(erased)]


def shown_to(role: AreaRole) -> Audience:
    """Guests see who coordinates; everybody else of the area is shown to them only where both take part."""
    return AREA if role == "coordination" else AREA & ~Viewer.GUEST


@handles(FollowModeration, needs=access.only_system)
def follow_moderation(space: Space, command: FollowModeration, by: Actor, now: datetime) -> list[Change]:
    id = derived_id(command.space, "moderation", command.person)
    known = space.find(Moderation, id)
    if (known is not None) == command.moderates:
        raise Refusal(NotFound(kind="moderation", id=id))
    if known is not None:
        return [space.drop(known)]
    return [space.add(Moderation(id=id, to=MODERATORS, space=command.space, person=command.person))]


def _given(command: Command, names: tuple[str, ...]) -> dict[str, Any]:
    """The fields that the command says anew."""
    return {name: value for name in names if (value := getattr(command, name)) is not UNSET}

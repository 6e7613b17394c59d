"""Handlers of invitations: links into a space, coming in by one, and becoming what was promised."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from server.core.commands import Actor, Both, handles
from server.core.space import Space
from shared_schema.base import AREA, MODERATORS, Id
from shared_schema.invitations import (
    AcceptInvitation,
    ConfirmParticipant,
    ConfirmPerson,
    CreateInvitation,
    Invitation,
    InvitedRole,
    RevokeInvitation,
)
from shared_schema.journal import Change
from shared_schema.people import AreaRole, Organisation, Person, Profile, SpaceRole
from shared_schema.refusals import AlreadyExists, Invalid, NotFound, Refusal, TooMany

from . import access, rules
from .commands import part_for
from .directory import shown_to

MOST_OPEN: Final = 500
"""Open invitations of one space: five lists of addresses in full."""
GUEST_FOR: Final = timedelta(days=30)
"""How long somebody who has confirmed no address may come and go."""
PROMISED: Final[dict[InvitedRole, AreaRole | None]] = {"member": "member", "reader": "reader", "guest": None}
"""What confirming an address makes of a guest in the area; those invited as guests stay guests."""


@handles(CreateInvitation, needs=access.may_invite)
def create_invitation(space: Space, command: CreateInvitation, by: Actor, now: datetime) -> list[Change]:
    space.get(Profile, space.id)
    if command.organisation is not None:
        space.area.get(Organisation, command.organisation)
    if space.where(Invitation, token_hash=command.token_hash):
        raise Refusal(AlreadyExists(kind="invitation", id=command.id))
    if sum(rules.is_open(one, now) for one in space.all(Invitation)) >= MOST_OPEN:
        raise Refusal(TooMany(what="invitations", limit=MOST_OPEN))
    invitation = Invitation(
        id=command.id,
        to=MODERATORS,
        token_hash=command.token_hash,
        role=command.role,
        expires_at=now + timedelta(days=command.days),
        most_uses=command.most_uses,
        created_by=by.person,
        created_at=now,
        organisation=command.organisation,
        note=command.note,
    )
    return [space.add(invitation)]


@handles(RevokeInvitation, needs=access.may_invite)
def revoke_invitation(space: Space, command: RevokeInvitation, by: Actor, now: datetime) -> list[Change]:
    invitation = space.get(Invitation, command.invitation)
    return [] if invitation.revoked_at is not None else [space.patch(invitation, revoked_at=now)]


# --- coming in -------------------------------------------------------------------------------------------------------


@handles(AcceptInvitation, needs=access.only_system, there="area", needs_there=access.only_system)
def accept_invitation(
    space: Space, command: AcceptInvitation, by: Actor, now: datetime, there: Space | None = None
) -> Both:
    """Run out, used up, revoked and never made are one answer."""
    if there is None:  # an area has no board to come to
        raise Refusal(Invalid(field="area", problem="shape"))
    invitation = space.get(Invitation, command.invitation)
    if not rules.is_open(invitation, now):
        raise Refusal(NotFound(kind="invitation", id=invitation.id))
    if any(part.through is None for part in rules.parts_of(space, command.person)):
        raise Refusal(AlreadyExists(kind="participant", id=command.person))
    if command.name is None:
        return _join_known(space, there, invitation, command.person, now)
    return _join_new(space, there, invitation, command, command.name, now)


def _join_known(space: Space, area: Space, invitation: Invitation, id: Id, now: datetime) -> Both:
    """Somebody of the area comes in as who they are; of a guest it is remembered what they are promised."""
    person = area.get(Person, id)
    if not rules.has_access(area, person, now):
        raise Refusal(NotFound(kind="person", id=id))
    organisation = None if person.organisation is None else area.get(Organisation, person.organisation)
    promised = PROMISED[invitation.role] if person.role == "guest" else None
    known: list[Change] = [area.patch(person, promised=_better(person.promised, promised))] if promised else []
    return Both(_arrival(space, invitation, person, organisation, now), known)


def _join_new(
    space: Space, area: Space, invitation: Invitation, command: AcceptInvitation, name: str, now: datetime
) -> Both:
    organisation, joined = _organisation(area, invitation, command, now)
    today = rules.local_date(area, now)
    person = Person(
        id=command.person,
        to=shown_to("guest"),
        name=name,
        role="guest",
        organisation=organisation.id if organisation else None,
        joined_on=today,
        access_until=today + GUEST_FOR,
        promised=PROMISED[invitation.role],
    )
    return Both(_arrival(space, invitation, person, organisation, now), [*joined, area.add(person)])


def _arrival(
    space: Space, invitation: Invitation, person: Person, organisation: Organisation | None, now: datetime
) -> list[Change]:
    """The part in the space, and one use more of the invitation."""
    guest = person.role == "guest"
    role = _as_guest(invitation.role) if guest else invitation.role
    arrived = replace(
        part_for(space, person, role, organisation, now),
        invitation=invitation.id,
        promised=invitation.role if role != invitation.role else None,
    )
    return [space.add(arrived), space.patch(invitation, uses=invitation.uses + 1)]


def _as_guest(promised: InvitedRole) -> SpaceRole:
    """Who has confirmed no address is a guest, or less if less is promised."""
    return max(promised, "guest", key=rules.STRENGTH.index)


def _better(one: AreaRole | None, other: AreaRole) -> AreaRole:
    return "member" if "member" in (one, other) else other


def _organisation(
    area: Space, invitation: Invitation, command: AcceptInvitation, now: datetime
) -> tuple[Organisation | None, list[Change]]:
    """Whom a new guest acts for: the invitation's word counts most; a name that is there already is the one there."""
    chosen = invitation.organisation or (None if command.organisation_name else command.organisation)
    if chosen is not None:
        return area.get(Organisation, chosen), []
    if command.organisation_name is None:
        return None, []
    if command.organisation is None or command.sector is None:
        raise Refusal(Invalid(field="sector" if command.sector is None else "organisation", problem="missing"))
    wanted = command.organisation_name.strip().casefold()
    known = next((one for one in area.all(Organisation) if one.name.casefold() == wanted), None)
    if known is not None:
        return known, []
    new = Organisation(
        id=command.organisation,
        to=AREA,  # what guests add is nothing for the public pages
        name=command.organisation_name,
        sector=command.sector,
        joined_on=rules.local_date(area, now),
    )
    return new, [area.add(new)]


# --- becoming what was promised --------------------------------------------------------------------------------------


@handles(ConfirmPerson, needs=access.only_system)
def confirm_person(space: Space, command: ConfirmPerson, by: Actor, now: datetime) -> list[Change]:
    """Refused where nothing was promised: whoever was invited as a guest stays one."""
    person = space.get(Person, command.person)
    if person.role != "guest" or person.promised is None:
        raise Refusal(NotFound(kind="person", id=person.id))
    return [space.patch(person, role=person.promised, promised=None, access_until=None)]


@handles(ConfirmParticipant, needs=access.only_system)
def confirm_participant(space: Space, command: ConfirmParticipant, by: Actor, now: datetime) -> list[Change]:
    """Refused where nothing was promised, so that no entry says that nothing happened."""
    promised: list[Any] = [part for part in rules.parts_of(space, command.person) if part.promised is not None]
    if not promised:
        raise Refusal(NotFound(kind="participant", id=command.person))
    return [space.patch(part, role=part.promised, promised=None) for part in promised]

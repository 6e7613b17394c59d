"""Arithmetic of roles: which counts, which is inherited, and the ids that everybody derives alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from server.core.ids import derived_id
from server.core.space import Space
from shared_schema.base import Id
from shared_schema.invitations import Invitation
from shared_schema.people import Area, Participant, Person, SpaceRole
from shared_schema.refusals import NotFound, Refusal

STRENGTH: Final[tuple[SpaceRole, ...]] = (
    "moderator",
    "deputy",
    "member",
    "coach",
    "guest",
    "reader",
)
"""Roles in a space, the strongest first."""

INHERITED: Final[frozenset[SpaceRole]] = frozenset({"moderator", "deputy", "member", "coach"})
"""Roles that a network hands down to its key projects; guests and readers stay where they were invited."""


VOTING: Final[frozenset[SpaceRole]] = frozenset({"moderator", "deputy", "member"})
"""Roles that may have a vote. Coaches advise, guests and readers look on."""


def votes(role: SpaceRole, wanted: bool) -> bool:
    """Whether a part has a vote: where it is wanted and the role may have one."""
    return wanted and role in VOTING


def strongest(roles: Iterable[SpaceRole]) -> SpaceRole | None:
    """The role that counts among several, or None if there is none."""
    return min(roles, key=STRENGTH.index, default=None)


def participant_id(space: Id, person: Id, organisation: Id | None, through: Id | None = None) -> Id:
    """The id of a person's part in a space: one per person and organisation, and per network it comes through."""
    return derived_id(space, "participant", person, organisation or "", through or "")


def parts_of(space: Space, person: Id) -> list[Participant]:
    """What a person takes part in here, the strongest first."""
    parts = space.where(Participant, person=person)
    return sorted(
        parts,
        key=lambda part: (STRENGTH.index(part.role), part.through is not None, part.id),
    )


def local_date(area: Space, moment: datetime) -> date:
    """The day that a moment falls on where the area is; days without a time belong to its time zone."""
    home = area.find(Area, area.id)
    return moment.astimezone(ZoneInfo(home.timezone if home else "UTC")).date()


def has_access(area: Space, person: Person, moment: datetime) -> bool:
    """Whether a person's access is running: `access_until` is its last day, and who was erased has
    none."""
    if person.erased:
        return False
    return person.access_until is None or local_date(area, moment) <= person.access_until


def is_open(invitation: Invitation, moment: datetime) -> bool:
    """Whether somebody may still come in by an invitation."""
    return invitation.revoked_at is None and moment < invitation.expires_at and invitation.uses < invitation.most_uses


def runs(area: Space, part: Participant, moment: datetime) -> bool:
    """Whether a part is still held: `until` is its last day."""
    return part.until is None or local_date(area, moment) <= part.until


def stays(area: Space, person: Id) -> bool:
    """Whether a person's access has no end, as far as anybody knows today."""
    someone = area.lookup("person", person)
    return isinstance(someone, Person) and someone.access_until is None and not someone.erased


def known(area: Space, id: Id) -> Person:
    """A person of the area; of one who was erased nothing is known any more."""
    person = area.get(Person, id)
    if person.erased:
        raise Refusal(NotFound(kind="person", id=id))
    return person


def moderators(space: Space) -> set[Id]:
    """Who moderates a space with no end set to it, by a part of their own or through the network above."""
    return {
        part.person
        for part in space.all(Participant)
        if part.role == "moderator" and part.until is None and not part.erased
    }

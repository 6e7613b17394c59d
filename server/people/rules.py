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

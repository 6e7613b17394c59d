"""Invitations: links by which people come into a space, and what happens to whoever uses one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta

from .base import Command, Entity, GivenId, Id, Name
from .people import Sector

InvitedRole = Literal["member", "guest", "reader"]
MOST_USES: Final = 500
LONGEST_INVITATION: Final = 90
"""Days. A link lies around in mails and on posters; after a quarter of a year nobody knows who has it."""


# --- what exists -----------------------------------------------------------------------------------------------------


class Invitation(Entity, frozen=True, kw_only=True, tag="invitation"):
    """A link into a space: whoever holds its token may come in, until it runs out, is used up or is revoked.

    What is kept of the token is its SHA-256. `organisation` is the one that everybody who comes by it acts for.
    """

    indexed = ("token_hash",)
    persons = ("created_by",)
    texts = ("note",)
    written_by = "created_by"

    token_hash: str
    role: InvitedRole
    expires_at: datetime
    most_uses: int
    created_by: Id
    created_at: datetime
    organisation: Id | None = None
    note: str = ""
    uses: int = 0
    revoked_at: datetime | None = None


# --- commands --------------------------------------------------------------------------------------------------------


class CreateInvitation(Command, frozen=True, kw_only=True, tag="invitation.create"):
    """Makes a link into this space. Its token never leaves the client that made it: the hash is all that is sent."""

    about = "id"

    id: GivenId
    token_hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    role: InvitedRole
    days: Annotated[int, Meta(ge=1, le=LONGEST_INVITATION)]
    most_uses: Annotated[int, Meta(ge=1, le=MOST_USES)]
    organisation: GivenId | None = None
    note: Annotated[str, Meta(max_length=200)] = ""


class RevokeInvitation(Command, frozen=True, kw_only=True, tag="invitation.revoke"):
    """Nobody comes in by this link any more. Those who did stay, until somebody ends their part."""

    about = "invitation"
    on = (Invitation, "invitation")

    invitation: GivenId


class AcceptInvitation(Command, frozen=True, kw_only=True, tag="invitation.accept"):
    """Somebody comes in by a link, into the space and into its `area`. Only the system may.

    With a `name` they are new: a guest, for `organisation` or, if that is not there yet, one of this name and sector.
    Without, they are somebody of the area.
    """

    about = "person"

    invitation: GivenId
    area: GivenId
    person: GivenId
    name: Name | None = None
    organisation: GivenId | None = None
    organisation_name: Name | None = None
    sector: Sector | None = None


class ConfirmPerson(Command, frozen=True, kw_only=True, tag="person.confirm"):
    """A guest has confirmed an e-mail address and becomes what they were promised. Only the system may."""

    about = "person"

    person: GivenId


class ConfirmParticipant(Command, frozen=True, kw_only=True, tag="participant.confirm"):
    """A confirmed person's part in this space becomes what it was promised to be. Only the system may."""

    about = "person"

    person: GivenId


InvitationEntity = Invitation
InvitationCommand = CreateInvitation | RevokeInvitation | AcceptInvitation | ConfirmPerson | ConfirmParticipant

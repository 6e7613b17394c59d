"""The read tables of who takes part where, for what a person may open across spaces, and of links into spaces."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, String, Table

from server.core.projections import projects
from server.core.tables import ID, metadata
from shared_schema.invitations import Invitation
from shared_schema.people import Participant

memberships = Table(
    "memberships",
    metadata,
    Column("space", ID, primary_key=True),
    Column("id", ID, primary_key=True),
    Column("person", ID, nullable=False),
    Column("role", String(20), nullable=False),
    Index(None, "person"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("space", ID, primary_key=True),
    Column("id", ID, primary_key=True),
    # The SHA-256 of the token, in hexadecimal. Whoever holds the token says no space: it is found by this.
    Column("token_hash", String(64), nullable=False, index=True),
)


@projects(Participant, memberships)
def membership_row(participant: Participant) -> dict[str, Any] | None:
    """Who was erased takes part in nothing any more, whatever they were."""
    if participant.erased:
        return None
    return {"person": participant.person, "role": participant.role}


@projects(Invitation, invitations)
def invitation_row(invitation: Invitation) -> dict[str, Any]:
    return {"token_hash": invitation.token_hash}

"""The read table of who takes part where, for what a person may open across spaces."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, String, Table

from server.core.projections import projects
from server.core.tables import ID, metadata
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


@projects(Participant, memberships)
def membership_row(participant: Participant) -> dict[str, Any] | None:
    """Who was erased takes part in nothing any more, whatever they were."""
    if participant.erased:
        return None
    return {"person": participant.person, "role": participant.role}

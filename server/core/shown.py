"""What a viewer gets of an entry and of a space: pure functions of the entry and the entity alone."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET
from msgspec.structs import replace

from shared_schema.base import Audience, Entity, Viewer
from shared_schema.journal import Change, Drop, Entry, Hidden, Put

from .space import Space, kind_of


def shown(entry: Entry, viewer: Viewer) -> Entry | Hidden:
    """The entry as this kind of viewer gets it; one of which nothing is left is its bare number.

    The very same object comes back when the viewer may see all of it, so that its encoding can be shared. An entry that
    changed nothing says only on what somebody was at work, perhaps on something hidden: that is for moderators.
    """
    eyes = int(viewer)  # a plain number: an operation of the enum takes ten times as long
    if not entry.changes:
        return entry if viewer == Viewer.MODERATOR else Hidden(seq=entry.seq)
    if all(audience(change) & eyes for change in entry.changes):
        return entry
    changes = tuple(seen for change in entry.changes if (seen := _shown(change, eyes)) is not None)
    return replace(entry, changes=changes) if changes else Hidden(seq=entry.seq)


def hides(entry: Entry, viewer: Viewer) -> bool:
    """Whether the entry takes something away from this viewer that goes on existing.

    What was written about it before must not be sent to that viewer any more, not even as history.
    """
    return any(isinstance(change, Put) and _hidden_by(change, int(viewer)) for change in entry.changes)


def audience(change: Change) -> Audience:
    """Who may see a change."""
    return change.entity.to if isinstance(change, Put) else change.to


def visible(space: Space, viewer: Viewer) -> Iterator[Entity]:
    """What a snapshot of the space holds for this viewer: no cold kinds, nothing that was put away."""
    eyes = int(viewer)  # a plain number: an operation of the enum takes ten times as long
    return (entity for entity in space if entity.to & eyes and in_snapshot(entity))


def in_snapshot(entity: Entity) -> bool:
    return not entity.cold and getattr(entity, "put_away_at", None) is None


def _shown(change: Change, eyes: int) -> Change | None:
    if audience(change) & eyes:
        return change
    if isinstance(change, Put) and _hidden_by(change, eyes):
        return Drop(kind=kind_of(change.entity), id=change.entity.id, to=change.formerly or 0)
    return None


def _hidden_by(put: Put, eyes: int) -> bool:
    return put.formerly is not UNSET and bool(put.formerly & eyes) and not put.entity.to & eyes

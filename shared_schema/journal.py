"""Changes and entries: what became true, and the line of the journal that says so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from .base import Audience, Author, Id
from .board import BoardCommand, BoardEntity
from .corridor import CorridorCommand, CorridorEntity
from .invitations import InvitationCommand, InvitationEntity
from .people import PeopleCommand, PeopleEntity

AnyEntity = PeopleEntity | InvitationEntity | CorridorEntity | BoardEntity
AnyCommand = PeopleCommand | InvitationCommand | CorridorCommand | BoardCommand


class Put(Struct, frozen=True, kw_only=True, tag_field="do", tag="put"):
    """It exists now, whole. `formerly` says who could see it before, if that was different."""

    entity: AnyEntity
    formerly: Audience | UnsetType = UNSET


class Patch(Struct, frozen=True, kw_only=True, tag_field="do", tag="patch"):
    """These scalar fields have these values now, and had those before."""

    kind: str
    id: Id
    fields: dict[str, Any]
    was: dict[str, Any]
    to: Audience


class Drop(Struct, frozen=True, kw_only=True, tag_field="do", tag="drop"):
    """It exists no more. `to` is who could see it last."""

    kind: str
    id: Id
    to: Audience


Change = Put | Patch | Drop


class Entry(Struct, frozen=True, kw_only=True, tag_field="shown", tag=1):
    """One line of a space's journal: what one command changed.

    `unseen` names the fields in which the author overwrote a value without having seen it; `other` is the second space
    of a command that concerns two.
    """

    seq: int
    at: datetime
    by: Author
    verb: str
    about: Id
    command: Id
    changes: tuple[Change, ...]
    unseen: tuple[str, ...] = ()
    other: Id | None = None


class Hidden(Struct, frozen=True, kw_only=True, tag_field="shown", tag=0):
    """An entry of which this viewer may see nothing: only its number, so that a hole always means loss."""

    seq: int

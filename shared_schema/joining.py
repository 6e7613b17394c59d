"""What is said over HTTP about invitations: looking at one, coming in by it, and inviting by mail."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .accounts import Body, Token
from .base import GivenId, Id, Name, SpaceKind
from .invitations import LONGEST_INVITATION, InvitedRole
from .people import Sector


class LookAtInvitation(Body, frozen=True, kw_only=True):
    """What does this link open? Whatever stands in its fragment is looked up, so that nothing tells what a token is."""

    token: Annotated[str, Meta(max_length=1000)]


class Choice(Struct, frozen=True, kw_only=True):
    """One of the organisations that a guest may act for."""

    id: Id
    name: str


class JoinPreview(Struct, frozen=True, kw_only=True):
    """What the invited see before they come in. With `organisation` there is nothing to choose; with `name` they are
    signed in here already, and come in as who they are."""

    area_name: str
    space: Id
    space_name: str
    space_kind: SpaceKind
    purpose: str
    invited_by: str
    role: InvitedRole
    organisations: tuple[Choice, ...]
    organisation: Choice | None
    name: str | None


class Join(Body, frozen=True, kw_only=True):
    """Come in by a link. `key` is made by the client, once for each visit of the page: sent twice, it is one person.

    Of the organisation either the id of one that is there, or name and sector of a new one.
    """

    token: Annotated[str, Meta(max_length=1000)]
    key: Token
    name: Name | None = None
    organisation: GivenId | None = None
    organisation_name: Name | None = None
    sector: Sector | None = None


class InviteByMail(Body, frozen=True, kw_only=True):
    """Mail each of these addresses a link of its own, good for one person."""

    addresses: Annotated[tuple[Annotated[str, Meta(max_length=300)], ...], Meta(min_length=1, max_length=100)]
    role: InvitedRole
    days: Annotated[int, Meta(ge=1, le=LONGEST_INVITATION)]
    organisation: GivenId | None = None


class Invited(Struct, frozen=True, kw_only=True):
    """What became of one address. `link` is there when no mail can be sent, to be copied once."""

    address: str
    outcome: Literal["invited", "already_in", "invalid"]
    link: str | None = None

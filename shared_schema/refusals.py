"""The reasons why a command is not accepted: a closed union, coded, with the data a person needs to go on.

A refusal is part of the language: expected, translated (`texts/*/refusals.json`, key = tag), shown next to its cause.
A bug is not: it is logged with context and reaches people as `Internal` with a reference, nothing else.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from .base import Id, Scalar


class Reason(Struct, frozen=True, kw_only=True, tag_field="reason"):
    """Why not."""


class Invalid(Reason, frozen=True, kw_only=True, tag="invalid"):
    """The command is not well formed. `field` is where, as a path of names; empty when it is the whole."""

    field: str
    problem: Literal[
        "unknown_verb",
        "unknown_field",
        "missing",
        "type",
        "too_long",
        "too_short",
        "shape",
    ]


class NotAllowed(Reason, frozen=True, kw_only=True, tag="not_allowed"):
    """The person may not do this here."""


class NotFound(Reason, frozen=True, kw_only=True, tag="not_found"):
    """No such thing in this space, or none that this person may see: the answer is the same for both."""

    kind: str
    id: Id


class AlreadyExists(Reason, frozen=True, kw_only=True, tag="already_exists"):
    kind: str
    id: Id


class IdReused(Reason, frozen=True, kw_only=True, tag="id_reused"):
    """This command id was accepted before, with another content."""


class ChangedSince(Reason, frozen=True, kw_only=True, tag="changed_since"):
    """`only_if` did not hold: what the fields are now. Nothing was changed."""

    now: dict[str, Scalar]


class TextChanged(Reason, frozen=True, kw_only=True, tag="text_changed"):
    """Somebody wrote in the same long text: their version, so that both can be brought together."""

    text: str
    revision: int
    by: Id


class TooMany(Reason, frozen=True, kw_only=True, tag="too_many"):
    """The command would change more than one entry may hold, or a list is full."""

    what: str
    limit: int


class ColumnFull(Reason, frozen=True, kw_only=True, tag="column_full"):
    column: Id
    limit: int


class LastColumn(Reason, frozen=True, kw_only=True, tag="last_column"):
    """A board keeps at least one column that is not *done*."""


class NotAMember(Reason, frozen=True, kw_only=True, tag="not_a_member"):
    """The named person takes no part in this space, so cannot own, help or be mentioned."""

    person: Id


class CannotOwn(Reason, frozen=True, kw_only=True, tag="cannot_own"):
    """The named person takes part as a coach: they help and advise, but never own a task on record."""

    person: Id


class Inherited(Reason, frozen=True, kw_only=True, tag="inherited"):
    """This part comes through the network `through`; it is changed there."""

    through: Id


class NeedsModerator(Reason, frozen=True, kw_only=True, tag="needs_moderator"):
    """A task that only moderators see needs a moderator as its owner and as those who help."""


class NotInBin(Reason, frozen=True, kw_only=True, tag="not_in_bin"):
    """Only what lies in the bin can be removed for good."""


class InBin(Reason, frozen=True, kw_only=True, tag="in_bin"):
    """The task lies in the bin; restore it first."""


class LastModerator(Reason, frozen=True, kw_only=True, tag="last_moderator"):
    """A space keeps at least one moderator."""


class LastCoordination(Reason, frozen=True, kw_only=True, tag="last_coordination"):
    """An area keeps at least one person who coordinates it and whose access has no end."""


class ModeratesAlone(Reason, frozen=True, kw_only=True, tag="moderates_alone"):
    """The person is the only one to moderate the space `space`; their access ends when another moderates it, too."""

    space: Id


class NeedsEnd(Reason, frozen=True, kw_only=True, tag="needs_end"):
    """A coach comes for a time: it needs a last day, from today to `latest`."""

    latest: date


class OrganisationLeft(Reason, frozen=True, kw_only=True, tag="organisation_left"):
    """The organisation is no part of the area any more, so nobody begins to act for it."""

    organisation: Id


class NumberTaken(Reason, frozen=True, kw_only=True, tag="number_taken"):
    number: int


class Unavailable(Reason, frozen=True, kw_only=True, tag="unavailable"):
    """The database cannot be written right now. Nothing is known to be changed; send the same id again."""


class TooManyTries(Reason, frozen=True, kw_only=True, tag="too_many_tries"):
    """So many attempts from this address failed that the next has to wait."""

    seconds: int


class AddressTaken(Reason, frozen=True, kw_only=True, tag="address_taken"):
    """Somebody else of this area signs in with this e-mail address."""


class WrongPassword(Reason, frozen=True, kw_only=True, tag="wrong_password"):
    """The address and the password do not fit together; which of them is wrong is not said."""


class WrongCode(Reason, frozen=True, kw_only=True, tag="wrong_code"):
    """The code of the authenticator is wrong, was used before, or is too old."""


class WrongPasskey(Reason, frozen=True, kw_only=True, tag="wrong_passkey"):
    """The passkey is not known here, or has not answered what it was asked."""


class WeakPassword(Reason, frozen=True, kw_only=True, tag="weak_password"):
    """The password is too easy to guess: a common one, a name with a number, or close to one's own."""


class Internal(Reason, frozen=True, kw_only=True, tag="internal"):
    """A mistake of ours; the log has it under this reference."""

    reference: str


AnyReason = (
    Invalid
    | NotAllowed
    | NotFound
    | AlreadyExists
    | IdReused
    | ChangedSince
    | TextChanged
    | TooMany
    | ColumnFull
    | LastColumn
    | NotAMember
    | CannotOwn
    | Inherited
    | NeedsModerator
    | NotInBin
    | InBin
    | LastModerator
    | LastCoordination
    | ModeratesAlone
    | NeedsEnd
    | OrganisationLeft
    | NumberTaken
    | Unavailable
    | TooManyTries
    | AddressTaken
    | WrongPassword
    | WrongCode
    | WrongPasskey
    | WeakPassword
    | Internal
)

RETRYABLE = (Unavailable, Internal)
"""Reasons after which a client may send the same command again by itself."""


class Refusal(Exception):
    """Raised wherever something is decided; turned into an answer in one place, `core.commands.decide`."""

    def __init__(self, reason: AnyReason) -> None:
        super().__init__(reason)
        self.reason = reason

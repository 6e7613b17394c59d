"""What is said over HTTP about accounts: signing in, one's own sessions, setting an instance up."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .base import Id, Name

# One @, no spaces and no control characters, a host with a dot or of this machine; the rest is for mail servers to say.
_EMAIL = r"^[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f-\x9f]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?\Z"

EmailAddress = Annotated[str, Meta(min_length=3, max_length=254, pattern=_EMAIL)]
Token = Annotated[str, Meta(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+\Z")]
SignedInBy = Literal["demo", "link", "setup", "invitation"]


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a request: strict, as commands are."""


# --- signing in ------------------------------------------------------------------------------------------------------


class AskForLink(Body, frozen=True, kw_only=True):
    """Mail a link to sign in to this address, if somebody has it."""

    email: EmailAddress


class UseLink(Body, frozen=True, kw_only=True):
    """The token of a link, which stood in the fragment of its address."""

    token: Token


class LinkPreview(Struct, frozen=True, kw_only=True):
    """Whom a link signs in, and where; nothing is used up by looking."""

    name: str
    area_name: str


class GiveAccess(Body, frozen=True, kw_only=True):
    """Let a person of the area in: by a mail to this address, or by a link to hand over."""

    email: EmailAddress | None = None


class AccessGiven(Struct, frozen=True, kw_only=True):
    """What became of it. `link` is there when no mail was sent, to be copied once."""

    mailed: bool
    link: str | None = None


# --- one's own sessions ----------------------------------------------------------------------------------------------


class OwnSession(Struct, frozen=True, kw_only=True):
    """A place where one is signed in. `browser` is what it calls itself, in a word or two."""

    id: str
    by: SignedInBy
    browser: str
    began_at: datetime
    used_on: str
    current: bool


class EndSessions(Body, frozen=True, kw_only=True):
    """Sign out elsewhere: one session, or (None) all but the one that asks."""

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")] | None = None


# --- setting an instance up ------------------------------------------------------------------------------------------


class SetupPreview(Struct, frozen=True, kw_only=True):
    """What is settled already: whether the environment names a mail server."""

    mail_given: bool


class MailServerGiven(Body, frozen=True, kw_only=True):
    """A mail server, such as smtp://user:password@mail.example:587, and in whose name mail is sent."""

    url: Annotated[str, Meta(min_length=8, max_length=500)]
    sender: Annotated[str, Meta(min_length=3, max_length=254)]


class TryMail(Body, frozen=True, kw_only=True):
    """Send a test mail, without settling anything."""

    token: Token
    server: MailServerGiven
    to: EmailAddress


class MailTried(Struct, frozen=True, kw_only=True):
    """None: the mail server has taken it. Else what it, or the way to it, says."""

    problem: str | None


class SetUp(Body, frozen=True, kw_only=True):
    """Found the area and its first coordinator."""

    token: Token
    name: Name
    municipalities: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=15)]
    language: Literal["de", "en"] = "de"
    coordinator: Name
    email: EmailAddress
    mail: MailServerGiven | None = None


# --- privacy ---------------------------------------------------------------------------------------------------------


class Erase(Body, frozen=True, kw_only=True):
    """Have a person forgotten for good. `name` is theirs, typed by hand: nobody does this by mistake."""

    name: Name


class NameFound(Struct, frozen=True, kw_only=True):
    """A text of somebody else that speaks of a person who was erased. `task` is where it stands."""

    space: Id
    kind: str
    id: Id
    task: Id | None

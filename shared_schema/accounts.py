"""What is said over HTTP about accounts: signing in, one's own sessions, setting an instance up."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct

from .base import EmailAddress, Id, Name
from .frames import Me

Token = Annotated[str, Meta(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+\Z")]
SignedInBy = Literal["demo", "link", "password", "passkey", "setup", "invitation"]
Password = Annotated[str, Meta(min_length=8, max_length=200)]
Code = Annotated[str, Meta(min_length=6, max_length=20, pattern=r"^[0-9A-Za-z -]+\Z")]
"""Six digits of an authenticator, or a recovery code; spaces and dashes do not matter."""


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a request: strict, as commands are."""


# --- signing in ------------------------------------------------------------------------------------------------------


class AskForLink(Body, frozen=True, kw_only=True):
    """Mail a link to sign in to this address, if somebody has it."""

    email: EmailAddress


class UseLink(Body, frozen=True, kw_only=True):
    """The token of a link, which stood in the fragment of its address."""

    token: Token


class UsePassword(Body, frozen=True, kw_only=True):
    """An address and its password."""

    email: EmailAddress
    password: Annotated[str, Meta(max_length=200)]


class UseCode(Body, frozen=True, kw_only=True):
    """The second step: what the first one answered, and a code."""

    token: Token
    code: Code


class Entered(Struct, frozen=True, kw_only=True):
    """Who is signed in now; or, where an authenticator is asked for, the token for the second step."""

    me: Me | None = None
    second: str | None = None


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


# --- how one signs in ------------------------------------------------------------------------------------------------


class Passkey(Struct, frozen=True, kw_only=True):
    """A key that a device holds; it is used with a finger, a face or the device's own code."""

    id: str
    name: str
    created_at: datetime
    used_on: str | None


class Security(Struct, frozen=True, kw_only=True):
    """How one signs in. `email` is None for those who came by a link and gave none; `promised` is what they become in
    the area once they have. Without `mail` this instance can send none."""

    email: str | None
    password: bool
    promised: str | None = None
    mail: bool = True
    authenticator: bool
    recovery_codes: int
    passkeys: tuple[Passkey, ...] = ()


class SetPassword(Body, frozen=True, kw_only=True):
    """A new password, with the one before if there is one. All other sessions end."""

    new: Password
    current: Annotated[str, Meta(max_length=200)] | None = None


class Challenge(Struct, frozen=True, kw_only=True):
    """What a browser needs to make or use a passkey (`options` as WebAuthn says), and the token to come back with."""

    token: str
    options: Raw


class AddPasskey(Body, frozen=True, kw_only=True):
    """The passkey that the browser made; `credential` as its `toJSON()` gives it."""

    token: Token
    name: Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f-\x9f]+\Z")]
    credential: dict[str, Any]


class UsePasskey(Body, frozen=True, kw_only=True):
    """The answer of a passkey to a challenge."""

    token: Token
    credential: dict[str, Any]


class RemovePasskey(Body, frozen=True, kw_only=True):
    id: Annotated[str, Meta(max_length=2046, pattern=r"^[0-9a-f]+\Z")]


class NewAuthenticator(Struct, frozen=True, kw_only=True):
    """What an authenticator needs: the secret, and the same as an address to be shown as a QR code."""

    secret: str
    uri: str


class ConfirmAuthenticator(Body, frozen=True, kw_only=True):
    """A code of the new authenticator proves that it has the secret."""

    secret: Annotated[str, Meta(pattern=r"^[A-Z2-7]{32}\Z")]
    code: Code


class RecoveryCodes(Struct, frozen=True, kw_only=True):
    """Codes that stand in for the authenticator, once each. They are shown this once."""

    codes: tuple[str, ...]


class ProveCode(Body, frozen=True, kw_only=True):
    """A code, before something about the authenticator changes."""

    code: Code


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

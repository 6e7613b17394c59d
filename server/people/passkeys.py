"""Passkeys: keys that a device holds and uses with a finger, a face or its own code. They prove two things at once,
that one has the device and that one is its owner, so that nothing else is asked for."""

from __future__ import annotations

import logging
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from litestar import Request, Response, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Raw, Struct

from server.core.kernel import Kernel
from server.who import Who, only
from shared_schema.accounts import AddPasskey, Challenge, Entered, RemovePasskey, UsePasskey
from shared_schema.base import NIL, Id
from shared_schema.refusals import Refusal, WrongPasskey

from . import accounts, links, proofs
from .attempts import Attempts
from .entering import Entering
from .sessions import Session

log = logging.getLogger("korridor.people")

PUBLIC: Final = {"exclude_from_auth": True}
ANSWERED_WITHIN: Final = timedelta(minutes=5)
MOST: Final = 20
"""Passkeys of one account."""

Asked = Request[Any, Session, Any]


class Posed(Struct, frozen=True):
    """A challenge that was posed, in hexadecimal; to be answered once."""

    challenge: str


class Site(Struct, frozen=True):
    """For which name passkeys are made, and from which pages they may be used."""

    name: str
    origins: tuple[str, ...]


def site_of(origins: tuple[str, ...]) -> Site | None:
    """The site of an instance; None where it has no name but an address, for which there are no passkeys."""
    for origin in origins:
        name = urlsplit(origin).hostname or ""
        if not _is_address(name):
            return Site(name, origins)
    return None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def passkey_routes(kernel: Kernel, entering: Entering, attempts: Attempts, site: Site) -> list[HTTPRouteHandler]:
    """Adding, removing and using passkeys."""
    database = kernel.database

    @post("/api/me/passkeys/new", status_code=200, opt=only(Who.ONESELF))
    async def new(request: Asked) -> Challenge:
        account, me = _account(request), await entering.me(request.auth)
        own = await database.read(proofs.security_of, account)
        if len(own.passkeys) >= MOST:
            raise NotFoundException
        options, challenge = _creation(site, account, own.email or me.name, me.name, [one.id for one in own.passkeys])
        token = await database.write(links.issue, "passkey", account, Posed(challenge.hex()), ANSWERED_WITHIN)
        return Challenge(token=token, options=options)

    @post("/api/me/passkeys", status_code=204, opt=only(Who.ONESELF))
    async def add(request: Asked, data: JSONBody[AddPasskey]) -> None:
        account = _account(request)
        posed = await database.write(links.redeem, "passkey", data.token, Posed)
        made = _made(site, data.credential, posed) if posed else None
        before = await database.read(proofs.passkey, made.id) if made else None
        if made is None or before is not None:
            raise Refusal(WrongPasskey())
        await database.write(proofs.add_passkey, account, made.id, made.public_key, made.sign_count, data.name)
        log.info("passkey_added", extra={"person": request.auth.person})

    @post("/api/me/passkeys/remove", status_code=204, opt=only(Who.ONESELF))
    async def remove(request: Asked, data: JSONBody[RemovePasskey]) -> None:
        await database.write(proofs.remove_passkey, _account(request), data.id)
        log.info("passkey_removed", extra={"person": request.auth.person})

    @post("/api/sign-in/passkey/new", opt=PUBLIC, status_code=200)
    async def challenge() -> Challenge:
        options, posed = _question(site)
        token = await database.write(links.issue, "passkey", NIL, Posed(posed.hex()), ANSWERED_WITHIN)
        return Challenge(token=token, options=options)

    @post("/api/sign-in/passkey", opt=PUBLIC, status_code=200)
    async def use(request: Request[Any, Any, Any], data: JSONBody[UsePasskey]) -> Response[Entered]:
        def refuse() -> NoReturn:
            log.info("sign_in_refused", extra={"reason": "passkey"})
            attempts.failed(request)
            raise Refusal(WrongPasskey())

        posed = await database.write(links.redeem, "passkey", data.token, Posed)
        id = _id_of(data.credential)
        stored = await database.read(proofs.passkey, id)
        if posed is None or stored is None:
            refuse()
        count = _answered(site, data.credential, posed, stored)
        beings = await database.read(accounts.beings, stored.account)
        if count is None or not beings:
            refuse()
        await database.write(proofs.used_passkey, id, count)
        return await entering.proven(request, beings[0], by="passkey", account=stored.account)

    return [new, add, remove, challenge, use]


def _account(request: Asked) -> Id:
    if request.auth.account is None:
        raise NotFoundException
    return request.auth.account


# --- WebAuthn --------------------------------------------------------------------------------------------------------
# The library and what it needs take twenty megabytes: they are loaded when the first passkey comes.


class Made(Struct, frozen=True):
    """A passkey that a browser has made."""

    id: str
    public_key: bytes
    sign_count: int


def _creation(site: Site, account: Id, email: str, name: str, have: list[str]) -> tuple[Raw, bytes]:
    """What a browser needs to make a passkey, and the challenge in it. A device that has one makes no second."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=site.name,
        rp_name="Korridor",
        user_id=account.encode(),
        user_name=email,
        user_display_name=name,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=bytes.fromhex(id)) for id in have],
    )
    return Raw(webauthn.options_to_json(options).encode()), options.challenge


def _question(site: Site) -> tuple[Raw, bytes]:
    """What a browser needs to use any passkey it has for this site, and the challenge in it."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=site.name, user_verification=structs.UserVerificationRequirement.REQUIRED
    )
    return Raw(webauthn.options_to_json(options).encode()), options.challenge


def _made(site: Site, credential: dict[str, Any], posed: Posed) -> Made | None:
    """The passkey, if it was made for this site, on one of its pages, for this challenge."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=bytes.fromhex(posed.challenge),
            expected_rp_id=site.name,
            expected_origin=list(site.origins),
            require_user_verification=True,
        )
    except (WebAuthnException, *_STRANGE):
        return None
    return Made(made.credential_id.hex(), made.credential_public_key, made.sign_count)


def _answered(site: Site, credential: dict[str, Any], posed: Posed, stored: proofs.StoredPasskey) -> int | None:
    """How often the passkey was used, if this is its answer to the challenge; None: it is not."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        answer = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=bytes.fromhex(posed.challenge),
            expected_rp_id=site.name,
            expected_origin=list(site.origins),
            credential_public_key=stored.public_key,
            credential_current_sign_count=stored.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, *_STRANGE):
        return None
    return answer.new_sign_count


_STRANGE: Final = (ValueError, KeyError, TypeError, AttributeError)
"""What the library makes of input that is no credential at all."""


def _id_of(credential: dict[str, Any]) -> str:
    """The id that a credential says it has, as it is stored; empty if it says none."""
    from webauthn.helpers import base64url_to_bytes

    try:
        return base64url_to_bytes(str(credential["id"])).hex()
    except _STRANGE:
        return ""

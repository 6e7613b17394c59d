"""How one signs in oneself: one's password, one's authenticator, and the codes that stand in for it.

What makes signing in weaker has to be proven with what is there already, so that an open window is not enough.
"""

from __future__ import annotations

import logging
from typing import Any

from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec.structs import replace

from server.core.kernel import Kernel
from server.mail.configured import MailRoom
from server.who import Who, only
from shared_schema.accounts import (
    ConfirmAuthenticator,
    NewAuthenticator,
    ProveCode,
    RecoveryCodes,
    Security,
    SetPassword,
)
from shared_schema.base import Id
from shared_schema.people import Person
from shared_schema.refusals import Refusal, WeakPassword, WrongCode, WrongPassword

from . import credentials, proofs
from .attempts import Attempts
from .entering import Entering
from .sessions import Session, Sessions

log = logging.getLogger("korridor.people")

Asked = Request[Any, Session, Any]


def security_routes(
    kernel: Kernel, sessions: Sessions, entering: Entering, attempts: Attempts, mail_room: MailRoom
) -> list[HTTPRouteHandler]:
    """The page on which one sees and changes how one signs in."""
    database = kernel.database

    @get("/api/me/security", opt=only(Who.ONESELF))
    async def security(request: Asked) -> Security:
        own = await database.read(proofs.security_of, _account(request))
        area = await kernel.space(request.auth.area)
        person = area.find(Person, request.auth.person) if area else None
        return replace(own, mail=await mail_room.post() is not None, promised=person.promised if person else None)

    @post("/api/me/password", status_code=204, opt=only(Who.ONESELF))
    async def set_password(request: Asked, data: JSONBody[SetPassword]) -> None:
        account = _account(request)
        stored = await database.read(proofs.password_of, account)
        if stored is not None:
            attempts.hold(request, account)
            if not await credentials.fits(data.current or "", stored):
                attempts.failed(request, account)
                raise Refusal(WrongPassword())
        own, me = await database.read(proofs.security_of, account), await entering.me(request.auth)
        if credentials.is_weak(data.new, [own.email or "", me.name, me.area_name]):
            raise Refusal(WeakPassword())
        await database.write(proofs.set_password, account, await credentials.hash_password(data.new))
        await _changed(request, "password_set")

    @post("/api/me/password/remove", status_code=204, opt=only(Who.ONESELF))
    async def remove_password(request: Asked) -> None:
        await database.write(proofs.set_password, _account(request), None)
        await _changed(request, "password_removed")

    @post("/api/me/authenticator/new", status_code=200, opt=only(Who.ONESELF))
    async def new_authenticator(request: Asked) -> NewAuthenticator:
        own = await database.read(proofs.security_of, _account(request))
        if own.authenticator:
            raise NotFoundException  # the one before has to be removed first, with a code of it
        secret = credentials.new_secret()
        return NewAuthenticator(secret=secret, uri=credentials.secret_uri(secret, own.email or credentials.ISSUER))

    @post("/api/me/authenticator", status_code=200, opt=only(Who.ONESELF))
    async def confirm(request: Asked, data: JSONBody[ConfirmAuthenticator]) -> RecoveryCodes:
        account, codes = _account(request), credentials.new_recovery_codes()
        if await database.read(proofs.has_authenticator, account):
            raise NotFoundException
        if not await database.write(proofs.set_authenticator, account, data.secret, data.code, codes):
            raise Refusal(WrongCode())
        await _changed(request, "authenticator_set")
        return RecoveryCodes(codes=codes)

    @post("/api/me/authenticator/remove", status_code=204, opt=only(Who.ONESELF))
    async def remove(request: Asked, data: JSONBody[ProveCode]) -> None:
        account = await _proven(request, data.code)
        await database.write(proofs.remove_authenticator, account)
        await _changed(request, "authenticator_removed")

    @post("/api/me/recovery-codes", status_code=200, opt=only(Who.ONESELF))
    async def recovery_codes(request: Asked, data: JSONBody[ProveCode]) -> RecoveryCodes:
        account, codes = await _proven(request, data.code), credentials.new_recovery_codes()
        await database.write(proofs.replace_recovery_codes, account, codes)
        return RecoveryCodes(codes=codes)

    async def _proven(request: Asked, code: str) -> Id:
        account = _account(request)
        attempts.hold(request, account)
        if not await database.write(proofs.use_code, account, code):
            attempts.failed(request, account)
            raise Refusal(WrongCode())
        return account

    async def _changed(request: Asked, event: str) -> None:
        """Whoever else was signed in has to prove themselves in the new way."""
        await sessions.end_own(request.auth, None)
        log.info(event, extra={"person": request.auth.person})

    return [security, set_password, remove_password, new_authenticator, confirm, remove, recovery_codes]


def _account(request: Asked) -> Id:
    """The account of who asks; in a demo nobody has one."""
    if request.auth.account is None:
        raise NotFoundException
    return request.auth.account

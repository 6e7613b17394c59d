"""Inviting by mail: one link for each address, good for one person."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Struct
from sqlalchemy import Connection

from server.core.commands import Actor
from server.core.commands import Request as Sent
from server.core.ids import new_id
from server.core.kernel import Kernel
from server.core.space import Space
from server.core.wording import Language
from server.mail.letters import Letter
from server.mail.outbox import queue
from server.who import Who, only
from shared_schema.base import Author, EmailAddress, GivenId, Id
from shared_schema.frames import Accepted
from shared_schema.invitations import CreateInvitation
from shared_schema.joining import InviteByMail, Invited
from shared_schema.people import Area, Organisation, Participant, Person, Profile
from shared_schema.refusals import NotAllowed, NotFound, Refusal

from . import access, accounts, links, rules
from .looking import look
from .sessions import Session
from .sign_in import Ways, write_letter

log = logging.getLogger("korridor.people")


class Host(Struct, frozen=True):
    """Who invites, and where to."""

    by: Actor
    space: Space
    area: Space


def inviting_routes(ways: Ways) -> list[HTTPRouteHandler]:
    """Mailing a link to each of many addresses."""
    kernel = ways.kernel

    @post("/api/spaces/{space:str}/invitations/mail", status_code=200, opt=only(Who.INVITES))
    async def mail(
        request: Request[Any, Session, Any], space: FromPath[GivenId], data: JSONBody[InviteByMail]
    ) -> list[Invited]:
        host = await _host(kernel, space, request.auth.person, data)
        outcomes = await kernel.database.read(_sorted_out, data.addresses, host.space)
        fresh = [one.address for one in outcomes if one.outcome == "invited"]
        tokens = dict(await invite_by_mail(kernel, host, fresh, data))
        log.info("invited_by_mail", extra={"space": space, "by": request.auth.person, "count": len(tokens)})
        addresses = {address: f"{ways.url}/join#{token}" for address, token in tokens.items()}
        if await ways.mail_room.post() is None:
            return [msgspec.structs.replace(one, link=addresses.get(one.address)) for one in outcomes]
        await kernel.database.write(queue, [_letter(host, to, link, data.days) for to, link in addresses.items()])
        ways.outbox.wake()
        return outcomes

    return [mail]


async def invite_by_mail(
    kernel: Kernel, host: Host, addresses: Iterable[str], data: InviteByMail
) -> list[tuple[str, str]]:
    """Makes an invitation for each address; answers addresses and tokens. What is refused is refused for all."""
    made: list[tuple[str, str]] = []
    for address in addresses:
        token = secrets.token_urlsafe(links.TOKEN_BYTES)
        command = CreateInvitation(
            id=new_id(),
            token_hash=links.hashed(token),
            role=data.role,
            days=data.days,
            most_uses=1,
            organisation=data.organisation,
        )
        answer = await kernel.submit(Sent(id=new_id(), space=host.space.id, command=command, author=host.by.author))
        if not isinstance(answer, Accepted):
            raise Refusal(answer.reason)
        made.append((address, token))
    return made


async def _host(kernel: Kernel, id: Id, person: Id, data: InviteByMail) -> Host:
    space = (await look(kernel, id, person)).space
    area = await kernel.space(space.area_id)
    if area is None:
        raise Refusal(NotFound(kind="space", id=id))
    by = access.actor(space, area, Author(kind="person", id=person), kernel.now())
    if not access.may_invite(space, by, data):
        raise Refusal(NotAllowed())
    space.get(Profile, space.id)
    if data.organisation is not None:
        area.get(Organisation, data.organisation)
    return Host(by, space, area)


def _letter(host: Host, to: str, link: str, days: int) -> Letter:
    area = host.area.get(Area, host.area.id)
    inviter = host.area.find(Person, host.by.person)
    language: Language = area.language
    return write_letter(
        language,
        "invitation",
        to,
        timedelta(days=days),
        link=link,
        days=days,
        area=area.name,
        space=host.space.get(Profile, host.space.id).name,
        inviter=inviter.name if inviter else "",
    )


# --- SQL -------------------------------------------------------------------------------------------------------------


def _sorted_out(connection: Connection, addresses: Iterable[str], space: Space) -> list[Invited]:
    """Each address once, with what is to become of it."""
    once = dict.fromkeys(accounts.normal(address) for address in addresses)
    return [Invited(address=address, outcome=_outcome(connection, address, space)) for address in once]


def _outcome(connection: Connection, address: str, space: Space) -> Any:
    try:
        msgspec.convert(address, EmailAddress)
    except msgspec.ValidationError:
        return "invalid"
    account = accounts.by_email(connection, address)
    beings = accounts.beings(connection, account.id) if account else []
    parts: list[Participant] = [part for being in beings for part in rules.parts_of(space, being.person)]
    return "already_in" if parts else "invited"

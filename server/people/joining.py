"""Coming in by an invitation: what its link opens, and the way through it, as a guest or as who one is already.

Expired, revoked, used up and guessed links get one answer, and those who try them one after the other are slowed.
"""

from __future__ import annotations

import logging
from typing import Any, Final, NoReturn

from litestar import Request, Response, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Struct
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from server.core.commands import Request as Sent
from server.core.ids import derived_id
from server.core.kernel import Kernel
from server.core.space import Space
from server.who import Who, only
from shared_schema.base import SYSTEM, Id, Viewer
from shared_schema.frames import Accepted, Me
from shared_schema.invitations import AcceptInvitation, Invitation
from shared_schema.joining import Choice, Join, JoinPreview, LookAtInvitation
from shared_schema.people import Area, Organisation, Person, Profile
from shared_schema.refusals import AlreadyExists, IdReused, Invalid, NotFound, Refusal

from . import accounts, rules
from .accounts import Account, Being
from .attempts import Attempts
from .entering import Entering
from .links import hashed
from .sessions import Session, Sessions
from .tables import invitations

log = logging.getLogger("korridor.people")

PUBLIC: Final = {"exclude_from_auth": True, **only(Who.HOLDS)}


class Way(Struct, frozen=True):
    """Where an invitation leads."""

    invitation: Invitation
    space: Space
    area: Space


def joining_routes(
    kernel: Kernel, sessions: Sessions, entering: Entering, attempts: Attempts
) -> list[HTTPRouteHandler]:
    """Looking at an invitation, and coming in by it."""

    def fail(request: Request[Any, Any, Any]) -> NoReturn:
        log.info("join_refused")
        attempts.failed(request)
        raise NotFoundException

    async def session_in(request: Request[Any, Any, Any], area: Space) -> Session | None:
        """The session of the one who asks, if they are signed in to this area already."""
        session = await sessions.of(request)
        someone = area.find(Person, session.person) if session else None
        return session if someone and rules.has_access(area, someone, kernel.now()) else None

    @post("/api/join/look", opt=PUBLIC, status_code=200)
    async def look(request: Request[Any, Any, Any], data: JSONBody[LookAtInvitation]) -> JoinPreview:
        way = await _way(kernel, data.token)
        if way is None or not rules.is_open(way.invitation, kernel.now()):
            fail(request)
        session = await session_in(request, way.area)
        return _preview(way, way.area.get(Person, session.person) if session else None)

    @post("/api/join", opt=PUBLIC, status_code=200)
    async def join(request: Request[Any, Any, Any], data: JSONBody[Join]) -> Response[Me]:
        way = await _way(kernel, data.token)
        if way is None:
            fail(request)
        session = await session_in(request, way.area)
        # The key stays with its client: the ids that stand in journals open nothing.
        person = session.person if session else derived_id("joined", way.invitation.id, data.key)
        if not await _accept(kernel, way, person, None if session else data):
            fail(request)
        log.info("joined", extra={"person": person, "space": way.space.id, "invitation": way.invitation.id})
        if session:
            return Response(await entering.me(session))
        being = Being(person=person, area=way.area.id)
        account = await _account(kernel, being)
        return await entering.enter(request, being, account=account.id, by="invitation")

    return [look, join]


async def _way(kernel: Kernel, token: str) -> Way | None:
    """Where a token leads, even if no longer; None if it is none."""
    found = await kernel.database.read(_found, hashed(token))
    space = await kernel.space(found[0]) if found else None
    area = await kernel.space(space.area_id) if space else None
    if found is None or space is None or area is None:
        return None
    if space.find(Invitation, found[1]) is None:
        await kernel.catch_up(space.id)  # another process has just made it
    invitation = space.find(Invitation, found[1])
    return None if invitation is None else Way(invitation, space, area)


def _preview(way: Way, someone: Person | None) -> JoinPreview:
    area, profile = way.area.get(Area, way.area.id), way.space.get(Profile, way.space.id)
    inviter = way.area.find(Person, way.invitation.created_by)
    choices = [
        Choice(id=one.id, name=one.name)
        for one in sorted(way.area.all(Organisation), key=lambda one: one.name.casefold())
        if one.to & Viewer.GUEST and one.left_on is None
    ]
    return JoinPreview(
        area_name=area.name,
        space=way.space.id,
        space_name=profile.name,
        space_kind=profile.space_kind,
        purpose=profile.purpose,
        invited_by=inviter.name if inviter else "",
        role=way.invitation.role,
        organisations=tuple(choices),
        organisation=next((one for one in choices if one.id == way.invitation.organisation), None),
        name=someone.name if someone else None,
    )


async def _accept(kernel: Kernel, way: Way, person: Id, data: Join | None) -> bool:
    """Lets somebody in, once however often it is asked; says whether they take part now."""
    command = AcceptInvitation(
        invitation=way.invitation.id,
        area=way.area.id,
        person=person,
        **({} if data is None else _given(data)),
    )
    id = derived_id("accept", way.invitation.id, person)
    answer = await kernel.submit(Sent(id=id, space=way.space.id, command=command, author=SYSTEM))
    # What was accepted before, in other words or by another invitation, is not done again.
    if isinstance(answer, Accepted) or _already_in(answer.reason):
        return bool(rules.parts_of(way.space, person))
    if answer.reason == NotFound(kind="invitation", id=way.invitation.id):
        return False
    if answer.reason == NotFound(kind="person", id=person):  # said last, so that it does not tell what the link was
        raise Refusal(Invalid(field="name", problem="missing"))
    raise Refusal(answer.reason)


def _already_in(reason: object) -> bool:
    return isinstance(reason, IdReused) or (isinstance(reason, AlreadyExists) and reason.kind == "participant")


def _given(data: Join) -> dict[str, Any]:
    """What a new guest says of themselves."""
    return {
        "name": data.name,
        "organisation": data.organisation,
        "organisation_name": data.organisation_name,
        "sector": data.sector,
    }


async def _account(kernel: Kernel, being: Being) -> Account:
    try:
        return await kernel.database.write(accounts.coming_in, being, None)
    except IntegrityError:  # the same form was sent twice at once, and the other one has just made it
        return await kernel.database.write(accounts.coming_in, being, None)


# --- SQL -------------------------------------------------------------------------------------------------------------


def _found(connection: Connection, token_hash: str) -> tuple[Id, Id] | None:
    """Space and id of an invitation. Of two with one hash, which nobody makes by accident, the first that was made."""
    query = select(invitations.c.space, invitations.c.id).where(invitations.c.token_hash == token_hash)
    row = connection.execute(query.order_by(invitations.c.id).limit(1)).one_or_none()
    return None if row is None else (row.space, row.id)

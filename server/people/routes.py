"""Who is signed in and where else, and signing in to a demo and out again."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Struct

from server.core.kernel import Kernel
from server.core.space import Space
from server.who import Who, only
from shared_schema.accounts import EndSessions, OwnSession
from shared_schema.base import GivenId, Id
from shared_schema.frames import DemoPerson, Me
from shared_schema.people import Person

from . import views
from .accounts import Being
from .attempts import Attempts
from .entering import Entering
from .sessions import Session, Sessions

log = logging.getLogger("korridor.people")

PUBLIC = {"exclude_from_auth": True}


class DemoSignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Who one would like to be."""

    person: GivenId


def people_routes(
    kernel: Kernel, sessions: Sessions, entering: Entering, attempts: Attempts, *, demo: bool
) -> list[HTTPRouteHandler]:
    """Who is signed in, where else, and out again. Signing in by choosing a person exists on demo instances alone."""

    @get("/api/me", opt=only(Who.ONESELF))
    async def me(request: Request[Any, Session, Any]) -> Me:
        return await entering.me(request.auth)

    @get("/api/me/sessions", opt=only(Who.ONESELF))
    async def own_sessions(request: Request[Any, Session, Any]) -> list[OwnSession]:
        return await sessions.own(request.auth)

    @post("/api/me/sessions/end", status_code=204, opt=only(Who.ONESELF))
    async def end_sessions(request: Request[Any, Session, Any], data: JSONBody[EndSessions]) -> None:
        await sessions.end_own(request.auth, data.id)

    @post("/api/sign-out", status_code=204, opt=only(Who.ONESELF))
    async def sign_out(request: Request[Any, Session, Any]) -> Response[None]:
        await sessions.end(request.auth)
        log.info("signed_out", extra={"person": request.auth.person, "session": request.auth.id})
        # The browser drops what it keeps for us; the client has wiped its own stores before it asked.
        return Response(None, cookies=[sessions.no_cookie()], headers={"Clear-Site-Data": '"cache"'})

    @get("/api/demo/people", opt=PUBLIC)
    async def demo_people() -> list[DemoPerson]:
        areas = [await kernel.space(id) for id in await kernel.database.read(views.areas)]
        now = kernel.now()
        return [one for area in areas if area for one in await views.demo_people(kernel.database, area, now)]

    @post("/api/demo/sign-in", opt=PUBLIC, status_code=200)
    async def demo_sign_in(request: Request[Any, Any, Any], data: JSONBody[DemoSignIn]) -> Response[Me]:
        area = await _area_of(kernel, data.person)
        if area is None:
            log.info("sign_in_refused", extra={"reason": "unknown"})
            attempts.failed(request)
            raise NotFoundException
        return await entering.enter(request, Being(person=data.person, area=area.id), by="demo")

    return [me, own_sessions, end_sessions, sign_out, *([demo_people, demo_sign_in] if demo else [])]


async def _area_of(kernel: Kernel, person: Id) -> Space | None:
    """The area that a person belongs to, if there is one that knows them."""
    for id in await kernel.database.read(views.areas):
        area = await kernel.space(id)
        if area is not None and area.find(Person, person) is not None:
            return area
    return None

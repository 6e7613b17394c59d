"""Who is signed in, and signing in to a demo and out again."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Request, Response, get, post
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Struct

from server.core.kernel import Kernel
from server.core.space import Space
from shared_schema.base import GivenId, Id
from shared_schema.frames import DemoPerson, Me, schema_name
from shared_schema.people import Area, Person

from . import rules, views
from .attempts import Attempts
from .sessions import Session, Sessions

log = logging.getLogger("korridor.people")

PUBLIC = {"exclude_from_auth": True}


class DemoSignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Who one would like to be."""

    person: GivenId


def people_routes(kernel: Kernel, sessions: Sessions, *, demo: bool) -> list[HTTPRouteHandler]:
    """The routes of this slice. Signing in by choosing a person exists on demo instances alone."""

    attempts = Attempts()

    async def me_of(session: Session) -> Me:
        area = await kernel.space(session.area)
        if area is None:
            raise NotAuthorizedException
        return _me(area, session.person, kernel, demo=demo)

    @get("/api/me")
    async def me(request: Request[Any, Session, Any]) -> Me:
        return await me_of(request.auth)

    @post("/api/sign-out", status_code=204)
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
        if before := await sessions.of(request):
            await sessions.end(before)
        session, token = await sessions.begin(data.person, area.id)
        log.info("signed_in", extra={"person": data.person, "area": area.id, "session": session.id})
        return Response(await me_of(session), cookies=[sessions.cookie(token)])

    return [me, sign_out, *([demo_people, demo_sign_in] if demo else [])]


def _me(area: Space, person: Id, kernel: Kernel, *, demo: bool) -> Me:
    home, someone = area.find(Area, area.id), area.find(Person, person)
    if home is None or someone is None or not rules.has_access(area, someone, kernel.now()):
        raise NotAuthorizedException
    return Me(
        person=person,
        name=someone.name,
        area=area.id,
        area_name=home.name,
        area_role=someone.role,
        language=home.language,
        timezone=home.timezone,
        instance=kernel.instance,
        schema=schema_name(),
        demo=demo,
    )


async def _area_of(kernel: Kernel, person: Id) -> Space | None:
    """The area that a person belongs to, if there is one that knows them."""
    for id in await kernel.database.read(views.areas):
        area = await kernel.space(id)
        if area is not None and area.find(Person, person) is not None:
            return area
    return None

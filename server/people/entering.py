"""The moment somebody comes in, whichever way: a new session, its cookie, and who they are."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, Final

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.exceptions import NotAuthorizedException, NotFoundException
from msgspec import Struct

from server.core.kernel import Kernel
from shared_schema.accounts import Entered, SignedInBy
from shared_schema.base import Id
from shared_schema.frames import Me, schema_name
from shared_schema.people import Area, Person
from shared_schema.refusals import Refusal, WrongCode

from . import links, proofs, rules
from .accounts import Being
from .sessions import Session, Sessions

log = logging.getLogger("korridor.people")

BROWSERS: Final = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
"""What stands in the name that a browser gives itself; the others also call themselves what comes after them."""
SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


SECOND_STEP_WITHIN: Final = timedelta(minutes=5)
MOST_CODES: Final = 5
"""Wrong codes after one first step: of a million, one is right."""


class Halfway(Struct, frozen=True):
    """Somebody who has proven one thing, and has to prove another."""

    account: Id
    being: Being
    by: SignedInBy


class Entering:
    """Signs people in, and says who is signed in."""

    def __init__(self, kernel: Kernel, sessions: Sessions, *, demo: bool) -> None:
        self._kernel = kernel
        self._sessions = sessions
        self._demo = demo

    async def enter(
        self, request: Request[Any, Any, Any], being: Being, *, by: SignedInBy, account: Id | None = None
    ) -> Response[Me]:
        """Begins a session with a new token, and ends the one that this browser had before."""
        me, cookie = await self._begin(request, being, by, account)
        return Response(me, cookies=[cookie])

    async def first_step(
        self, request: Request[Any, Any, Any], being: Being, *, by: SignedInBy, account: Id
    ) -> Response[Entered]:
        """Signs in who has proven one thing; an account with an authenticator has to prove that one, too."""
        if await self._kernel.database.read(proofs.has_authenticator, account):
            halfway = Halfway(account=account, being=being, by=by)
            token = await self._kernel.database.write(links.issue, "second", account, halfway, SECOND_STEP_WITHIN)
            return Response(Entered(second=token))
        return await self.proven(request, being, by=by, account=account)

    async def proven(
        self, request: Request[Any, Any, Any], being: Being, *, by: SignedInBy, account: Id
    ) -> Response[Entered]:
        """Signs in who has proven all that is asked for."""
        me, cookie = await self._begin(request, being, by, account)
        return Response(Entered(me=me), cookies=[cookie])

    async def second_step(self, request: Request[Any, Any, Any], token: str, code: str) -> Response[Entered]:
        """Signs in who has proven both. A handful of wrong codes, and the first step has to be taken again."""
        database = self._kernel.database
        halfway = await database.read(links.peek, "second", token, Halfway)
        if halfway is None:
            raise NotFoundException
        if not await database.write(proofs.use_code, halfway.account, code):
            await database.write(links.fail, token, MOST_CODES)
            raise Refusal(WrongCode())
        if await database.write(links.redeem, "second", token, Halfway) is None:
            raise NotFoundException
        return await self.proven(request, halfway.being, by=halfway.by, account=halfway.account)

    async def _begin(
        self, request: Request[Any, Any, Any], being: Being, by: SignedInBy, account: Id | None
    ) -> tuple[Me, Cookie]:
        if before := await self._sessions.of(request):
            await self._sessions.end(before)
        browser = browser_name(request.headers.get("user-agent", ""))
        session, token = await self._sessions.begin(being.person, being.area, account=account, by=by, browser=browser)
        log.info("signed_in", extra={"person": being.person, "area": being.area, "session": session.id, "by": by})
        return await self.me(session), self._sessions.cookie(token)

    async def me(self, session: Session) -> Me:
        """Who is signed in; not authorized if their access to the area has ended."""
        area = await self._kernel.space(session.area)
        home, someone = (area.find(Area, area.id), area.find(Person, session.person)) if area else (None, None)
        if area is None or home is None or someone is None:
            raise NotAuthorizedException
        if not rules.has_access(area, someone, self._kernel.now()):
            raise NotAuthorizedException
        return Me(
            person=session.person,
            name=someone.name,
            area=area.id,
            area_name=home.name,
            area_role=someone.role,
            language=home.language,
            timezone=home.timezone,
            instance=self._kernel.instance,
            schema=schema_name(),
            demo=self._demo,
        )


def browser_name(agent: str) -> str:
    """What a browser says of itself, in two words such as "Firefox, Linux": enough to know one's own again."""
    named = [next((name for sign, name in signs if sign in agent), "") for signs in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in named if name)

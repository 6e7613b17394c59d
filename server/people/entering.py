"""The moment somebody comes in, whichever way: a new session, its cookie, and who they are."""

from __future__ import annotations

import logging
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import NotAuthorizedException

from server.core.kernel import Kernel
from shared_schema.accounts import SignedInBy
from shared_schema.base import Id
from shared_schema.frames import Me, schema_name
from shared_schema.people import Area, Person

from . import rules
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
        if before := await self._sessions.of(request):
            await self._sessions.end(before)
        browser = browser_name(request.headers.get("user-agent", ""))
        session, token = await self._sessions.begin(being.person, being.area, account=account, by=by, browser=browser)
        log.info("signed_in", extra={"person": being.person, "area": being.area, "session": session.id, "by": by})
        return Response(await self.me(session), cookies=[self._sessions.cookie(token)])

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

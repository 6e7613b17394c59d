"""One's own data, asking to be forgotten, and where the coordination still has to take a name out by hand."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from sqlalchemy import Connection, select

from server.core.commands import Request as CommandRequest
from server.core.ids import new_id
from server.core.kernel import Kernel
from server.core.space import Space
from server.who import Who, only
from shared_schema.accounts import Erase, NameFound
from shared_schema.base import Author, Id
from shared_schema.frames import Refused
from shared_schema.people import Area, ErasePerson, Person, Trace
from shared_schema.refusals import ChangedSince, LastModerator, NotAllowed, NotFound, Refusal

from . import access, own_data_page
from .erasing import spaces_of
from .own_data import OwnData, own_data
from .sessions import Session, Sessions
from .tables import memberships

JSON_HEADERS = {"Content-Disposition": 'attachment; filename="korridor.json"', "Cache-Control": "no-store"}


def privacy_routes(kernel: Kernel, sessions: Sessions) -> list[HTTPRouteHandler]:
    """Everything about one's own data."""

    @get("/api/me/data", opt=only(Who.ONESELF))
    async def data(request: Request[Any, Session, Any]) -> Response[OwnData]:
        return Response(await own_data(kernel, sessions, request.auth), headers=JSON_HEADERS)

    @get("/api/me/data.html", opt=only(Who.ONESELF))
    async def data_page(request: Request[Any, Session, Any]) -> Response[str]:
        area = await _space(kernel, request.auth.area)
        page = own_data_page.page(await own_data(kernel, sessions, request.auth), area.get(Area, area.id).language)
        return Response(page, media_type=MediaType.HTML, headers=own_data_page.HEADERS)

    @post("/api/people/{person:str}/erase", status_code=204, opt=only(Who.ERASES))
    async def erase(request: Request[Any, Session, Any], person: FromPath[str], data: JSONBody[Erase]) -> None:
        await ask_for_erasure(kernel, request.auth, person, data.name)

    @get("/api/areas/{area:str}/erasures/{person:str}/mentions", opt=only(Who.COORDINATES))
    async def mentions(
        request: Request[Any, Session, Any], area: FromPath[str], person: FromPath[str]
    ) -> list[NameFound]:
        return await names_found(kernel, request.auth, area, person)

    return [data, data_page, erase, mentions]


async def ask_for_erasure(kernel: Kernel, session: Session, person: Id, name: str) -> None:
    """Has a person forgotten, once their name was typed as it stands; a space must not lose its last moderator."""
    area = await _space(kernel, session.area)
    someone = area.find(Person, person)
    by = access.actor(area, area, Author(kind="person", id=session.person), kernel.now())
    command = ErasePerson(person=person)
    if not access.may_erase(area, by, command):
        raise Refusal(NotAllowed())
    if someone is None or someone.erased:
        raise Refusal(NotFound(kind="person", id=person))
    if name != someone.name:
        raise Refusal(ChangedSince(now={"name": someone.name}))
    if await kernel.database.read(moderated_alone, person):
        raise Refusal(LastModerator())
    request = CommandRequest(id=new_id(), space=area.id, command=command, author=by.author)
    answer = await kernel.submit(request)
    if isinstance(answer, Refused):
        raise Refusal(answer.reason)


def moderated_alone(connection: Connection, person: Id) -> list[Id]:
    """The spaces that nobody but this person moderates."""
    moderated = select(memberships.c.space, memberships.c.person).where(memberships.c.role == "moderator")
    rows = connection.execute(moderated).all()
    theirs = {row.space for row in rows if row.person == person}
    return sorted(theirs - {row.space for row in rows if row.person != person})


async def names_found(kernel: Kernel, session: Session, area: Id, person: Id) -> list[NameFound]:
    """Where others had written the name of one who was erased, for the coordination."""
    found = await _space(kernel, area)
    by = access.actor(found, found, Author(kind="person", id=session.person), kernel.now())
    if not access.keeps_directory(by):
        raise Refusal(NotFound(kind="area", id=area))
    spaces = [await kernel.space(id) for id in await kernel.database.read(spaces_of, area)]
    return [
        NameFound(space=space.id, kind=trace.of, id=trace.entity, task=trace.on)
        for space in spaces
        if space is not None
        for trace in space.all(Trace)
        if trace.person == person and space.lookup(trace.of, trace.entity) is not None
    ]


async def _space(kernel: Kernel, id: Id) -> Space:
    found = await kernel.space(id)
    if found is None:
        raise Refusal(NotFound(kind="space", id=id))
    return found

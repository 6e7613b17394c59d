"""Spaces over HTTP: the snapshot, entries by long poll, the journal read backwards, and commands by POST."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation
from msgspec import Struct

from server.core import commands
from server.core.commands import read_command
from server.core.kernel import Kernel
from server.core.ledger import short
from server.core.space import Space
from server.problems import RETRY_AFTER, status_of
from server.who import Who, only
from shared_schema.base import FRAME_LIMIT, Author, Id, Viewer
from shared_schema.frames import Accepted, EntriesPage, PostCommand, Refused
from shared_schema.refusals import Invalid, NotFound, Refusal, Unavailable

from .history import Histories
from .hub import Hub
from .limits import FULL_FOR
from .rings import LENGTH, page, takes_away
from .snapshots import Made, Snapshots, snapshot_of

MOST_WAIT = 30.0
"""Seconds a long poll may last: proxies end what is silent for a minute."""
MOST_SEQ = 2**53
"""Numbers beyond it are none in JavaScript, and no journal gets there."""

JSON = "application/json"
AnyRequest = Request[Any, Any, Any]
AuthorOf = Callable[[AnyRequest], Author]


class Live(Struct, frozen=True):
    """What the routes need."""

    kernel: Kernel
    hub: Hub
    snapshots: Snapshots
    histories: Histories
    author_of: AuthorOf
    """Who is signed in; the middleware in front has let nobody else through."""


LiveDependency = NamedDependency[SkipValidation[Live]]


def space_routes(live: Live) -> Router:
    """The routes under `/api/spaces/{space}` that read and change a space."""
    for kept in (live.snapshots, live.histories):
        live.kernel.on_renewed(kept.forget)
    return Router(
        path="/api/spaces/{space:str}",
        route_handlers=[snapshot, entries, journal, command],
        dependencies={"live": Provide(lambda: live, sync_to_thread=False, use_cache=True)},
    )


@get("/snapshot", opt=only(Who.SEES))
async def snapshot(
    request: AnyRequest,
    live: LiveDependency,
    space: FromPath[str],
    at: Annotated[int | None, QueryParameter(ge=0, le=MOST_SEQ)] = None,
) -> Response[bytes]:
    """The space as the caller sees it, now or as it was after entry `at`; 304 if they hold it already."""
    found, viewer = await _seen(live, request, space)
    if at is not None and at > found.seq:
        raise Refusal(Invalid(field="at", problem="shape"))
    moment = "" if at is None else f".{at}"
    # With the head: after a backup was put back, the same number may stand for something else.
    etag = f'"{live.hub.instance}.{live.hub.schema}.{viewer:d}.{found.seq}.{short(found.head)}{moment}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Encoding"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    made = await (live.snapshots.now(found, viewer) if at is None else _past(live, found, viewer, at))
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(made.plain, media_type=JSON, headers=headers)
    return Response(made.gzipped, media_type=JSON, headers={**headers, "Content-Encoding": "gzip"})


async def _past(live: Live, space: Space, viewer: Viewer, at: int) -> Made:
    key = (space.id, viewer, space.head, at)
    past = await live.histories.at(space, at)
    seen = await live.histories.seen(space, past, viewer)
    return await live.snapshots.get(key, lambda: snapshot_of(space.id, at, past.head, viewer, seen))


@get("/entries", opt=only(Who.SEES))
async def entries(
    request: AnyRequest,
    live: LiveDependency,
    space: FromPath[str],
    after: Annotated[int, QueryParameter(ge=0, le=MOST_SEQ)],
    limit: Annotated[int, QueryParameter(ge=1, le=LENGTH)] = 500,
    wait: Annotated[float, QueryParameter(ge=0, le=MOST_WAIT)] = 0,
    head: Annotated[str | None, QueryParameter(max_length=16)] = None,
    viewer: FromQuery[int | None] = None,
) -> Response[bytes]:
    """Entries after `after`, oldest first; with `wait`, as soon as there are some. 410: take a snapshot instead.

    `head` and `viewer` are what the caller holds from the snapshot: another journal or another role is 410, too.
    """
    found, _ = await _seen(live, request, space)
    if wait and after == found.seq:
        await live.hub.rooms.wait_for(space, after, wait)
    found, now = await _seen(live, request, space)
    lines = await live.hub.rooms.since(space, after, head)
    if lines is None or viewer not in (None, now) or takes_away(lines, now):
        raise HTTPException(status_code=410)
    return Response(
        page(space, lines[:limit], now, after, found.head), media_type=JSON, headers={"Cache-Control": "no-store"}
    )


@get("/journal", opt=only(Who.SEES))
async def journal(
    request: AnyRequest,
    live: LiveDependency,
    space: FromPath[str],
    before: Annotated[int | None, QueryParameter(ge=1, le=MOST_SEQ)] = None,
    about: Annotated[str | None, QueryParameter(max_length=36)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> Response[bytes]:
    """What happened, newest first, of all or `about` one thing. `seq` is where to go on `before`; 0 is the end."""
    found, viewer = await _seen(live, request, space)
    seen, reached = await live.histories.page(found, viewer, before, about, limit)
    answer = EntriesPage(space=space, seq=reached, head="", entries=tuple(seen))
    return Response(msgspec.json.encode(answer), media_type=JSON, headers={"Cache-Control": "no-store"})


@post("/commands", status_code=200, request_max_body_size=FRAME_LIMIT, opt=only(Who.ACTS))
async def command(request: AnyRequest, live: LiveDependency, space: FromPath[str]) -> Response[bytes]:
    """Does one command: `Accepted`, or `Refused` with the status that fits the reason."""
    posted, author = _read(await request.body()), live.author_of(request)
    answer: Accepted | Refused
    wait = FULL_FOR if live.hub.closing else live.hub.limits.spend(author.id)
    if wait:
        answer = Refused(id=posted.id, reason=Unavailable())
        return _answered(answer, retry_after=str(math.ceil(wait)))
    try:
        answer = await live.kernel.submit(_request(posted, space, author))
    except Refusal as refusal:
        answer = Refused(id=posted.id, reason=refusal.reason)
    return _answered(answer)


def _request(posted: PostCommand, space: Id, author: Author) -> commands.Request:
    return commands.Request(
        id=posted.id,
        space=space,
        command=read_command(posted.command),
        author=author,
        expects=posted.expects or {},
        only_if=posted.only_if or {},
    )


def _answered(answer: Accepted | Refused, retry_after: str = RETRY_AFTER) -> Response[bytes]:
    status = status_of(answer.reason) if isinstance(answer, Refused) else 200
    headers = {"Retry-After": retry_after} if status == 503 else {}
    return Response(msgspec.json.encode(answer), status_code=status, media_type=JSON, headers=headers)


_posted = msgspec.json.Decoder(PostCommand)


def _read(body: bytes) -> PostCommand:
    try:
        return _posted.decode(body)
    except msgspec.ValidationError as error:
        raise Refusal(commands.invalid(str(error))) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise Refusal(Invalid(field="", problem="type")) from None


async def _seen(live: Live, request: AnyRequest, id: Id) -> tuple[Space, Viewer]:
    """The space, and as what the caller sees it. The answer is the same for none and for none that they may see."""
    space = await live.kernel.space(id)
    area = None if space is None else await live.kernel.space(space.area_id)
    viewer = None if space is None or area is None else live.hub.rooms.viewer(space, area, live.author_of(request))
    if space is None or viewer is None:
        raise Refusal(NotFound(kind="space", id=id))
    return space, viewer

"""What is read besides a live space: the first page, the cold part of one task, and search."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, cast

from litestar import Request, get
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from msgspec.structs import replace

from server.core.kernel import Kernel
from server.core.ledger import short
from server.core.space import Space
from server.core.wording import say
from server.people.looking import Look, look
from server.people.sessions import Session
from server.who import Who, only
from shared_schema.base import Entity, Id
from shared_schema.board import Comment, Description, Task
from shared_schema.frames import Found, Overview, RenderedComment, TaskPart
from shared_schema.journal import AnyEntity
from shared_schema.people import Area, Participant, Person
from shared_schema.refusals import NotFound, Refusal

from . import search, views
from .markdown import render

LONGEST_QUERY = 200


def board_routes(kernel: Kernel) -> list[HTTPRouteHandler]:
    """The routes of this slice."""

    @get("/api/spaces/{space:str}/tasks/{task:str}", opt=only(Who.SEES))
    async def task_part(request: Request[Any, Session, Any], space: FromPath[str], task: FromPath[str]) -> TaskPart:
        seen = await look(kernel, space, request.auth.person)
        raw, names = _raw_part(seen, task), _names(seen.space, kernel.peek(seen.space.area_id))
        # Long texts take milliseconds; the loop has other people to serve.
        return await asyncio.to_thread(_rendered, raw, names)

    @get("/api/spaces/{space:str}/search", opt=only(Who.SEES))
    async def find(
        request: Request[Any, Session, Any],
        space: FromPath[str],
        q: Annotated[str, QueryParameter(max_length=LONGEST_QUERY)],
    ) -> Found:
        seen = await look(kernel, space, request.auth.person)
        tasks = search.written(seen.space, seen.viewer)
        found = await asyncio.to_thread(search.matching, tasks, q)
        entities = [e for task in found[: search.MOST_FOUND] for e in search.with_parts(seen.space, task, seen.viewer)]
        return Found(space=seen.space.id, entities=_as_sent(entities), more=len(found) > search.MOST_FOUND)

    @get("/api/overview", opt=only(Who.ONESELF))
    async def overview(request: Request[Any, Session, Any]) -> Overview:
        area = await kernel.space(request.auth.area)
        if area is None:
            raise NotAuthorizedException
        return await views.overview(kernel.database, area, request.auth.person, kernel.now())

    return [overview, task_part, find]


def _raw_part(seen: Look, task: Id) -> TaskPart:
    """All texts of a task as typed, of one moment: of the space's `seq`."""
    found = seen.space.find(Task, task)
    if found is None or not found.to & seen.viewer:
        raise Refusal(NotFound(kind="task", id=task))
    parts = search.parts(seen.space, task, seen.viewer)
    comments = sorted((part for part in parts if isinstance(part, Comment)), key=lambda one: (one.at, one.id))
    hot = [] if found.put_away_at is None else [found, *(part for part in parts if not part.cold)]
    return TaskPart(
        space=seen.space.id,
        task=task,
        seq=seen.space.seq,
        head=short(seen.space.head),
        description=next((part for part in parts if isinstance(part, Description)), None),
        description_html="",
        comments=tuple(RenderedComment(comment=one, html="") for one in comments),
        entities=_as_sent(hot),
    )


def _rendered(raw: TaskPart, names: Mapping[Id, str]) -> TaskPart:
    return replace(
        raw,
        description_html=render(raw.description.text, names) if raw.description else "",
        comments=tuple(replace(one, html=render(one.comment.text, names)) for one in raw.comments),
    )


def _names(space: Space, area: Space | None) -> dict[Id, str]:
    """How the people who may be mentioned are called; those who have left the space are known to the area."""
    known = {person.id: person.name for person in area.all(Person)} if area else {}
    known |= {part.person: part.name for part in space.all(Participant)}
    home = area.find(Area, area.id) if area else None
    former = say(home.language if home else "de", "app", "person.former")
    return {person: name or former for person, name in known.items()}


def _as_sent(entities: Iterable[Entity]) -> tuple[AnyEntity, ...]:
    return tuple(cast(AnyEntity, entity) for entity in entities)

"""Whether this process lives, and whether it can do its work. It says nothing private, so anyone may ask.

`/health/live`: its loop turns. Who gets no answer starts it anew. `/health/ready`: requests are welcome. Who gets 503
sends them elsewhere, and leaves the process alone: a database that is away does not come back by a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Literal

from litestar import HttpMethod, Response, route
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from server import __version__
from server.core.database import UNREACHABLE, Database
from server.migrations import newest, stored_version
from shared_schema.frames import State

PATHS: Final = ("/health", "/health/ready", "/health/live")
ANSWERS_WITHIN = 3.0
"""Seconds that the database has; those who watch over services ask again after five or ten."""
ASKED: dict[str, Any] = {
    "http_method": [HttpMethod.GET, HttpMethod.HEAD],
    "opt": {"exclude_from_auth": True},
}

Found = Literal["ok", "unreachable", "other_version"]


class Alive(Struct, frozen=True, kw_only=True):
    status: Literal["ok"] = "ok"
    version: str = __version__


class Health(Struct, frozen=True, kw_only=True):
    """`status` is `ok` when requests are welcome. `relay` and `writing` are for information: a late relay delays what
    other processes write by seconds, and who cannot write can still read."""

    status: Literal["ok", "failing", "stopping"]
    version: str = __version__
    database: Found
    dialect: str
    relay: Literal["ok", "late"]
    writing: Literal["ok", "paused"]


class Condition(Struct, frozen=True):
    """What a process knows of itself without asking the database."""

    state: State
    stopping: bool


def health_routes(database: Database, condition: Callable[[], Condition]) -> list[HTTPRouteHandler]:
    """The routes that answer 200 when all is well; the one about readiness answers 503 when it is not."""
    version = newest()

    @route("/health/live", **ASKED)
    async def live() -> Alive:
        return Alive()

    @route(["/health", "/health/ready"], **ASKED)
    async def ready() -> Response[Health]:
        found, now = await _look(database, version), condition()
        health = Health(
            status="stopping" if now.stopping else "ok" if found == "ok" else "failing",
            database=found,
            dialect=database.dialect,
            relay=now.state.relay,
            writing=now.state.writing,
        )
        return Response(health, status_code=200 if health.status == "ok" else 503)

    return [live, ready]


async def _look(database: Database, version: str) -> Found:
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            found = await database.read(stored_version)
    except UNREACHABLE:
        return "unreachable"
    return "ok" if found == version else "other_version"

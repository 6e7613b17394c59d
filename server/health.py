"""`/health`: whether this process can do its work. It says nothing private, so anyone may ask."""

from __future__ import annotations

import asyncio
from typing import Literal

from litestar import HttpMethod, Response, route
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct
from sqlalchemy import Connection, text

from server import __version__
from server.core.database import UNREACHABLE, Database

ANSWERS_WITHIN = 3.0
"""Seconds that the database has; those who watch over services ask again after five or ten."""


class Health(Struct, frozen=True, kw_only=True):
    """`database` is `ok` if it answered just now."""

    status: Literal["ok", "failing"]
    version: str
    database: Literal["ok", "unreachable"]
    dialect: str


def health_route(database: Database) -> HTTPRouteHandler:
    """The route that answers 200 when all is well and 503 when the database does not answer."""

    @route("/health", http_method=[HttpMethod.GET, HttpMethod.HEAD], opt={"exclude_from_auth": True})
    async def health() -> Response[Health]:
        reachable = await _answers(database)
        return Response(
            Health(
                status="ok" if reachable else "failing",
                version=__version__,
                database="ok" if reachable else "unreachable",
                dialect=database.dialect,
            ),
            status_code=200 if reachable else 503,
            headers={"Cache-Control": "no-store"},
        )

    return health


async def _answers(database: Database) -> bool:
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            await database.read(_ask)
    except UNREACHABLE:
        return False
    return True


def _ask(connection: Connection) -> None:
    connection.execute(text("SELECT 1")).one()

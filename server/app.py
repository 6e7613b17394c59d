"""The composition root: everything of one running Korridor, put together and taken apart in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp
from msgspec import Struct

import server.corridor  # noqa: F401  (registers its handlers; the other slices come with their routes)
from server.board import duties
from server.board.routes import board_routes
from server.core.budgets import Budgets
from server.core.database import open_database
from server.core.kernel import Kernel
from server.core.lease import Leases
from server.core.relay import MemoryRelay, Relay
from server.health import Condition, health_routes
from server.people import access
from server.people.routes import people_routes
from server.people.sessions import Session, Sessions, SignedIn
from server.problems import handle
from server.realtime.history import Histories
from server.realtime.hub import Hub
from server.realtime.protocol import Identity
from server.realtime.routes import Live, space_routes
from server.realtime.snapshots import Snapshots
from server.realtime.socket import SERVER_OPTIONS, SocketProtocol, socket_handler
from server.settings import Settings
from server.web import Gate, built_client, client_routes, read_client
from shared_schema.base import FRAME_LIMIT, Author

log = logging.getLogger("korridor")

LAPSED_EVERY = 20.0
"""Seconds between looks for sessions whose time is over, so that their sockets close."""
DUTIES_EVERY = 300.0
"""Seconds between looks for what the calendar asks of the system, such as putting long finished tasks away."""
TAKE_UP_EVERY = 10.0
"""Seconds between looks for entries whose process ended before it had followed them."""
COLLEAGUES_REST = timedelta(minutes=2)
"""Longer than the demo's colleagues pause between two acts."""


UVICORN: dict[str, Any] = {"ws": SocketProtocol, **SERVER_OPTIONS}
"""What uvicorn needs to serve an instance."""


class Korridor(Struct, frozen=True):
    """A running instance. `asgi` is what a server serves."""

    asgi: ASGIApp
    litestar: Litestar
    kernel: Kernel
    hub: Hub
    sessions: Sessions


@asynccontextmanager
async def running(settings: Settings, client: Path | None = None) -> AsyncIterator[Korridor]:
    """Everything but the listening port. Leaving it finishes what was accepted, then closes the database."""
    async with AsyncExitStack() as stack:
        database = open_database(settings.database_url)
        stack.push_async_callback(database.close)
        relay = _relay(settings.redis_url)
        kernel = await stack.enter_async_context(Kernel(database, resolve=access.actor, relay=relay))
        hub = await stack.enter_async_context(
            Hub(
                kernel,
                resolve=access.actor,
                rights_kinds=access.RIGHTS_KINDS,
                instance=kernel.instance,
                budgets=_budgets(settings),
            )
        )
        kernel.on_writing(lambda writing: hub.set_state(writing="ok" if writing else "paused"))
        relay.on_state(lambda reachable: hub.set_state(relay="ok" if reachable else "late"))
        if settings.workers > 1 and not settings.redis_url:
            hub.set_state(relay="late")  # what the other workers do comes with the sweep, and who is there not at all
        kernel.on_revoked(hub.end_sessions)

        def ended(ids: Collection[str]) -> None:
            hub.end_sessions(ids)
            kernel.announce_revocation()

        lifetime = timedelta(days=settings.session_days)
        sessions = Sessions(database, lifetime=lifetime, secure=settings.secure, ended=ended)
        app = _litestar(settings, kernel, hub, sessions, client or built_client())
        tasks = await stack.enter_async_context(_tasks())
        tasks(_repeat(LAPSED_EVERY, lambda: sessions.end_lapsed(hub.sessions())))
        leases = Leases(database, kernel.process)
        stack.push_async_callback(_optional, leases.give_back)
        for name, every, duty in (
            ("follow", TAKE_UP_EVERY, kernel.take_up),
            ("board", DUTIES_EVERY, lambda: duties.fulfil(kernel)),
            ("sessions", DUTIES_EVERY, sessions.forget_lapsed),
        ):
            tasks(_repeat(every, partial(_once, leases, name, timedelta(seconds=2.5 * every), duty)))
        if settings.metrics is not None:
            from server import metrics  # and its library: only who asks for them needs it in memory

            host, port = settings.metrics
            tasks(_optional(partial(metrics.expose, host, port + settings.worker, kernel, hub)))
        if settings.demo_live:
            from server.demo import colleagues  # and their scenario: only such a demo needs them in memory

            theirs = partial(leases.held, "colleagues", COLLEAGUES_REST)
            tasks(_optional(partial(colleagues.work, kernel, hub, theirs=theirs)))
        yield Korridor(Gate(app, settings), app, kernel, hub, sessions)


def _relay(redis_url: str) -> Relay:
    if not redis_url:
        return MemoryRelay()
    from server.core.redis_relay import RedisRelay  # only who has a Redis needs its client in memory

    return RedisRelay(redis_url)


def _budgets(settings: Settings) -> Budgets | None:
    if settings.budgets:
        return Budgets()
    log.warning("budgets_off")  # whoever measures shall see it, and whoever forgot it too
    return None


def _litestar(settings: Settings, kernel: Kernel, hub: Hub, sessions: Sessions, client: Path | None) -> Litestar:
    async def identify(connection: ASGIConnection[Any, Any, Any, Any]) -> Identity | None:
        session = await sessions.of(connection)
        return None if session is None else Identity(Author(kind="person", id=session.person), session.id)

    def author_of(request: Request[Any, Session, Any]) -> Author:
        return Author(kind="person", id=request.auth.person)

    live = Live(kernel=kernel, hub=hub, snapshots=Snapshots(), histories=Histories(kernel), author_of=author_of)

    return Litestar(
        route_handlers=[
            *health_routes(kernel.database, lambda: Condition(hub.state, hub.closing)),
            *people_routes(kernel, sessions, demo=settings.demo),
            *board_routes(kernel),
            space_routes(live),
            socket_handler(hub, identify, settings.origins),
            *client_routes(read_client(client)),
        ],
        middleware=[DefineMiddleware(SignedIn, sessions=sessions)],
        exception_handlers={Exception: handle},
        request_max_body_size=FRAME_LIMIT,
        openapi_config=None,
        # The gate and `handle` say all there is to say; Litestar's own log would repeat it with addresses.
        logging_config=None,
    )


# --- what runs beside the requests -----------------------------------------------------------------------------------


@asynccontextmanager
async def _tasks() -> AsyncIterator[Callable[[Any], None]]:
    """Starts tasks that end with the context."""
    async with asyncio.TaskGroup() as group:
        started: list[asyncio.Task[None]] = []
        yield lambda work: started.append(group.create_task(work))
        for task in started:
            task.cancel()


async def _optional(work: Callable[[], Awaitable[None]]) -> None:
    """Does work that the instance can do without: when it fails, that is logged, and everything else goes on."""
    try:
        await work()
    except Exception:
        log.exception("optional_work_failed")


async def _once(leases: Leases, name: str, lasts: timedelta, duty: Callable[[], Awaitable[object]]) -> None:
    """Does a duty, if no other process has it."""
    if await leases.held(name, lasts):
        await duty()


async def _repeat(every: float, work: Callable[[], Awaitable[object]]) -> None:
    """Does the work now and again. One failure is logged and does not end it."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("recurring_work_failed")
        await asyncio.sleep(every)

"""The composition root: everything of one running Korridor, put together and taken apart in order."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from sys import maxsize
from typing import Any

from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp
from msgspec import Struct

import server.corridor  # noqa: F401  (registers its handlers; the other slices come with their routes)
from server import chores
from server.board.routes import board_routes
from server.core.budgets import Budgets
from server.core.database import open_database
from server.core.kernel import Kernel
from server.core.relay import MemoryRelay, Relay
from server.health import Condition, health_routes
from server.mail.configured import MailRoom
from server.mail.outbox import Outbox
from server.people import access
from server.people.attempts import Attempts
from server.people.entering import Entering
from server.people.erasing import Erasing
from server.people.erasure_list import ErasureList
from server.people.inviting import inviting_routes
from server.people.joining import joining_routes
from server.people.own_address import own_address_routes
from server.people.passkeys import passkey_routes, site_of
from server.people.privacy import privacy_routes
from server.people.routes import people_routes
from server.people.security import security_routes
from server.people.sessions import Session, Sessions, SignedIn
from server.people.setup import setup_routes
from server.people.sign_in import Ways, sign_in_routes
from server.problems import handle
from server.realtime.history import Histories
from server.realtime.hub import Hub
from server.realtime.limits import Headcount
from server.realtime.protocol import Identity
from server.realtime.routes import Live, space_routes
from server.realtime.snapshots import Snapshots
from server.realtime.socket import SERVER_OPTIONS, SocketProtocol, socket_handler
from server.settings import Settings
from server.web import Gate, built_client, client_routes, read_client
from server.who import hold_rules
from shared_schema.base import FRAME_LIMIT, Author

log = logging.getLogger("korridor")


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
        budgets, headcount = _limits(settings)
        hub = await stack.enter_async_context(
            Hub(
                kernel,
                resolve=access.actor,
                rights_kinds=access.RIGHTS_KINDS,
                instance=kernel.instance,
                budgets=budgets,
                headcount=headcount,
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
        mail_room = MailRoom(database, url=settings.mail_url, sender=settings.mail_from)
        outbox = Outbox(database, mail_room.post)
        people = _people(settings, kernel, sessions, mail_room, outbox)
        listed = settings.erasure_list
        kernel.on_entry("person.erase", Erasing(kernel, sessions, ErasureList(listed) if listed else None).after)
        app = _litestar(settings, kernel, hub, sessions, people, client or built_client())
        await stack.enter_async_context(chores.done(settings, kernel, hub, sessions, outbox))
        yield Korridor(Gate(app, settings), app, kernel, hub, sessions)


def _relay(redis_url: str) -> Relay:
    if not redis_url:
        return MemoryRelay()
    from server.core.redis_relay import RedisRelay  # only who has a Redis needs its client in memory

    return RedisRelay(redis_url)


def _limits(settings: Settings) -> tuple[Budgets | None, Headcount]:
    """How much one person may send, and how many sockets they may have."""
    if settings.budgets:
        return Budgets(), Headcount()
    log.warning("budgets_off")  # whoever measures shall see it, and whoever forgot it too
    return None, Headcount(most_of_person=maxsize, most_of_session=maxsize)


def _people(
    settings: Settings, kernel: Kernel, sessions: Sessions, mail_room: MailRoom, outbox: Outbox
) -> list[HTTPRouteHandler]:
    """Every way in and out."""
    attempts = Attempts()
    entering = Entering(kernel, sessions, demo=settings.demo)
    site = site_of(settings.origins)
    ways = Ways(kernel, entering, attempts, outbox, mail_room, url=settings.origins[0])
    return [
        *people_routes(kernel, sessions, entering, attempts, demo=settings.demo),
        *sign_in_routes(ways),
        *joining_routes(kernel, sessions, entering, attempts),
        *inviting_routes(ways),
        *own_address_routes(ways),
        *security_routes(kernel, sessions, entering, attempts, mail_room),
        *(passkey_routes(kernel, entering, attempts, site) if site else []),
        *setup_routes(kernel, entering, attempts, mail_room),
        *privacy_routes(kernel, sessions),
    ]


def _litestar(
    settings: Settings,
    kernel: Kernel,
    hub: Hub,
    sessions: Sessions,
    people: list[HTTPRouteHandler],
    client: Path | None,
) -> Litestar:
    async def identify(connection: ASGIConnection[Any, Any, Any, Any]) -> Identity | None:
        session = await sessions.of(connection)
        return None if session is None else Identity(Author(kind="person", id=session.person), session.id)

    def author_of(request: Request[Any, Session, Any]) -> Author:
        return Author(kind="person", id=request.auth.person)

    live = Live(kernel=kernel, hub=hub, snapshots=Snapshots(), histories=Histories(kernel), author_of=author_of)

    app = Litestar(
        route_handlers=[
            *health_routes(kernel.database, lambda: Condition(hub.state, hub.closing)),
            *people,
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
    hold_rules(app)
    return app

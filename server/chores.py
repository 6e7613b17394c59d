"""What runs beside the requests, each in a task of its own: looks that are taken now and again, duties, extras."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from server.board import duties
from server.core.database import UNREACHABLE
from server.core.kernel import Kernel
from server.core.lease import Leases
from server.mail.outbox import Outbox
from server.migrations import newest, stored_version
from server.people import retention
from server.people.sessions import Sessions
from server.realtime.hub import Hub
from server.settings import Settings

log = logging.getLogger("korridor")

LAPSED_EVERY = 20.0
"""Seconds between looks for sessions whose time is over, so that their sockets close."""
VERSION_EVERY = 2.0
"""Seconds between looks whether the database is still of this version."""
MAIL_EVERY = 10.0
"""Seconds between looks into the outbox; what is queued in the process that sends goes at once."""
DUTIES_EVERY = 300.0
"""Seconds between looks for what the calendar asks of the system, such as putting long finished tasks away."""
RETENTION_EVERY = 3600.0
"""Seconds between looks for what is not to be kept any longer."""
TAKE_UP_EVERY = 10.0
"""Seconds between looks for entries whose process ended before it had followed them."""
COLLEAGUES_REST = timedelta(minutes=2)
"""Longer than the demo's colleagues pause between two acts."""
LASTS = 2.5
"""How many times its distance a duty's lease lasts: who does it now does it next time, too."""

Work = Callable[[], Awaitable[object]]


@asynccontextmanager
async def done(settings: Settings, kernel: Kernel, hub: Hub, sessions: Sessions, outbox: Outbox) -> AsyncIterator[None]:
    """As long as it is open, all of it runs."""
    leases = Leases(kernel.database, kernel.process)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_optional, leases.give_back)
        start = await stack.enter_async_context(_tasks())
        start(_repeat(LAPSED_EVERY, lambda: sessions.end_lapsed(hub.sessions())))
        if kernel.database.shared:
            start(_repeat(VERSION_EVERY, partial(_watch_version, kernel)))
        for name, every, duty in (
            ("follow", TAKE_UP_EVERY, kernel.take_up),
            ("board", DUTIES_EVERY, lambda: duties.fulfil(kernel)),
            ("sessions", DUTIES_EVERY, sessions.forget_lapsed),
            ("retention", RETENTION_EVERY, lambda: retention.fulfil(kernel, periods_of(settings))),
            ("old mail", DUTIES_EVERY, outbox.forget_old),
        ):
            start(_repeat(every, partial(_once, leases, name, timedelta(seconds=LASTS * every), duty)))
        start(_send_mail(leases, outbox))
        for extra in _extras(settings, kernel, hub, leases):
            start(_optional(extra))
        yield


def periods_of(settings: Settings) -> retention.Periods:
    """How long what is kept, by the settings."""
    return retention.Periods(guests=settings.keep_guests, accounts=settings.keep_accounts)


def _extras(settings: Settings, kernel: Kernel, hub: Hub, leases: Leases) -> list[Work]:
    """What the settings ask for besides. Only who asks for it needs its libraries and texts in memory."""
    extras: list[Work] = []
    if settings.metrics is not None:
        from server import metrics

        host, port = settings.metrics
        extras.append(partial(metrics.expose, host, port + settings.worker, kernel, hub))
    if settings.demo_live:
        from server.demo import colleagues

        theirs = partial(leases.held, "colleagues", COLLEAGUES_REST)
        extras.append(partial(colleagues.work, kernel, hub, theirs=theirs))
    return extras


async def _watch_version(kernel: Kernel) -> None:
    """Another process may have brought the database up to its own, newer version: then it is for that to write."""
    stored = await kernel.database.read(stored_version)
    outdated = stored != newest()
    if outdated and kernel.writing:
        log.error("database_of_another_version", extra={"version": stored})
    kernel.outdate(outdated)


async def _send_mail(leases: Leases, outbox: Outbox) -> None:
    """Sends letters as they are queued here, and now and again what others queued or what waits for another try."""
    lasts = timedelta(seconds=LASTS * MAIL_EVERY)
    while True:
        await _soundly(partial(_once, leases, "mail", lasts, outbox.send_due))
        await outbox.news(MAIL_EVERY)


# --- tasks -----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _tasks() -> AsyncIterator[Callable[[Any], None]]:
    """Starts tasks that end with the context."""
    async with asyncio.TaskGroup() as group:
        started: list[asyncio.Task[None]] = []
        yield lambda work: started.append(group.create_task(work))
        for task in started:
            task.cancel()


async def _optional(work: Work) -> None:
    """Does work that the instance can do without: when it fails, that is logged, and everything else goes on."""
    try:
        await work()
    except Exception:
        log.exception("optional_work_failed")


async def _once(leases: Leases, name: str, lasts: timedelta, duty: Work) -> None:
    """Does a duty, if no other process has it."""
    if await leases.held(name, lasts):
        await duty()


async def _repeat(every: float, work: Work) -> None:
    """Does the work now and again. One failure is logged and does not end it; a database that is away is no mistake."""
    while True:
        await _soundly(work)
        await asyncio.sleep(every)


async def _soundly(work: Work) -> None:
    try:
        await work()
    except UNREACHABLE as error:
        log.warning("recurring_work_waits", extra={"because": type(error).__name__})
    except Exception:
        log.exception("recurring_work_failed")

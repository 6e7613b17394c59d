"""Retention at the terminal: what would go now, or goes now, in sentences with counts and ids, and no names."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta

import server.board
import server.corridor  # noqa: F401  # their handlers: an erasure is followed in every space
from server.chores import periods_of
from server.core.database import open_database
from server.core.kernel import Kernel
from server.people import access, retention
from server.people.erasing import Erasing
from server.people.erasure_list import ErasureList
from server.people.retention import Due
from server.people.sessions import Sessions
from server.settings import Settings


async def let_go(settings: Settings, *, dry_run: bool) -> list[str]:
    """Lets go of what is due, unless it is to be said only."""
    async with AsyncExitStack() as stack:
        database = open_database(settings.database_url)
        stack.push_async_callback(database.close)
        kernel = await stack.enter_async_context(Kernel(database, resolve=access.actor))
        kernel.on_entry("person.erase", _erasing(settings, kernel).after)
        if dry_run:
            return _sentences(await retention.due(kernel, periods_of(settings)), "would go")
        found = await retention.fulfil(kernel, periods_of(settings))
        await kernel.followed()
        return _sentences(found, "gone")


def _erasing(settings: Settings, kernel: Kernel) -> Erasing:
    lifetime = timedelta(days=settings.session_days)
    sessions = Sessions(kernel.database, lifetime=lifetime, secure=settings.secure, ended=lambda ids: None)
    listed = settings.erasure_list
    return Erasing(kernel, sessions, ErasureList(listed) if listed else None)


def _sentences(due: Due, what: str) -> list[str]:
    kinds = (("guests", [person for _, person in due.guests]), ("accounts", due.accounts))
    return [line for kind, ids in kinds for line in (f"{kind}: {len(ids)} {what}", *(f"  {id}" for id in ids))]

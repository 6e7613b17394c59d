"""The inbox of the committer: bounded, in order, and nobody waits at it in vain."""

from __future__ import annotations

import asyncio

import server.board  # noqa: F401 (registers its commands)
from server.core.batch import Waiting
from server.core.commands import Request
from server.core.ids import new_id
from server.core.inbox import Inbox
from shared_schema.base import SYSTEM
from shared_schema.board import FinishTask


def waiting() -> Waiting:
    return Waiting(Request(id=new_id(), space=new_id(), command=FinishTask(task=new_id()), author=SYSTEM), print)


def filled(most: int) -> Inbox:
    inbox = Inbox(most)
    for _ in range(most):
        inbox.put(waiting())
    return inbox


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_comes_first_is_taken_first_and_what_is_put_back_before_that() -> None:
    inbox, all_of_them = Inbox(), [waiting() for _ in range(5)]
    for one in all_of_them:
        inbox.put(one)
    first = inbox.take(3)
    inbox.put_back(first[1:])
    assert [first[0], *inbox.take(9)] == all_of_them
    assert not inbox


async def test_who_asks_is_let_in_in_order_and_never_more_than_there_is_room() -> None:
    inbox, came = filled(4), list[int]()

    async def bring(number: int) -> None:
        await inbox.room()
        inbox.put(waiting())
        came.append(number)

    async with asyncio.TaskGroup() as tasks:
        for number in range(6):
            tasks.create_task(bring(number))
        await turns()
        assert (came, inbox.full) == ([], True)
        inbox.take(3)
        await turns()
        assert (came, len(inbox), inbox.full) == ([0, 1, 2], 4, True)
        inbox.take(4)
    assert (came, inbox.full) == ([0, 1, 2, 3, 4, 5], False)


async def test_who_comes_later_does_not_overtake_those_who_wait() -> None:
    inbox = filled(2)
    asking = asyncio.ensure_future(inbox.room())
    await turns()
    inbox.take(1)
    await asking
    inbox.put(waiting())
    asking = asyncio.ensure_future(inbox.room())
    await turns()
    inbox.put_back([])
    assert inbox.full
    inbox.take(2)
    await asking


async def test_who_gives_up_or_brings_nothing_holds_up_nobody() -> None:
    inbox = filled(1)
    asking = [asyncio.ensure_future(inbox.room()) for _ in range(5)]
    await turns()
    asking[0].cancel()
    inbox.take(1)
    async with asyncio.timeout(10):
        await asyncio.gather(*asking[1:])
    assert not inbox.full

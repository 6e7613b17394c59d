"""Waiting for what has no event: a condition, looked at again and again, with a bound."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

LOOK_EVERY = 0.01


async def until(
    holds: Callable[[], object | Awaitable[object]], at_most: float, what: str = "", *, every: float = LOOK_EVERY
) -> float:
    """Returns once the condition holds, with the seconds that took; fails after `at_most` seconds."""
    began = time.monotonic()
    while True:
        answer = holds()
        if isinstance(answer, Awaitable):
            answer = await answer
        took = time.monotonic() - began
        if answer:
            return took
        assert took < at_most, f"not within {at_most} s: {what or holds}"
        await asyncio.sleep(every)

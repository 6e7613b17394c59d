"""Two people, each on another process of the same Korridor: live, and still there when one process is gone."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
from msgspec import Struct
from playwright.async_api import Browser, BrowserContext, expect

from tests.faults.figures import record
from tests.support.balancer import Balancer, balanced
from tests.support.commands import Serving
from tests.support.servers import free_port
from tests.support.windows import Window

BUS = "Rufbus Selmachtal"


class Site(Struct):
    """Two processes behind one address."""

    url: str
    balancer: Balancer
    one: Serving
    two: Serving

    async def opens(self, context: BrowserContext, name: str, on: Serving) -> Window:
        """A window on the board; its connection goes to this process as long as that is there."""
        first = ("127.0.0.1", on.port)
        self.balancer.targets.sort(key=lambda target: target != first)
        window = Window(self.url, await context.new_page())
        window.provokes("net::ERR_CONNECTION", "net::ERR_EMPTY_RESPONSE", "502", "503")
        await window.sign_in(name)
        await window.open_board(BUS)
        return window


@pytest.fixture
async def site(postgres_url: str, redis_url: str) -> AsyncIterator[Site]:
    front = free_port()
    url = f"http://127.0.0.1:{front}"
    with ExitStack() as stack:
        processes: list[Serving] = []
        for _ in range(2):
            serving = Serving(postgres_url, "--demo", KORRIDOR_REDIS_URL=redis_url, KORRIDOR_PUBLIC_URL=url)
            processes.append(await asyncio.to_thread(stack.enter_context, serving))
        one, two = processes
        async with balanced(front, one.port, two.port) as balancer:
            yield Site(url, balancer, one, two)


async def test_two_people_on_two_processes_work_live_and_one_process_may_die(site: Site, chromium: Browser) -> None:
    contexts = [await chromium.new_context(locale="de-DE", service_workers="block") for _ in range(2)]
    jana = await site.opens(contexts[0], "Jana Wolfsteiner", site.one)
    josef = await site.opens(contexts[1], "Josef Dorfner", site.two)

    # Live, in both directions, and each sees that the other is there.
    await _create(jana, "Von Jana")
    await expect(josef.card("Von Jana")).to_have_count(1)
    await _create(josef, "Von Josef")
    await expect(jana.card("Von Josef")).to_have_count(1)
    await expect(josef.page.get_by_title("Jana Wolfsteiner").first).to_be_visible()

    # Her process is killed in the middle of her work: she goes on at the other one, and nothing typed is lost.
    await asyncio.to_thread(site.one.stop, signal.SIGKILL)
    killed = time.monotonic()
    await _create(jana, "Nach dem Absturz")
    await expect(josef.card("Nach dem Absturz")).to_have_count(1, timeout=30_000)
    record("P1 a browser whose process was killed", others_see_its_next_task_after_s=round(time.monotonic() - killed, 2))
    await expect(jana.card("Nach dem Absturz")).not_to_contain_text("Wird noch gesendet")
    await _create(josef, "Antwort")
    await expect(jana.card("Antwort")).to_have_count(1)
    assert (jana.mistakes, josef.mistakes) == ([], [])
    for context in contexts:
        await context.close()


async def _create(window: Window, title: str) -> None:
    field = window.page.get_by_role("textbox", name="Neue Aufgabe in Wartet")
    if not await field.is_visible():
        await window.lane("Wartet").get_by_role("button", name="Aufgabe in Wartet anlegen").click()
    await field.fill(title)
    await field.press("Enter")

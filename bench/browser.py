"""What a browser makes of a big board: until 1,000 tasks are painted, and what a move of somebody else costs it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from statistics import median
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Page

from bench.data import Board
from bench.driver import Browser, Wire, frame
from bench.loads import Message, work
from tests.support.browser import launched

PAINTED_WITHIN = 60_000
"""Milliseconds after which no figure is to be had."""
WATCH = """
window.painted = new Promise((resolve) => {
  const look = () => {
    if (document.querySelectorAll('[data-card]').length < %d) return requestAnimationFrame(look);
    // The next frame begins once this one is painted.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const [snapshot] = performance.getEntriesByType('resource').filter((one) => one.name.includes('%s/snapshot'));
      resolve(performance.now() - snapshot.responseEnd);
    }));
  };
  look();
});
"""
CHANGED = """
() => new Promise((resolve) => {
  const observer = new MutationObserver(() => {
    observer.disconnect();
    setTimeout(resolve, 300); // what moves on the page has come to rest by then
  });
  observer.observe(document.body, { childList: true, subtree: true });
})
"""
WORK = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


async def measure(viewer: Browser, mover: Browser, board: Board, *, paints: int, moves: int) -> dict[str, Any]:
    """Median milliseconds from the snapshot's last byte to the painted board, and of a move that another one makes."""
    tasks = len(board.tasks)
    async with launched() as chromium:
        painted = [await _paint(await _context(chromium, viewer), viewer, board) for _ in range(paints)]
        moved = await _moves(await _context(chromium, viewer), viewer, mover, board, moves)
    return {
        f"paint_{tasks}_ms": round(median(painted), 1),
        f"paint_{tasks}_ms_spread": [round(min(painted), 1), round(max(painted), 1)],
        "move_ms": round(median(moved), 2),
        "move_ms_spread": [round(min(moved), 2), round(max(moved), 2)],
    }


async def _context(chromium: Any, viewer: Browser) -> BrowserContext:
    """A window of its own with nothing kept, in which the viewer is signed in."""
    context: BrowserContext = await chromium.new_context(viewport={"width": 1440, "height": 900}, locale="de-DE")
    name, _, value = viewer.cookie.partition("=")
    await context.add_cookies([{"name": name, "value": value, "url": viewer.origin}])
    return context


async def _open(context: BrowserContext, viewer: Browser, board: Board) -> tuple[Page, float]:
    page = await context.new_page()
    page.set_default_timeout(PAINTED_WITHIN)
    await page.add_init_script(WATCH % (len(board.tasks), board.space))
    await page.goto(f"{viewer.origin}/spaces/{board.space}")
    return page, await page.evaluate("window.painted")


async def _paint(context: BrowserContext, viewer: Browser, board: Board) -> float:
    _, took = await _open(context, viewer, board)
    await context.close()
    return took


async def _moves(context: BrowserContext, viewer: Browser, mover: Browser, board: Board, moves: int) -> list[float]:
    page, _ = await _open(context, viewer, board)
    session = await context.new_cdp_session(page)
    # Processor time of the page's thread, so that other work on the machine does not count.
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    wire = mover.socket()
    messages = work(board, board.tasks[:40])
    took = [await _move(page, session, wire, messages) for _ in range(moves)]
    wire.close()
    await context.close()
    return took


async def _move(page: Page, session: CDPSession, wire: Wire, messages: Iterator[Message]) -> float:
    """Milliseconds of script, style and layout of one move."""
    _, move = next(messages)
    next(messages)  # in everyday work a renaming follows, which is not asked for here
    changed = asyncio.ensure_future(page.evaluate(CHANGED))
    before = await _worked(session)
    wire.socket.sendall(frame(move))
    await changed
    return (await _worked(session) - before) * 1000


async def _worked(session: CDPSession) -> float:
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return float(sum(one["value"] for one in metrics if one["name"] in WORK))

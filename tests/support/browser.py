"""A headless Chromium that talks to nobody but the server under test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from tests.support.services import ensure_chromium

UNWANTED = (
    # Pages of Chromium's own, nearly three hundred files that it loads beside each new window.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # From Playwright's list, which this one takes the place of.
    "AimEnabled",
    "HttpsUpgrades",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "Translate",
)
FLAGS = [
    "--no-sandbox",  # as root, which a container usually is, there is no sandbox to be had
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(UNWANTED)}",
]


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    program = ensure_chromium().path
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()

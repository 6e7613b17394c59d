"""A demo as a process, and people of Selmachtal in real browser windows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.support.commands import Serving
from tests.support.instances import running_instance
from tests.support.windows import Window

expect.set_options(timeout=15_000)  # a busy machine with two cores; a usual answer takes milliseconds


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the demo area, to be copied."""
    path = tmp_path_factory.mktemp("seeded") / "korridor.db"
    with Serving(f"sqlite:///{path}", "--demo") as serving:
        serving.stop()
    return path


@pytest.fixture
def database(seeded: Path, tmp_path: Path) -> str:
    """The demo area in a database of this test's own."""
    path = tmp_path / "korridor.db"
    path.write_bytes(seeded.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
async def demo_url(database: str) -> AsyncIterator[str]:
    """The demo, running in the test's own loop: it starts in a moment."""
    async with running_instance(database) as instance:
        yield instance.url


@pytest.fixture
def serving(database: str) -> Iterator[Serving]:
    """The demo as a process that can be killed."""
    with Serving(database, "--demo") as serving:
        yield serving


Opens = Callable[..., Awaitable[Window]]


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    """Where the demo is: the process if the test has one, else the instance in its own loop."""
    if "serving" in request.fixturenames:
        return str(request.getfixturevalue("serving").url)
    return str(request.getfixturevalue("demo_url"))


@pytest.fixture
async def opens(chromium: Browser, url: str, request: pytest.FixtureRequest) -> AsyncIterator[Opens]:
    """Opens a window in which a person of the demo is signed in."""
    contexts: list[BrowserContext] = []
    windows: list[Window] = []

    async def open_as(name: str, **options: object) -> Window:
        context = await chromium.new_context(
            **{"viewport": {"width": 1440, "height": 900}, "locale": "de-DE", "service_workers": "block", **options}  # type: ignore[arg-type]
        )
        contexts.append(context)
        page: Page = await context.new_page()
        window = Window(url, page)
        if "serving" in request.fixturenames:
            window.provokes("net::ERR_CONNECTION")
        await window.sign_in(name)
        windows.append(window)
        return window

    yield open_as
    for window in windows:
        assert window.mistakes == []
        assert window.strangers == []
    for context in contexts:
        await context.close()

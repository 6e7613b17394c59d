"""Fixtures for everyone: a fresh database of either kind, Redis, and a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.async_api import Browser

from tests.support.browser import launched
from tests.support.servers import Postgres, Redis
from tests.support.services import find_chromium, find_postgres, find_redis

# A test that fails because the machine is busy says nothing about us.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_report_header() -> list[str]:
    found = [service for find in (find_postgres, find_redis, find_chromium) if (service := find())]
    return [f"services: {', '.join(map(str, found))}"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for Chromium needs a browser: the marker follows from the fixture."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One cluster per test process. A test that stops or kills a cluster starts its own: `Postgres(durable=True)`."""
    with Postgres() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty PostgreSQL database for this test alone."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An SQLite file for this test alone; it does not exist yet."""
    return f"sqlite:///{tmp_path}/korridor.db"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The test runs twice: on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """One server per test process. A test that stops or kills it starts its own: `Redis()`."""
    with Redis() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    return redis_server.url


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A real, headless Chromium with a profile of its own."""
    async with launched() as browser:
        yield browser

"""The harness keeps its word: fresh databases, servers that survive a kill, a browser that draws."""

from __future__ import annotations

import asyncpg
import pytest
from playwright.async_api import Browser
from redis.asyncio import Redis as Client
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support.servers import Postgres, Redis


@pytest.mark.parametrize("turn", [1, 2])
async def test_every_test_gets_an_empty_database(database_url: str, turn: int) -> None:
    create = text("CREATE TABLE trace (turn INTEGER)")
    if database_url.startswith("sqlite"):
        engine = create_engine(database_url)
        with engine.begin() as connection:
            connection.execute(create)
        engine.dispose()
    else:
        engine_async = create_async_engine(make_url(database_url).set(drivername="postgresql+asyncpg"))
        async with engine_async.begin() as connection_async:
            await connection_async.execute(create)
        await engine_async.dispose()


async def test_a_durable_cluster_keeps_what_it_committed_when_killed() -> None:
    with Postgres(durable=True) as cluster:
        for kill in range(2):
            connection = await asyncpg.connect(cluster.url("postgres"))
            await connection.execute("CREATE TABLE IF NOT EXISTS kept (kill INTEGER)")
            await connection.execute("INSERT INTO kept VALUES ($1)", kill)
            cluster.kill()
            connection.terminate()
            cluster.start()
        assert cluster.sql("SELECT count(*) FROM kept") == "2"


async def test_redis_keeps_what_it_acknowledged_when_killed() -> None:
    with Redis() as server:
        client = Client.from_url(server.url)
        await client.set("kept", "yes")
        await client.aclose()
        server.kill()
        server.start()
        client = Client.from_url(server.url)
        assert await client.get("kept") == b"yes"
        await client.aclose()


async def test_chromium_draws_a_page(chromium: Browser) -> None:
    page = await chromium.new_page()
    await page.set_content("<title>Korridor</title><button onclick='document.title = \"pressed\"'>Go</button>")
    await page.get_by_role("button").click()
    assert await page.title() == "pressed"

"""Requests that never become whole: they are not waited for, and nobody else is."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn

from server.incoming import MOST_HEAD, HttpProtocol
from tests.support.instances import Instance, running_instance

POST = b"POST /api/demo/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"


class Hasty(HttpProtocol):
    whole_within = 0.3


@pytest.fixture
async def instance(sqlite_url: str) -> AsyncIterator[Instance]:
    async with running_instance(sqlite_url) as instance:
        yield instance


@asynccontextmanager
async def hasty(instance: Instance) -> AsyncIterator[int]:
    """A second port of the instance, whose patience is short."""
    server = uvicorn.Server(
        uvicorn.Config(instance.korridor.asgi, http=Hasty, ws="none", lifespan="off", log_config=None)
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = asyncio.create_task(server.serve([listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await running


async def answer_to(port: int, *parts: bytes) -> bytes:
    """All that comes back for these bytes until the other end is closed; the parts are sent one by one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        return await asyncio.wait_for(reader.read(), 20)
    except ConnectionError:
        return b""
    finally:
        writer.close()


BROKEN_OFF = {
    "nothing": (b"", b""),
    "within a line": (b"GET /hea", b"HTTP/1.1 408"),
    "within the head": (b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n", b"HTTP/1.1 408"),
}


@pytest.mark.parametrize("name", BROKEN_OFF)
async def test_a_head_that_does_not_go_on_is_given_up(instance: Instance, name: str) -> None:
    sent, answer = BROKEN_OFF[name]
    async with hasty(instance) as port:
        assert (await answer_to(port, sent)).startswith(answer)


async def test_a_body_that_does_not_go_on_is_given_up(instance: Instance, caplog: pytest.LogCaptureFixture) -> None:
    async with hasty(instance) as port:
        await answer_to(port, POST + b"Content-Type: application/json\r\nContent-Length: 50\r\n\r\n", b'{"person":')
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_head_without_end_is_turned_away(instance: Instance) -> None:
    endless = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-More: " + b"x" * 1_000
    parts = [b"x" * 16_384] * (40 * MOST_HEAD // 16_384)
    answer = await answer_to(instance.settings.port, endless, *parts)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431")


async def test_whole_requests_on_a_connection_that_stays_open_are_none_of_these(instance: Instance) -> None:
    async with hasty(instance) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as browser:
        for _ in range(3):
            assert (await browser.get("/health")).status_code == 200
            await asyncio.sleep(Hasty.whole_within)


@pytest.mark.parametrize("more", [b"X-More: " + b"x" * 9_000, b"\r\n".join([b"X-More: x"] * 200)], ids=["long", "many"])
async def test_a_handshake_with_an_odd_head_is_answered(instance: Instance, more: bytes) -> None:
    """Uvicorn's parser takes these heads and that of `websockets` does not."""
    opening = b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    answer = await answer_to(instance.settings.port, opening + more + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431")

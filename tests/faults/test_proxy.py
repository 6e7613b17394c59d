"""The proxy breaks what it is told to break, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec import Struct

from tests.support.proxy import Proxy, proxied
from tests.support.waiting import until

SOON = 10.0


class Line(Struct):
    """A connection through the proxy to a server that says everything back."""

    proxy: Proxy
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: bytearray
    """What the server got."""

    async def hears(self, words: bytes) -> None:
        await until(lambda: words in self.heard, SOON)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    heard = bytearray()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            heard.extend(data)
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with proxied("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        yield Line(proxy, reader, writer, heard)
        writer.close()
    server.close()
    await server.wait_closed()


async def test_a_black_hole_says_nothing_and_gives_back_everything_in_order(line: Line) -> None:
    line.proxy.black_hole()
    for word in (b"one ", b"two ", b"three"):
        line.writer.write(word)
    answer = asyncio.ensure_future(line.reader.readexactly(13))
    done, _ = await asyncio.wait([answer], timeout=0.2)
    assert not done
    assert line.heard == b"hello"
    line.proxy.heal()
    assert await asyncio.wait_for(answer, SOON) == b"one two three"


async def test_in_a_black_hole_new_connections_reach_nobody_and_endings_are_not_told(line: Line) -> None:
    line.proxy.black_hole()
    _, late = await asyncio.open_connection("127.0.0.1", line.proxy.port)
    late.write(b"late")
    late.close()
    await late.wait_closed()
    assert line.heard == b"hello"
    line.proxy.heal()
    await line.hears(b"late")


async def test_a_one_way_street_lets_the_other_direction_pass(line: Line) -> None:
    line.proxy.to_client.hold()
    line.writer.write(b"there")
    await line.hears(b"there")
    answer = asyncio.ensure_future(line.reader.readexactly(5))
    done, _ = await asyncio.wait([answer], timeout=0.1)
    assert not done
    line.proxy.heal()
    assert await asyncio.wait_for(answer, SOON) == b"there"


async def test_a_reset_ends_what_there_is_and_takes_new_connections(line: Line) -> None:
    line.proxy.reset()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(line.reader.read(1), SOON)
    reader, writer = await asyncio.open_connection("127.0.0.1", line.proxy.port)
    writer.write(b"again")
    assert await asyncio.wait_for(reader.readexactly(5), SOON) == b"again"
    writer.close()


async def test_deaf_after_certain_bytes_the_server_works_on_and_the_client_hears_nothing(line: Line) -> None:
    line.proxy.deaf_after = b"COMMIT"
    line.writer.write(b"COMMIT;")
    await line.hears(b"COMMIT;")
    assert line.proxy.struck.is_set()
    answer = asyncio.ensure_future(line.reader.read(1))
    done, _ = await asyncio.wait([answer], timeout=0.1)
    assert not done
    line.proxy.reset()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(answer, SOON)

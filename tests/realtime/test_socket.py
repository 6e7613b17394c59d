"""The socket itself: who may open it, what ends it and with which code, and that no end is waited for in vain."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from sqlalchemy.exc import OperationalError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.core.ids import new_id
from server.realtime import socket
from server.realtime.limits import Headcount
from server.realtime.protocol import HEARTBEAT, HELLO_WITHIN, SILENCE
from server.realtime.socket import SocketProtocol
from shared_schema.base import FRAME_LIMIT

from .conftest import ORIGIN, PERSON, House

FOREIGN = {
    "none": None,
    "null": "null",
    "empty": "",
    "other host": "http://example.org",
    "prefixed": "http://evil-korridor.test",
    "suffixed": "http://korridor.test.evil.example",
    "subdomain": "http://sub.korridor.test",
    "other scheme": "https://korridor.test",
    "other port": "http://korridor.test:8080",
    "with path": "http://korridor.test/",
    "capitals": "HTTP://KORRIDOR.TEST",
    "two": "http://korridor.test, http://example.org",
}


async def test_a_page_of_another_origin_gets_no_socket(house: House) -> None:
    for name, origin in FOREIGN.items():
        opening = connect(f"ws://127.0.0.1:{house.port}/ws", origin=origin, additional_headers={PERSON: house.member})  # type: ignore[arg-type]
        with pytest.raises(InvalidStatus) as refused:
            await opening
        assert refused.value.response.status_code == 403, name


async def test_two_origins_are_none(house: House) -> None:
    headers = [("Origin", "http://example.org"), (PERSON, house.member)]
    opening = connect(f"ws://127.0.0.1:{house.port}/ws", origin=ORIGIN, additional_headers=headers)  # type: ignore[arg-type]
    with pytest.raises(InvalidStatus) as refused:
        await opening
    assert refused.value.response.status_code == 400


async def test_who_is_not_signed_in_is_told_so(any_house: House) -> None:
    uri = f"ws://127.0.0.1:{any_house.port}/ws"
    async with connect(uri, origin=ORIGIN, compression=None) as client:  # type: ignore[arg-type]
        await client.wait_closed()
    assert client.close_code == 4401


CLOSING: dict[str, tuple[Any, int]] = {
    "malformed": ("{", 4400),
    "binary": (b"\x00", 4400),
    "unknown message": ('{"t": "shout"}', 4400),
    "too large": ("x" * (FRAME_LIMIT + 1), 1009),
}


async def test_frm2_a_bad_frame_has_its_code_and_disturbs_nobody(any_house: House) -> None:
    good = await any_house.client(any_house.guest)
    await good.watch(any_house.network)
    for name, (frame, code) in CLOSING.items():
        bad = await any_house.client()
        await bad.watch(any_house.network)
        await bad.socket.send(frame)
        assert await bad.closed() == code, name
        await any_house.task("unbeirrt")
        assert len((await good.hear("entries"))["entries"]) == 1


async def test_text_that_is_no_text_closes(house: House) -> None:
    client = await house.client()
    await client.socket.send(b'{"t":"ping\xff"}', text=True)
    assert await client.closed() == 1007


async def test_another_protocol_closes(any_house: House) -> None:
    client = await any_house.client(greet=False)
    await client.say({"t": "hello", "protocol": 2})
    assert await client.closed() == 4409


async def test_the_largest_frame_is_taken(any_house: House) -> None:
    client = await any_house.client()
    id = new_id()
    message = {"t": "do", "id": id, "space": any_house.network, "command": {"verb": "task.finish", "task": new_id()}}
    padding = " " * (FRAME_LIMIT - len(json.dumps(message)))
    await client.socket.send(json.dumps(message) + padding)
    assert (await client.hear("refused"))["id"] == id


async def test_who_says_nothing_is_let_go(any_house: House) -> None:
    client = await any_house.client(greet=False)
    await client.socket.ping()
    any_house.clock.ahead = HELLO_WITHIN
    any_house.hub.sweep(any_house.clock())
    assert await client.closed() == 4408


async def test_a_quiet_client_that_lives_is_kept(house: House) -> None:
    """Its end answers the pings by itself, as every browser's does."""
    client = await house.client()
    for _ in range(4):
        house.clock.ahead += HEARTBEAT
        house.hub.sweep(house.clock())
        await client.settle()
    assert len(house.hub.sessions()) == 1


async def test_seat5_a_half_open_connection_is_freed_though_its_buffer_never_drains(house: House) -> None:
    """The other end vanished without a word: nothing is read any more, and nothing is answered."""
    gone, watcher = await house.slow_client(), await house.client(house.guest)
    await gone.watch(house.network)
    await gone.say({"t": "presence", "space": house.network, "where": {}})
    await watcher.watch(house.network)
    assert [present["person"] for present in (await watcher.hear("presence"))["people"]] == [house.member]
    await house.flood(await house.task("lang"), 30)
    house.clock.ahead = SILENCE
    await watcher.settle()  # this end was heard of just now, by the clock that the test has set
    house.hub.sweep(house.clock())
    while (message := await watcher.next())["t"] != "presence":
        assert message["t"] == "entries"
    assert message["people"] == []


@pytest.mark.parametrize("headcount", [{"most_of_person": 2}, {"most_of_session": 2}], ids=str)
async def test_one_person_has_so_many_sockets_and_no_more(
    open_houses: Callable[..., Any], headcount: dict[str, int]
) -> None:
    async with open_houses(headcount=Headcount(**headcount)) as house:
        await house.client()
        await house.client()
        third = await house.client(greet=False)
        assert await third.closed() == 1013
        await house.client(house.guest)


async def test_a_mistake_of_ours_closes_without_a_word_of_it(open_houses: Callable[..., Any]) -> None:
    async def fail(_: Any) -> None:
        raise RuntimeError("Kanarienvogel")

    async with open_houses(identify=fail) as house:
        client = await house.client(greet=False)
        assert await client.closed() == 1011
        assert client.socket.close_reason == ""


async def test_without_a_database_one_is_to_come_again_later(open_houses: Callable[..., Any]) -> None:
    async def unreachable(_: Any) -> None:
        raise OperationalError("SELECT", {}, OSError("Kanarienvogel"))

    async with open_houses(identify=unreachable) as house:
        client = await house.client(greet=False)
        assert await client.closed() == 1013
        assert client.socket.close_reason == ""


async def test_the_end_of_the_server_is_a_restart_for_its_clients(any_house: House) -> None:
    client = await any_house.client()
    await client.watch(any_house.network)
    any_house.hub.close()
    assert await client.closed() == 1012


async def test_the_end_of_a_session_closes_its_sockets_and_takes_the_seats(any_house: House) -> None:
    client, other = await any_house.client(), await any_house.client(any_house.guest)
    await client.watch(any_house.network)
    any_house.hub.end_sessions([f"of {any_house.member}"])
    assert await client.hear("left") == {"t": "left", "space": any_house.network, "reason": "signed_out"}
    assert await client.closed() == 4401
    await other.settle()


async def test_another_minor_version_of_uvicorn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn, "__version__", "0.55.0")
    with pytest.raises(RuntimeError, match=r"0\.54"):
        SocketProtocol(None, None, {})


def test_the_pinned_version_is_the_installed_one() -> None:
    assert uvicorn.__version__.startswith(socket.PINNED)

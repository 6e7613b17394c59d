"""Signing in to a demo, staying signed in, and signing out: for good, everywhere, and at the second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from litestar.connection import ASGIConnection
from sqlalchemy import Connection, select, update
from websockets.asyncio.client import connect

from server.core.database import Database
from server.people.session_tables import sessions as sessions_table
from server.people.sessions import Sessions
from shared_schema.frames import schema_name
from tests.support.areas import SmallArea, running_kernel
from tests.support.instances import Instance, running_instance


@pytest.fixture
async def instance(database_url: str) -> AsyncIterator[Instance]:
    async with running_instance(database_url) as instance:
        yield instance


@pytest.fixture
async def area(instance: Instance) -> SmallArea:
    return await instance.small_area()


async def test_without_a_session_nobody_is_known(instance: Instance) -> None:
    async with instance.browser() as browser:
        answer = await browser.get("/api/me")
    assert (answer.status_code, answer.json()) == (401, {"status": 401, "reason": None})


async def test_a_demo_offers_its_people_and_signs_them_in(instance: Instance, area: SmallArea) -> None:
    async with instance.browser() as browser:
        people = (await browser.get("/api/demo/people")).json()
        assert {person["person"] for person in people} == {area.coordinator, area.member}
        signed_in = await browser.post("/api/demo/sign-in", json={"person": area.member})
        me = await browser.get("/api/me")
    assert signed_in.json() == me.json()
    assert me.json() == {
        "person": area.member,
        "name": "Josef",
        "area": area.area,
        "area_name": "Selmachtal",
        "area_role": "member",
        "language": "de",
        "timezone": "Europe/Berlin",
        "instance": instance.korridor.kernel.instance,
        "schema": schema_name(),
        "demo": True,
    }


async def test_the_cookie_is_for_the_server_alone(instance: Instance, area: SmallArea) -> None:
    async with instance.browser() as browser:
        answer = await browser.post("/api/demo/sign-in", json={"person": area.member})
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "domain" not in cookie


async def test_behind_https_the_cookie_is_secure_and_of_this_host_alone(sqlite_url: str) -> None:
    async with running_instance(sqlite_url, public_url="https://korridor.example") as instance:
        area = await instance.small_area()
        headers = {"Host": "korridor.example", "Origin": "https://korridor.example"}
        async with instance.browser() as browser:
            address = f"http://127.0.0.1:{instance.settings.port}/api/demo/sign-in"
            answer = await browser.post(address, json={"person": area.member}, headers=headers)
    name, *attributes = (part.strip().lower() for part in answer.headers["set-cookie"].split(";"))
    assert name.startswith("__host-korridor=")
    assert {"secure", "httponly", "path=/"} <= set(attributes)
    assert "strict-transport-security" in answer.headers


async def test_an_instance_that_is_no_demo_signs_nobody_in_by_choice(sqlite_url: str) -> None:
    async with running_instance(sqlite_url, demo=False) as instance, instance.browser() as browser:
        area = await instance.small_area()
        assert (await browser.get("/api/demo/people")).status_code == 404
        answer = await browser.post("/api/demo/sign-in", json={"person": area.member})
    assert answer.status_code in (404, 405)
    assert "set-cookie" not in answer.headers


async def test_nobody_is_signed_in_as_a_person_who_does_not_exist(instance: Instance, area: SmallArea) -> None:
    async with instance.browser() as browser:
        answer = await browser.post("/api/demo/sign-in", json={"person": area.network})
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


async def test_the_token_is_long_random_and_not_in_the_database(instance: Instance, area: SmallArea) -> None:
    tokens = set()
    for _ in range(2):
        async with instance.signed_in(area.member) as browser:
            tokens.add(browser.cookies["korridor"])
    stored = await _stored(instance)
    assert len(tokens) == len(stored) == 2
    assert all(len(token) >= 43 for token in tokens)  # 256 bits in base64
    assert tokens.isdisjoint(stored)


async def test_signing_in_gives_a_new_session_and_ends_the_one_before(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as browser, instance.browser() as thief:
        thief.cookies.set("korridor", browser.cookies["korridor"])
        await browser.post("/api/demo/sign-in", json={"person": area.coordinator})
        assert (await browser.get("/api/me")).json()["person"] == area.coordinator
        assert (await thief.get("/api/me")).status_code == 401


async def test_signing_out_ends_the_session_for_whoever_holds_its_cookie(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as browser, instance.browser() as thief:
        thief.cookies.set("korridor", browser.cookies["korridor"])
        answer = await browser.post("/api/sign-out")
        assert answer.status_code == 204
        assert "korridor" not in browser.cookies
        assert (await thief.get("/api/me")).status_code == 401


async def test_signing_out_closes_the_sockets_of_the_session_and_no_others(instance: Instance, area: SmallArea) -> None:
    async with (
        instance.signed_in(area.member) as browser,
        instance.signed_in(area.member) as other,
        _socket(instance, browser) as closing,
        _socket(instance, other) as staying,
    ):
        await browser.post("/api/sign-out")
        await closing.wait_closed()
        assert closing.close_code == 4401
        await staying.send('{"t":"hello","protocol":1}')
        assert '"welcome"' in str(await staying.recv())


async def test_seat6_signing_out_in_one_process_closes_the_sockets_in_the_others(postgres_url: str) -> None:
    """Without Redis: the sweep finds it."""
    async with running_instance(postgres_url) as one, running_instance(postgres_url) as other:
        area = await one.small_area()
        async with one.signed_in(area.member) as browser, _socket(other, browser) as elsewhere:
            await elsewhere.send('{"t":"hello","protocol":1}')
            assert '"welcome"' in str(await elsewhere.recv())
            await browser.post("/api/sign-out")
            await asyncio.wait_for(elsewhere.wait_closed(), 30)
            assert elsewhere.close_code == 4401


async def test_a_socket_that_was_being_opened_while_its_session_ended_is_not_let_in(sqlite_url: str) -> None:
    """What was read of the session before it ended does not count when the answer arrives after."""
    async with running_kernel(sqlite_url) as kernel:
        await _end_while_opening(kernel.database)


async def _end_while_opening(database: Database) -> None:
    sessions = Sessions(database, lifetime=timedelta(days=1), secure=False, ended=lambda _: None)
    session, token = await sessions.begin("person", "area")
    scope = {"type": "http", "headers": [(b"cookie", f"korridor={token}".encode())]}
    opening = asyncio.create_task(sessions.of(ASGIConnection(scope)))  # type: ignore[arg-type]
    ending = asyncio.create_task(sessions.end(session))
    assert await opening is None
    await ending


async def test_a_session_ends_when_its_time_is_over(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as browser:
        await instance.korridor.kernel.database.write(_expire, "2026-01-01T00:00:00.000000Z")
        assert (await browser.get("/api/me")).status_code == 401


async def test_the_socket_of_a_session_whose_time_is_over_closes(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as browser, _socket(instance, browser) as socket:
        await socket.send('{"t":"hello","protocol":1}')
        await socket.recv()
        await instance.korridor.kernel.database.write(_expire, "2026-01-01T00:00:00.000000Z")
        await instance.korridor.sessions.end_lapsed(instance.korridor.hub.sessions())
        await socket.wait_closed()
    assert socket.close_code == 4401
    await instance.korridor.sessions.forget_lapsed()
    assert await _stored(instance) == []


async def test_a_session_outlives_a_restart(database_url: str) -> None:
    async with running_instance(database_url) as instance:
        area = await instance.small_area()
        async with instance.signed_in(area.member) as browser:
            token = browser.cookies["korridor"]
    async with running_instance(database_url) as instance, instance.browser() as browser:
        browser.cookies.set("korridor", token)
        assert (await browser.get("/api/me")).json()["person"] == area.member


@pytest.mark.parametrize("token", ["", "x", "a" * 4000, "ä", '"', "%00"])
async def test_a_made_up_cookie_signs_nobody_in(instance: Instance, area: SmallArea, token: str) -> None:
    async with instance.browser() as browser:
        answer = await browser.get("/api/me", headers=[(b"Cookie", f"korridor={token}".encode())])
    assert answer.status_code == 401


def _socket(instance: Instance, browser: object) -> connect:
    cookie = f"korridor={browser.cookies['korridor']}"  # type: ignore[attr-defined]
    return connect(
        f"ws://127.0.0.1:{instance.settings.port}/ws",
        origin=instance.url,  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie},
        proxy=None,
    )


async def _stored(instance: Instance) -> list[str]:
    def ids(connection: Connection) -> list[str]:
        return list(connection.execute(select(sessions_table.c.id)).scalars())

    return await instance.korridor.kernel.database.read(ids)


def _expire(connection: Connection, at: str) -> None:
    connection.execute(update(sessions_table).values(expires_at=at))

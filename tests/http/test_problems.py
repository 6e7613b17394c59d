"""One shape for everything that is not what was asked for, on every route; nothing of a mistake of ours is shown."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from sqlalchemy import text

from server.core.ids import new_id
from server.log import JsonLines
from shared_schema.base import FRAME_LIMIT
from shared_schema.frames import Problem
from shared_schema.people import JoinPerson
from shared_schema.refusals import Internal, Invalid
from tests.support.areas import SmallArea
from tests.support.instances import Instance, running_instance
from tests.support.routes import OPEN

BODIES = {
    "/api/spaces/{space:str}/invitations/mail": {"addresses": ["nora@x.example"], "role": "guest", "days": 1},
}
"""Sound bodies of routes that take no command."""


@pytest.fixture
async def instance(database_url: str) -> AsyncIterator[Instance]:
    async with running_instance(database_url) as instance:
        yield instance


@pytest.fixture
async def area(instance: Instance) -> SmallArea:
    return await instance.small_area()


def api_routes(app: Litestar) -> Iterator[tuple[str, str]]:
    """Method and path of every route but the client's."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path not in ("/", "/{path:path}"):
            for method in route.methods - {"OPTIONS", "HEAD"}:
                yield method, route.path


def filled(path: str, **ids: str) -> str:
    for part in path.split("/"):
        if part.startswith("{"):
            path = path.replace(part, ids.get(part.strip("{}").partition(":")[0], new_id()))
    return path


async def test_there_are_routes_to_hold(instance: Instance) -> None:
    assert len(list(api_routes(instance.korridor.litestar))) >= 12


async def test_every_route_but_the_public_ones_asks_who_you_are(instance: Instance, area: SmallArea) -> None:
    async with instance.browser() as browser:
        for method, path in api_routes(instance.korridor.litestar):
            answer = await browser.request(method, filled(path, space=area.network), json={})
            if path in OPEN:
                assert answer.status_code != 401, path
            else:
                assert (answer.status_code, answer.json()) == (401, {"status": 401, "reason": None}), path


async def test_every_route_answers_a_wrong_method_with_a_problem(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as browser:
        for _, path in api_routes(instance.korridor.litestar):
            answer = await browser.request("PATCH", filled(path))
            assert (answer.status_code, answer.json()) == (405, {"status": 405, "reason": None}), path
            assert answer.headers["allow"]


async def test_a_space_that_is_not_there_and_one_that_is_closed_look_the_same(
    instance: Instance, area: SmallArea
) -> None:
    """The guest of the area has no part in the network."""
    guest = await _guest(area)
    async with instance.signed_in(guest) as browser:
        for method, path in api_routes(instance.korridor.litestar):
            if "{space:str}" not in path:
                continue
            bodies = set()
            for space in (area.network, nowhere := new_id()):
                query = {"q": "x", "after": "0"}
                command = {"id": new_id(), "command": {"verb": "board.edit", "board": nowhere}}
                body = BODIES.get(path, command) if method == "POST" else None
                answer = await browser.request(
                    method, filled(path, space=space, task=area.area), params=query, json=body
                )
                assert answer.status_code == 404, (path, answer.text)
                bodies.add(answer.text.replace(space, "ID").replace(command["id"], "COMMAND"))  # type: ignore[arg-type]
            assert len(bodies) == 1, path


@pytest.mark.parametrize("space", ["x", "%20", "..", "a" * 3000, "%00", "%F0%9F%92%A9", "'; DROP TABLE spaces --"])
async def test_what_is_no_id_is_not_found(instance: Instance, area: SmallArea, space: str) -> None:
    async with instance.signed_in(area.member) as browser:
        for path in ("snapshot", "entries?after=0", "journal", f"tasks/{space}", "search?q=x"):
            answer = await browser.get(f"/api/spaces/{space}/{path}")
            assert answer.status_code in (400, 404), (path, answer.text)
            msgspec.json.decode(answer.content, type=Problem)


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        (b"", "", "type"),
        (b"{", "", "type"),
        (b"\xff", "", "type"),
        (b"[]", "", "type"),
        (b"{}", "person", "missing"),
        (b'{"person":7}', "person", "type"),
        (b'{"person":"Jana"}', "person", "shape"),
        (b'{"person":"01a2081f-2f4b-7082-9224-83256874eca1","role":"x"}', "role", "unknown_field"),
    ],
)
async def test_a_body_that_is_not_well_formed_says_where(
    instance: Instance, body: bytes, field: str, problem: str
) -> None:
    async with instance.browser() as browser:
        answer = await browser.post("/api/demo/sign-in", content=body, headers={"Content-Type": "application/json"})
    expected = {"status": 400, "reason": {"reason": "invalid", "field": field, "problem": problem}}
    assert (answer.status_code, answer.json()) == (400, expected)


async def test_a_body_beyond_the_limit_is_not_read(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as browser:
        for path in ("/api/demo/sign-in", f"/api/spaces/{area.network}/commands"):
            for body in (b" " * (FRAME_LIMIT + 1), _in_pieces(FRAME_LIMIT + 1)):
                answer = await browser.post(path, content=body)
                assert (answer.status_code, answer.json()) == (413, {"status": 413, "reason": None}), path


async def test_a_query_that_is_not_well_formed_says_where(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as browser:
        for query, field in (
            ("snapshot?at=x", "at"),
            ("entries", "after"),
            ("entries?after=-1", "after"),
            ("journal?limit=0", "limit"),
            ("search", "q"),
            (f"search?q={'a' * 201}", "q"),
        ):
            answer = await browser.get(f"/api/spaces/{area.network}/{query}")
            problem = msgspec.json.decode(answer.content, type=Problem)
            assert problem.status == answer.status_code == 400
            assert isinstance(problem.reason, Invalid)
            assert problem.reason.field == field, query


async def test_a_mistake_of_ours_is_logged_under_a_reference_and_not_shown(
    instance: Instance, area: SmallArea, caplog: pytest.LogCaptureFixture
) -> None:
    async with instance.signed_in(area.member) as browser:
        await instance.korridor.kernel.database.write(lambda c: c.execute(text("DROP TABLE ownerships")))
        with caplog.at_level(logging.ERROR):
            answer = await browser.get("/api/overview")
    problem = msgspec.json.decode(answer.content, type=Problem)
    assert answer.status_code == 500
    assert isinstance(problem.reason, Internal)
    assert "ownerships" not in answer.text
    (logged,) = [r for r in caplog.records if r.name == "korridor.http"]
    line = JsonLines().format(logged)
    assert problem.reason.reference in line
    assert "server/board/views.py" in line, "where it happened"
    assert area.member not in line, "the values of a statement are about people"


async def _in_pieces(size: int) -> AsyncIterator[bytes]:
    """A body that does not say beforehand how long it is."""
    for _ in range(0, size, 1024):
        yield b" " * 1024


async def _guest(area: SmallArea) -> str:
    guest = new_id()
    await area.accept(JoinPerson(id=guest, name="Mira", role="guest"), space=area.area)
    return guest

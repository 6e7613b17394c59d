"""What reaches the routes at all, and what every answer carries."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from server.health import PATHS
from server.log import JsonLines
from server.web import HEADERS
from tests.support.instances import Instance, running_instance


@pytest.fixture
async def instance(sqlite_url: str) -> AsyncIterator[Instance]:
    async with running_instance(sqlite_url) as instance:
        yield instance


def foreign_origins(instance: Instance) -> list[str]:
    port = instance.settings.port
    return [
        "null",
        "https://evil.example",
        f"http://evil-127.0.0.1:{port}",
        f"http://127.0.0.1.evil.example:{port}",
        f"http://127.0.0.1:{port}.evil.example",
        f"https://127.0.0.1:{port}",
        "http://127.0.0.1",
        f"http://127.0.0.1:{port + 1}",
        f"http://127.0.0.1:{port}/",
        f"http://user@127.0.0.1:{port}",
    ]


async def test_what_changes_something_comes_from_our_own_pages(instance: Instance) -> None:
    async with instance.browser() as browser:
        for origin in foreign_origins(instance):
            answer = await browser.post("/api/demo/sign-in", json={}, headers={"Origin": origin})
            assert (answer.status_code, answer.json()) == (403, {"status": 403, "reason": None}), origin


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
async def test_a_browser_that_names_another_site_is_not_let_in(instance: Instance, site: str) -> None:
    async with instance.browser() as browser:
        answer = await browser.post("/api/demo/sign-in", json={}, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403


async def test_a_change_that_does_not_say_where_it_comes_from_is_not_let_in(instance: Instance) -> None:
    async with instance.browser() as browser:
        del browser.headers["origin"]
        assert (await browser.post("/api/demo/sign-in", json={})).status_code == 403


async def test_our_own_pages_are_let_in(instance: Instance) -> None:
    async with instance.browser() as browser:
        for origin in instance.settings.origins:
            answer = await browser.post("/api/demo/sign-in", json={}, headers={"Origin": origin})
            assert answer.status_code == 400, "it reached the route, which misses a person"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "", "127.0.0.1:1"])
async def test_a_name_that_is_not_ours_gets_nothing(instance: Instance, host: str) -> None:
    async with instance.browser() as browser:
        assert (await browser.get("/api/me", headers={"Host": host})).status_code == 421
        for path in PATHS:
            assert (await browser.get(path, headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("path", ["/", "/health", "/api/me", "/api/nothing", "/assets/nothing.js", "/api/sign-out"])
async def test_every_answer_carries_our_headers(instance: Instance, path: str) -> None:
    async with instance.browser() as browser:
        answer = await browser.get(path)
    assert HEADERS.items() <= {name: answer.headers.get(name) for name in HEADERS}.items()
    assert "server" not in answer.headers


async def test_who_is_turned_away_stands_in_the_log_on_one_line(
    instance: Instance, caplog: pytest.LogCaptureFixture
) -> None:
    async with instance.browser() as browser:
        await browser.post("/api/me", headers={"Origin": "https://evil.example" + "x" * 500})
        await browser.get("/", headers={"Host": "evil.example"})
    lines = [JsonLines().format(record) for record in caplog.records if record.getMessage() == "turned_away"]
    by_origin, by_host = (msgspec.json.decode(line) for line in lines)
    assert (by_origin["status"], len(by_origin["origin"])) == (403, 100)
    assert (by_host["status"], by_host["host"]) == (421, "evil.example")


def test_the_content_policy_trusts_no_text_on_the_page_and_no_other_host() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy

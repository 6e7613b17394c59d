"""How the built client is served."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.instances import Instance, running_instance

PAGE = b"<!doctype html><title>Korridor</title>"
SCRIPT = b"export const answer = 42\n" * 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / ".vite").mkdir()
    files = {
        "index.html": PAGE,
        "service-worker.js": b"// worker",
        "manifest.webmanifest": b"{}",
        "assets/index-Df3k.js": SCRIPT,
        "assets/index-Df3k.js.gz": gzip.compress(SCRIPT),
        "assets/index-Df3k.js.br": b"as if brotli",
        "assets/text-9a.woff2": b"font",
        ".vite/manifest.json": b"{}",
    }
    for name, content in files.items():
        (built / name).write_bytes(content)
    return built


@pytest.fixture
async def instance(sqlite_url: str, folder: Path) -> AsyncIterator[Instance]:
    async with running_instance(sqlite_url, client=folder) as instance:
        yield instance


PLACES = ["/", "/sign-in", "/tasks", "/spaces/01a2081f-2f4b-7082-9224-83256874eca1", "/spaces/x/list?task=y"]


@pytest.mark.parametrize("path", PLACES)
async def test_every_place_of_the_client_is_its_page_asked_for_anew(instance: Instance, path: str) -> None:
    async with instance.browser() as browser:
        answer = await browser.get(path)
        again = await browser.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (answer.status_code, answer.content) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


async def test_assets_carry_their_hash_in_the_name_and_are_kept_for_ever(instance: Instance) -> None:
    async with instance.browser() as browser:
        script = await browser.get("/assets/index-Df3k.js", headers={"Accept-Encoding": "gzip"})
        best = await browser.get("/assets/index-Df3k.js", headers={"Accept-Encoding": "gzip, br;q=0.9"})
        plain = await browser.get("/assets/index-Df3k.js", headers={"Accept-Encoding": "identity"})
        font = await browser.get("/assets/text-9a.woff2")
    assert script.content == plain.content == SCRIPT
    assert (script.headers["content-encoding"], best.headers["content-encoding"]) == ("gzip", "br")
    assert "content-encoding" not in plain.headers
    assert script.headers["content-type"].startswith("text/javascript")
    assert font.headers["content-type"] == "font/woff2"
    for answer in (script, plain, font):
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["vary"] == "Accept-Encoding"


async def test_the_service_worker_rules_the_whole_site_and_is_asked_for_anew(instance: Instance) -> None:
    async with instance.browser() as browser:
        worker = await browser.get("/service-worker.js")
        manifest = await browser.get("/manifest.webmanifest")
    assert (worker.status_code, worker.headers["cache-control"]) == (200, "no-cache")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert manifest.headers["content-type"] == "application/manifest+json"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone-1234.js",
        "/assets",
        "/assets/",
        "/api",
        "/api/",
        "/nothing.js",
        "/.vite/manifest.json",
        "/index.html.gz",
        "/../pyproject.toml",
        "/%2e%2e/pyproject.toml",
        "/assets/%2e%2e/%2e%2e/pyproject.toml",
        "/assets/..%2findex.html",
    ],
)
async def test_what_is_no_file_and_no_place_is_not_found(instance: Instance, path: str) -> None:
    async with instance.browser() as browser:
        answer = await browser.get(path)
    assert (answer.status_code, answer.json()) == (404, {"status": 404, "reason": None})


async def test_monitors_may_ask_for_the_head_alone(instance: Instance) -> None:
    async with instance.browser() as browser:
        for path in ("/", "/health", "/assets/index-Df3k.js"):
            answer = await browser.head(path)
            assert (answer.status_code, answer.content) == (200, b""), path


async def test_without_a_built_client_a_page_says_how_to_build_it(sqlite_url: str, tmp_path: Path) -> None:
    async with running_instance(sqlite_url, client=tmp_path) as instance, instance.browser() as browser:
        answer = await browser.get("/")
        health = await browser.get("/health")
    assert answer.status_code == 503
    assert "make run" in answer.text
    assert health.status_code == 200

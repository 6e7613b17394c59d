"""Whether a process lives and whether it is ready, and what everybody else gets while the database is away."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import Connection, text

from server import __version__
from server.health import PATHS
from server.migrations import newest
from shared_schema.board import EditTask
from shared_schema.frames import Problem, Refused
from shared_schema.refusals import Unavailable
from tests.support.areas import writing_again
from tests.support.instances import Instance, running_instance
from tests.support.servers import Postgres
from tests.support.waiting import until


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
async def test_a_sound_instance_says_its_version_and_that_the_database_answers(database_url: str, path: str) -> None:
    async with running_instance(database_url) as instance, instance.browser() as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "version": __version__,
        "database": "ok",
        "dialect": database_url.partition(":")[0],
        "relay": "ok",
        "writing": "ok",
    }
    assert answer.headers["cache-control"] == "no-store"


async def test_monitors_that_ask_for_the_head_alone_get_it(sqlite_url: str) -> None:
    async with running_instance(sqlite_url) as instance, instance.browser() as browser:
        answers = [await browser.head(path) for path in PATHS]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"")] * len(PATHS)


async def test_while_the_database_is_away_the_process_lives_is_not_ready_and_others_may_try_again() -> None:
    """And when it is back, so are we, without a restart."""
    with Postgres() as cluster, cluster.database() as url:
        async with running_instance(url) as instance:
            area = await instance.small_area()
            async with instance.signed_in(area.member) as browser:
                cluster.kill()
                live = await browser.get("/health/live")
                health = await browser.get("/health")
                me = await browser.get("/api/me")
                cluster.start()
                again = await browser.get("/health")
                me_again = await browser.get("/api/me")
    assert (live.status_code, live.json()) == (200, {"status": "ok", "version": __version__})
    assert (health.status_code, health.json()["status"], health.json()["database"]) == (503, "failing", "unreachable")
    assert me.status_code == 503
    assert msgspec.json.decode(me.content, type=Problem).reason == Unavailable()
    assert me.headers["retry-after"]
    assert (again.status_code, me_again.status_code) == (200, 200)


async def test_a_database_that_another_version_has_written_makes_unready(database_url: str) -> None:
    async with running_instance(database_url) as instance:
        await instance.korridor.kernel.database.write(_set_version, "9999")
        assert await _ready(instance) == (503, "failing", "other_version")
        await instance.korridor.kernel.database.write(_set_version, newest())
        assert await _ready(instance) == (200, "ok", "ok")


async def test_a_process_whose_database_a_newer_version_has_taken_over_writes_no_more(postgres_url: str) -> None:
    async with running_instance(postgres_url) as instance:
        small, kernel = await instance.small_area(), instance.korridor.kernel
        task = await small.new_task()
        await kernel.database.write(_set_version, "9999")
        await until(lambda: not kernel.writing, 30)
        refused = await small.send(EditTask(task=task, title="Zu spät"))
        assert isinstance(refused, Refused)
        assert refused.reason == Unavailable()
        await kernel.database.write(_set_version, newest())
        await writing_again(kernel)
        await small.accept(EditTask(task=task, title="Wieder unsere"))


async def test_without_others_to_hear_from_and_without_writing_one_can_still_read(sqlite_url: str) -> None:
    async with running_instance(sqlite_url) as instance, instance.browser() as browser:
        instance.korridor.hub.set_state(relay="late", writing="paused")
        answer = await browser.get("/health/ready")
    assert (answer.status_code, answer.json()["relay"], answer.json()["writing"]) == (200, "late", "paused")


async def test_who_is_about_to_stop_lives_and_is_not_ready(sqlite_url: str) -> None:
    async with running_instance(sqlite_url) as instance, instance.browser() as browser:
        instance.korridor.hub.close()
        assert await _ready(instance) == (503, "stopping", "ok")
        assert (await browser.get("/health/live")).status_code == 200


async def _ready(instance: Instance) -> tuple[int, str, str]:
    async with instance.browser() as browser:
        answer = await browser.get("/health/ready")
    return answer.status_code, answer.json()["status"], answer.json()["database"]


def _set_version(connection: Connection, version: str) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})

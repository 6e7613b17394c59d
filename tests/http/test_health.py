"""`/health`, and what everybody else gets while the database is away."""

from __future__ import annotations

import msgspec

from server import __version__
from shared_schema.frames import Problem
from shared_schema.refusals import Unavailable
from tests.support.instances import running_instance
from tests.support.servers import Postgres


async def test_a_sound_instance_says_its_version_and_that_the_database_answers(database_url: str) -> None:
    async with running_instance(database_url) as instance, instance.browser() as browser:
        answer = await browser.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "version": __version__,
        "database": "ok",
        "dialect": database_url.partition(":")[0],
    }
    assert answer.headers["cache-control"] == "no-store"


async def test_while_the_database_is_away_health_is_failing_and_others_may_try_again() -> None:
    """And when it is back, so are we, without a restart."""
    with Postgres() as cluster, cluster.database() as url:
        async with running_instance(url) as instance:
            area = await instance.small_area()
            async with instance.signed_in(area.member) as browser:
                cluster.kill()
                health = await browser.get("/health")
                me = await browser.get("/api/me")
                cluster.start()
                again = await browser.get("/health")
                me_again = await browser.get("/api/me")
    assert (health.status_code, health.json()["database"]) == (503, "unreachable")
    assert me.status_code == 503
    assert msgspec.json.decode(me.content, type=Problem).reason == Unavailable()
    assert me.headers["retry-after"]
    assert (again.status_code, me_again.status_code) == (200, 200)

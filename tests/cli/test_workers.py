"""`korridor serve --workers N`: several processes behind one port, which stays open whatever happens to them."""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from tests.support.commands import Serving, korridor
from tests.support.waiting import until

AT_MOST = 120.0


@pytest.fixture
def serving(postgres_url: str, redis_url: str) -> Iterator[Serving]:
    with Serving(postgres_url, "--workers", "2", KORRIDOR_REDIS_URL=redis_url) as serving:
        yield serving


def lives(serving: Serving) -> bool:
    """Whether some worker answers. One that is about to stop may hang up before it has read the request: then one asks
    again, as browsers and proxies do. No connection is refused."""
    for _ in range(3):
        with suppress(ConnectionResetError):  # RemoteDisconnected is one; a refusal is not
            answer = urllib.request.urlopen(f"{serving.url}/health/live", timeout=60)  # noqa: S310
            with answer:
                return bool(answer.status == 200)
    return False


def workers(serving: Serving) -> set[int]:
    assert serving.process is not None
    return {child.pid for child in psutil.Process(serving.process.pid).children()}


async def test_a_worker_that_is_killed_is_replaced_and_the_port_answers_meanwhile(serving: Serving) -> None:
    await until(lambda: len(workers(serving)) == 2, AT_MOST)
    before = workers(serving)
    psutil.Process(min(before)).kill()

    def another() -> bool:
        assert lives(serving)
        return len(workers(serving) - before) == 1

    await until(another, AT_MOST, "another worker")
    code, _, complained = serving.stop()
    assert code == 0
    assert '"event": "worker_ended"' in complained


async def test_sighup_replaces_every_worker_while_the_port_answers(serving: Serving) -> None:
    before = workers(serving)
    assert serving.process is not None
    serving.process.send_signal(signal.SIGHUP)

    def replaced() -> bool:
        assert lives(serving)
        return len(workers(serving)) == 2 and workers(serving).isdisjoint(before)

    await until(replaced, AT_MOST, "both workers are others")


async def test_told_to_stop_it_ends_its_workers_and_says_once_where_it_was(serving: Serving) -> None:
    left = [psutil.Process(pid) for pid in workers(serving)]
    code, said, complained = serving.stop()
    events = [json.loads(line) for line in complained.splitlines()]
    assert (code, {event["event"] for event in events}) == (0, {"budgets_off", "started", "stopping", "stopped"})
    assert said.count(f"Korridor läuft: {serving.url}") == 1
    assert not any(process.is_running() for process in left)


async def test_workers_end_when_their_supervisor_is_killed(serving: Serving) -> None:
    left = [psutil.Process(pid) for pid in workers(serving)]
    serving.stop(signal.SIGKILL)
    await until(lambda: not any(process.is_running() for process in left), AT_MOST, "no worker is left")


def test_sqlite_has_one_writer_and_so_one_worker(sqlite_url: str) -> None:
    refused = korridor("serve", "--workers", "2", KORRIDOR_DATABASE_URL=sqlite_url)
    assert refused.returncode == 2
    assert refused.stderr.strip() == "Several workers need PostgreSQL: an SQLite file is written by one process."

"""What Prometheus gets: the numbers of this process on a port of their own, and nothing of anybody."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.core.counters import Counters, Distribution
from server.metrics import OfProcess
from shared_schema.board import FinishTask
from tests.support.instances import Instance, running_instance
from tests.support.servers import free_port
from tests.support.waiting import until

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"


@pytest.fixture
async def instance(sqlite_url: str) -> AsyncIterator[Instance]:
    async with running_instance(sqlite_url, metrics=("127.0.0.1", free_port())) as instance:
        yield instance


async def asked(instance: Instance) -> str:
    """What is answered once somebody listens: the port is taken while the server is up already."""
    assert instance.settings.metrics is not None
    host, port = instance.settings.metrics

    async def listens() -> bool:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            return False
        writer.close()
        return True

    await until(listens, at_most=10)
    async with httpx.AsyncClient() as prometheus:
        return (await prometheus.get(f"http://{host}:{port}/metrics")).text


async def values(instance: Instance) -> dict[str, float]:
    """The samples by their names, those of a reason under name and reason."""
    families = text_string_to_metric_families(await asked(instance))
    return {
        sample.name + "".join(sample.labels.get(label, "") for label in ("reason", "le")): sample.value
        for family in families
        for sample in family.samples
    }


async def test_what_was_done_is_counted(instance: Instance) -> None:
    area = await instance.small_area()
    before = await values(instance)
    task = await area.new_task()
    await area.accept(FinishTask(task=task))
    await area.refuse(FinishTask(task=area.area))
    after = await values(instance)
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown["korridor_commands_accepted_total"] == grown["korridor_entries_written_total"] == 2
    assert grown["korridor_commands_refused_totalnot_found"] == 1
    assert grown["korridor_batch_commands_count"] == grown["korridor_batch_commands_sum"] == 3
    assert grown["korridor_batch_commands_bucket1"] == grown["korridor_batch_commands_bucket+Inf"] == 3
    assert grown["korridor_commit_seconds_count"] == 2
    assert (after["korridor_writing_paused"], after["korridor_relay_late"]) == (0, 0)
    assert after["process_resident_memory_bytes"] > 0


async def test_nothing_of_anybody_is_in_them(instance: Instance) -> None:
    area = await instance.small_area()
    await area.new_task("Kanarienvogel")
    async with instance.signed_in(area.member):
        said = await asked(instance)
    assert "Kanarienvogel" not in said
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", said)
    labels = set(re.findall(r'(\w+)="', said))
    assert labels == {"reason", "le", "version", "dialect"} - ({"reason"} if "reason=" not in said else set())


async def test_without_the_setting_nobody_listens(sqlite_url: str) -> None:
    async with running_instance(sqlite_url) as instance:
        assert instance.settings.metrics is None


async def test_a_taken_port_keeps_nobody_from_working(sqlite_url: str, tmp_path: Path) -> None:
    async with running_instance(sqlite_url, metrics=("127.0.0.1", free_port())) as first:
        await asked(first)
        async with (
            running_instance(f"sqlite:///{tmp_path}/second.db", metrics=first.settings.metrics) as second,
            second.browser() as browser,
        ):
            assert (await browser.get("/health")).status_code == 200


async def test_every_metric_has_its_line_in_the_docs_and_no_other(instance: Instance) -> None:
    korridor = instance.korridor
    korridor.kernel.counters.refused["internal"] += 1
    metrics = await OfProcess(korridor.kernel, korridor.hub).read()
    ending = {"counter": "_total", "info": "_info"}
    names = {metric.name + ending.get(metric.type, "") for metric in metrics}
    section = OPERATING.read_text().partition("## Metrics")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == names


def test_a_value_counts_under_the_first_bound_that_it_does_not_exceed() -> None:
    distribution = Distribution((1, 2, 4))
    for value in (0.5, 1, 1.5, 4, 5):
        distribution.add(value)
    assert (distribution.counts, distribution.total) == ([2, 1, 1, 1], 12)


def test_each_process_counts_for_itself() -> None:
    one, other = Counters(), Counters()
    one.refused["internal"] += 1
    one.commits.add(1)
    assert (other.refused, other.commits.total) == ({}, 0)

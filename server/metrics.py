"""What Prometheus gets to know: counts and levels of this process. No ids, no names, no addresses, not even as labels.

Nothing is added up while people wait: the numbers lie in `core/counters.py`, and are turned into metrics when somebody
asks. `docs/operating.md` has a line for each metric, held by a test.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from server import __version__
from server.core.counters import Distribution
from server.core.kernel import Kernel
from server.realtime.hub import Hub

log = logging.getLogger("korridor")

ANSWERS_WITHIN = 5.0
"""Seconds that the loop has; one that does not turn gives no metrics, which is worth an alarm."""
TRY_AGAIN = 5.0
"""Seconds until a port is asked for again that another process holds, the one that this one follows for example."""


class OfProcess(Collector):
    """The metrics of one kernel and its hub. They are read on the loop, where they change, and asked for on threads."""

    def __init__(self, kernel: Kernel, hub: Hub) -> None:
        self._kernel = kernel
        self._hub = hub
        self._loop = asyncio.get_running_loop()

    def collect(self) -> Iterable[Metric]:
        return asyncio.run_coroutine_threadsafe(self.read(), self._loop).result(ANSWERS_WITHIN)

    async def read(self) -> list[Metric]:
        """The metrics as they are now."""
        return [_build(self._kernel), *_counts(self._kernel), *_distributions(self._kernel), *self._levels()]

    def _levels(self) -> Iterable[Metric]:
        kernel, hub = self._kernel, self._hub
        yield _level("commands_waiting", "Commands that wait for a batch", kernel.waiting)
        yield _level("connections", "Open sockets", hub.connections)
        yield _level("people", "People with an open socket", len(hub.here()))
        yield _level("seats", "Spaces watched, once for each socket", hub.rooms.seats)
        yield _level("spaces_watched", "Spaces that somebody watches", len(hub.rooms.watched()))
        yield _level("spaces_in_memory", "Spaces in memory", kernel.hot)
        yield _level(
            "relay_late", "1 while entries of other processes come by the sweep only", hub.state.relay == "late"
        )
        yield _level("writing_paused", "1 while the database cannot be written", hub.state.writing == "paused")


def _build(kernel: Kernel) -> Metric:
    about = {"version": __version__, "dialect": kernel.database.dialect}
    return InfoMetricFamily("korridor_build", "What is running", about)


def _counts(kernel: Kernel) -> Iterable[Metric]:
    counters = kernel.counters
    yield _count("commands_accepted", "Commands accepted, repeats included", counters.accepted)
    refused = CounterMetricFamily("korridor_commands_refused", "Commands refused, by reason", labels=["reason"])
    for reason, number in counters.refused.items():
        refused.add_metric([reason], number)
    yield refused
    yield _count("entries_written", "Entries that this process wrote", counters.written)
    yield _count("entries_taken_in", "Entries that another process wrote and this one showed", counters.taken_in)
    yield _count("seats_fell_behind", "Seats taken from clients that did not read", counters.fell_behind)
    yield _count("relay_sent", "News sent to other processes", counters.announced)
    yield _count("relay_heard", "News heard from other processes", counters.heard)


def _distributions(kernel: Kernel) -> Iterable[Metric]:
    counters = kernel.counters
    yield _spread("batch_commands", "Commands in a batch", counters.batches)
    yield _spread("commit_seconds", "From the beginning of a transaction to its COMMIT", counters.commits)
    yield _spread("showing_seconds", "From COMMIT until an entry was written to the last seat", counters.showings)


def _count(name: str, says: str, number: int) -> Metric:
    return CounterMetricFamily(f"korridor_{name}", says, value=number)


def _level(name: str, says: str, number: float) -> Metric:
    return GaugeMetricFamily(f"korridor_{name}", says, value=number)


def _spread(name: str, says: str, distribution: Distribution) -> Metric:
    bounds = [*map(str, distribution.bounds), "+Inf"]
    buckets = list(zip(bounds, accumulate(distribution.counts), strict=True))
    return HistogramMetricFamily(f"korridor_{name}", says, buckets=buckets, sum_value=distribution.total)


async def expose(host: str, port: int, kernel: Kernel, hub: Hub) -> None:
    """Answers those who ask on this port, until it is cancelled."""
    registry = CollectorRegistry()
    registry.register(OfProcess(kernel, hub))
    ProcessCollector(registry=registry)
    server, thread = await _listen(host, port, registry)
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.to_thread(server.shutdown)  # not on the loop: who asks just now waits for it
        server.server_close()
        await asyncio.to_thread(thread.join)


async def _listen(host: str, port: int, registry: CollectorRegistry) -> tuple[Any, Any]:
    """The library's own server on a thread. Without it people can work all the same, so that a taken port is no end."""
    while True:
        try:
            return await asyncio.to_thread(start_http_server, port, host, registry)
        except OSError:
            log.warning("metrics_port_taken", extra={"port": port})
            await asyncio.sleep(TRY_AGAIN)

"""P11: a slow reader hurts only itself. A real process and real sockets; one of them is not read any more.

The same flood runs twice, without the slow reader and with it: what the second one costs more is what it costs.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import psutil
from msgspec import Struct

from server.realtime.hub import STUCK
from server.realtime.links import BOUND
from server.realtime.rings import LENGTH
from tests.faults.figures import record
from tests.faults.places import Place, prepare
from tests.faults.raw import Raw, Watcher, create, first
from tests.faults.scenes import LONG, form, process_of

EVENTS = form(300, 5_000)
TEXT = 20_000
"""Letters in each: the longest there is, so that few events fill what the network itself keeps for a reader."""
MOST_GROWTH = 20_000_000
KEPT_ANYWAY = 2 * TEXT * min(EVENTS, LENGTH)
"""Bytes of the last entries, which are kept whether somebody is slow or not: as they are, and as they are sent."""
IN_THE_NETWORK = 5_000_000
"""Bytes that both ends of a connection may keep below the process (4 MiB at the sender by Linux's own setting)."""


class Flood(Struct):
    """One board that is written to, and one that watches it, in a process."""

    place: Place
    writer: Raw
    watcher: Watcher
    process: psutil.Process
    task: str
    revision: int = 0

    def run(self) -> tuple[list[float], int]:
        """Writes all events, one after the other. Answers how long each took to be shown, and how the process grew."""
        before = self.process.memory_info().rss
        delays = [self._write() for _ in range(EVENTS)]
        return delays, self.process.memory_info().rss - before

    def _write(self) -> float:
        command = {"verb": "task.describe", "task": self.task, "text": "Z" * TEXT}
        seen = {"expects": {"revision": self.revision}}
        begin = time.perf_counter()
        seq = do(self.writer, self.place, command, **seen)
        self.watcher.upto(seq)
        self.revision += 1
        return time.perf_counter() - begin


def p95(values: list[float]) -> float:
    """What 95 of 100 do not exceed."""
    return sorted(values)[int(0.95 * (len(values) - 1))]


def do(writer: Raw, place: Place, command: dict[str, str], **more: Any) -> int:
    """Sends a command; answers with the number of its entry."""
    seq: int = writer.do(first(place), command, **more)["seqs"][first(place)]
    return seq


def test_p11_seat3_a_slow_reader_is_bounded_and_slows_nobody(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/korridor.db"
    place = asyncio.run(prepare(url, people=3, spaces=1))
    writer_of, watcher_of, slow_of = place.cookies
    with process_of(url) as serving:
        assert serving.process is not None
        process = psutil.Process(serving.process.pid)
        with (
            Raw(serving.port).opened(writer_of) as writer,
            Watcher(serving.port).watching(first(place), watcher_of) as watcher,
        ):
            task = create(place, "Lang")
            watcher.upto(do(writer, place, task))
            flood = Flood(place, writer, watcher, process, task["id"])
            quick, growth_alone = flood.run()
            with Watcher(serving.port, receives=65_536).opened(slow_of) as slow:
                slow.watch_on(first(place), watcher.seq)
                with_slow, growth = flood.run()
                got = read_on(slow, place)
            with Watcher(serving.port).opened(slow_of) as again:
                again.watch_on(first(place), watcher.seq)
                again.upto(do(writer, place, create(place, "Weiter")))
        assert serving.stop()[0] == 0
    assert got < BOUND + IN_THE_NETWORK < EVENTS * TEXT
    assert growth < MOST_GROWTH + KEPT_ANYWAY
    assert p95(with_slow) < 10 * p95(quick)
    record(
        "P11 a slow reader",
        events=EVENTS,
        p95_alone_ms=round(1_000 * p95(quick), 2),
        p95_beside_ms=round(1_000 * p95(with_slow), 2),
        rise_percent=round(100 * (p95(with_slow) / p95(quick) - 1), 1),
        growth_alone_mb=round(growth_alone / 1e6, 1),
        growth_beside_mb=round(growth / 1e6, 1),
        kept_for_the_slow_one_kib=round(got / 1024),
    )


def read_on(slow: Watcher, place: Place) -> int:
    """Reads to the end of what had waited: everything came without a hole, and then `behind`. A flood that lasts longer
    than `STUCK` ends the connection. Answers how many bytes had waited."""
    before = slow.received
    try:
        assert slow.hear("behind")["space"] == first(place)
    except ConnectionError:
        assert LONG, f"ended before {STUCK} s"
    return slow.received - before

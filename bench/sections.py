"""The sections of a run: each measures one part of the figures and answers with what goes into `results.json`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median

import uvloop
from msgspec import Struct

from bench import halls
from bench.browser import measure
from bench.data import PEOPLE, WRITERS, Board, Ground, make_ground
from bench.driver import Browser, Seats, Wire
from bench.figures import Figures, median_of, ms, quantile, spread
from bench.loads import Acknowledged, Flood, Hall, flood, pace, write
from bench.machine import DRIVER_CORE, CannotMeasure, Child, pin_tree
from bench.run import Bench, Effort
from tests.support.servers import Postgres
from tools import size

IDLE_SEATS = 1_400
"""Seven of each person: with those that are opened before, as many as a session may have."""

# --- fan-out and latency ---------------------------------------------------------------------------------------------


def fanout(bench: Bench) -> Figures:
    """The most deliveries a second, and the bare server's, in turn."""
    with _both(bench) as both:
        return {f"seats_{seats}": both.fanout(seats) for seats in (200, 1_000)}


def latency(bench: Bench) -> Figures:
    """From the writer's send to each reader's receipt, at 20 entries a second and 200 seats: the best of the runs."""
    with _both(bench) as both, both.halls(200) as (ours, theirs):
        runs: tuple[list[list[float]], list[list[float]]] = [], []
        for _ in range(bench.effort.paces):
            for hall, samples in zip((ours, theirs), runs, strict=True):
                ours.seats.stay()
                samples.append(sorted(one.took for one in pace(hall, bench.effort.pace_s)))
        return {"seats_200": _best(runs[0]), "bare_broadcast": _best(runs[1])}


class _Both(Struct):
    """Product and bare server side by side, each idle while the other one is measured."""

    effort: Effort
    ground: Ground
    child: Child
    browsers: Sequence[Browser]
    other: Child
    other_port: int

    @contextmanager
    def halls(self, seats: int, bytes_each: int = 500) -> Iterator[tuple[Hall, Hall]]:
        ours = halls.product_hall(self.child, self.browsers, self.ground.hall, seats)
        theirs = halls.bare_hall(self.other, self.other_port, seats, bytes_each)
        with ours as product, theirs as bare:
            yield product, bare

    def fanout(self, seats: int) -> Figures:
        rounds: list[tuple[Flood, Flood]] = []
        bytes_each = 500
        with halls.product_hall(self.child, self.browsers, self.ground.hall, seats) as ours:
            bytes_each = round(flood(ours, 0.3).bytes_each)
            with halls.bare_hall(self.other, self.other_port, seats, bytes_each) as theirs:
                for _ in range(self.effort.floods):
                    ours.seats.stay()
                    rounds.append((flood(ours, self.effort.flood_s), flood(theirs, self.effort.flood_s)))
        return _fanout_figures(rounds, bytes_each)


@contextmanager
def _both(bench: Bench) -> Iterator[_Both]:
    with (
        halls.product(bench.sqlite, bench.folder, bench.ground.people) as (child, browsers),
        halls.bare(bench.folder) as (other, port),
    ):
        yield _Both(bench.effort, bench.ground, child, browsers, other, port)


def _fanout_figures(rounds: Sequence[tuple[Flood, Flood]], bytes_each: int) -> Figures:
    """Rates are medians. The ratio is that of the two medians; by processor time it is free of who else was there."""
    ours, theirs = [one for one, _ in rounds], [other for _, other in rounds]
    rate, bare_rate = median_of(ours, "per_s"), median_of(theirs, "per_s")
    cost, bare_cost = median_of(ours, "cpu_s_per_100k"), median_of(theirs, "cpu_s_per_100k")
    return {
        "deliveries_per_s": round(rate),
        "bare_broadcast_per_s": round(bare_rate),
        "ratio": round(rate / bare_rate, 2),
        "ratio_of_cpu": round(bare_cost / cost, 2),
        "deliveries_per_s_spread": spread(one.per_s for one in ours),
        "bare_broadcast_per_s_spread": spread(one.per_s for one in theirs),
        "cpu_s_per_100k": round(cost, 4),
        "bare_cpu_s_per_100k": round(bare_cost, 4),
        "server_cpu_share": round(median_of(ours, "server_cpu_share"), 2),
        "bare_cpu_share": round(median_of(theirs, "server_cpu_share"), 2),
        "driver_cpu_share": round(median_of(ours, "driver_cpu_share"), 2),
        "driver_cpu_share_at_bare": round(median_of(theirs, "driver_cpu_share"), 2),
        "entries_a_frame": round(median_of(ours, "deliveries_a_read"), 1),
        "bytes_each": bytes_each,
    }


def _best(runs: Sequence[list[float]]) -> Figures:
    """The run with the lowest p99: on a machine that others use, the one that they disturbed least."""
    best = min(runs, key=lambda samples: quantile(samples, 0.99))
    return {
        **{f"p{name}_ms": ms(quantile(best, name / 100)) for name in (50, 95, 99)},
        "p50_ms_spread": [ms(one) for one in sorted(quantile(samples, 0.5) for samples in runs)],
        "p99_ms_spread": [ms(one) for one in sorted(quantile(samples, 0.99) for samples in runs)],
        "deliveries": len(best),
    }


# --- commands --------------------------------------------------------------------------------------------------------


def commands(bench: Bench) -> Figures:
    """Acknowledged, durable commands a second by twenty writers, on both databases."""
    sqlite = _commands_on(bench, bench.sqlite, bench.ground)
    with Postgres(durable=True) as cluster, cluster.database() as url:
        pin_tree(cluster.pid, DRIVER_CORE)
        ground = uvloop.run(make_ground(url))
        return {"sqlite": sqlite, "postgres": _commands_on(bench, url, ground)}


def _commands_on(bench: Bench, url: str, ground: Ground) -> Figures:
    figures: Figures = {}
    with halls.product(url, bench.folder, ground.people[:WRITERS]) as (child, browsers):
        for name, boards in (("one_space", [ground.hall] * WRITERS), ("twenty_spaces", list(ground.networks))):
            with halls.writers_in(browsers, boards) as (seats, writers):
                runs = [write(seats, writers, child.cpu, bench.effort.write_s) for _ in range(bench.effort.writes)]
            figures[name] = _command_figures(runs)
    return figures


def _command_figures(runs: Sequence[Acknowledged]) -> Figures:
    p95 = [quantile(sorted(run.waits), 0.95) for run in runs]
    return {
        "per_s": round(median_of(runs, "per_s")),
        "p95_ms": ms(median(p95)),
        "p50_ms": ms(median(quantile(sorted(run.waits), 0.5) for run in runs)),
        "per_s_spread": spread(run.per_s for run in runs),
        "cpu_us_each": round(median(run.server_cpu_share / run.per_s for run in runs) * 1e6),
        "server_cpu_share": round(median_of(runs, "server_cpu_share"), 2),
        "driver_cpu_share": round(median_of(runs, "driver_cpu_share"), 2),
    }


# --- snapshot and memory ---------------------------------------------------------------------------------------------


def snapshot(bench: Bench) -> Figures:
    """The first and every further reading of a big board. Cold is a server that has not got the space in memory."""
    readings: dict[int, list[_Reading]] = {tasks: [] for tasks in bench.ground.sized}
    for _ in range(bench.effort.colds):
        with halls.product(bench.sqlite, bench.folder, bench.ground.people[:1]) as (_, (browser,)):
            browser.get(f"/api/spaces/{bench.ground.hall.space}/snapshot")  # what any first request costs
            for tasks, board in bench.ground.sized.items():
                readings[tasks].append(_read(browser, board, bench.effort.warms))
    return {f"tasks_{tasks}": _snapshot_figures(several) for tasks, several in readings.items()}


class _Reading(Struct, frozen=True):
    cold: float
    warm: list[float]
    plain: int
    packed: int


def _read(browser: Browser, board: Board, warms: int) -> _Reading:
    path = f"/api/spaces/{board.space}/snapshot"
    packed, cold = browser.get(path)
    warm = [browser.get(path)[1] for _ in range(warms)]
    return _Reading(cold, warm, len(browser.get(path, gzip=False)[0]), len(packed))


def _snapshot_figures(readings: Sequence[_Reading]) -> Figures:
    cold = [one.cold for one in readings]
    warm = sorted(seconds for one in readings for seconds in one.warm)
    return {
        "cold_ms": ms(median(cold)),
        "warm_ms": ms(median(warm)),
        "cold_ms_spread": [ms(min(cold)), ms(max(cold))],
        "warm_p95_ms": ms(quantile(warm, 0.95)),
        "bytes": readings[0].plain,
        "compressed_bytes": readings[0].packed,
    }


def memory(bench: Bench) -> Figures:
    """What an idle seat holds of the server's memory, and an idle connection of the bare server's."""
    space = bench.ground.hall.space
    with halls.product(bench.sqlite, bench.folder, bench.ground.people) as (child, browsers):
        ours = _growth(child, lambda number: browsers[number % PEOPLE].socket(space))
        whole = child.resident()
    with halls.bare(bench.folder) as (other, other_port):
        theirs = _growth(other, lambda _: Wire(other_port, "/"))
    return {
        "kib_per_seat": round(ours / 1024, 1),
        "bare_kib_per_connection": round(theirs / 1024, 1),
        "server_mib_with_seats": round(whole / 2**20),
        "seats": IDLE_SEATS,
    }


def _growth(child: Child, connect: Callable[[int], Wire]) -> float:
    """Bytes for each connection, after a few have paid for what is made once."""
    with Seats([connect(number) for number in range(20)]):
        before = child.resident()
        with Seats([connect(number) for number in range(IDLE_SEATS)]) as seats:
            seats.drain()
            return (child.resident() - before) / IDLE_SEATS


def client(_: Bench) -> Figures:
    """Bytes of the first load of a board, as the check of the budget counts them."""
    manifest = size.DIST / ".vite" / "manifest.json"
    if not manifest.exists():
        raise CannotMeasure("The web client is not built: `make client` does that.")
    files = size.files_of(size.FIRST_LOAD, json.loads(manifest.read_text()))
    weights = {file: round(size.weight(size.DIST / file) * 1000) for file in files}
    return {
        f"{kind}_gzip_bytes": sum(weight for file, weight in weights.items() if file.endswith(f".{kind}"))
        for kind in size.BUDGET
    }


def browser(bench: Bench) -> Figures:
    """A board of 1,000 tasks in Chromium: until it is painted, and what somebody else's move costs the page."""
    board = bench.ground.sized[1_000]
    with halls.product(bench.sqlite, bench.folder, bench.ground.people[1:3]) as (_, (viewer, mover)):
        measuring = measure(viewer, mover, board, paints=bench.effort.paints, moves=bench.effort.moves)
        return asyncio.run(measuring)

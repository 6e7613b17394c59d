"""One process and two on the same PostgreSQL: what they get done, in which order, and how soon one hears of the other.

Nothing is bound to a core here: the servers, the database and the driver share the two of the machine as they like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any

import uvloop
from msgspec import Struct
from sqlalchemy import Connection, text

from bench import halls
from bench.data import WRITERS, Board, Ground, make_ground
from bench.driver import Browser, Failed, Seats
from bench.figures import Figures, median_of, ms, quantile, spread, waits
from bench.loads import Acknowledged, Hall, burst, pace, work, write
from bench.locking import WAYS
from bench.machine import Child, cpu_of_tree, pin_tree
from bench.run import Bench
from server.core.database import open_database
from tests.support.servers import Postgres, Redis

IN_A_ROW = 50
"""Commands that each writer sends without waiting, to see that their order is kept."""
READERS = 10


def processes(bench: Bench) -> Figures:
    """Twenty writers at one process and at two, in turn, and the latency from one process to the other."""
    with cluster_with_ground() as (cluster, ground, urls), Redis() as redis, ExitStack() as stack:
        options = ("--redis", redis.url)
        one = stack.enter_context(_instance(bench, cluster, next(urls), ground, 1, *options))
        two = stack.enter_context(_instance(bench, cluster, next(urls), ground, 2, *options))
        across = _across(bench, two)  # first, while no move of the load leaves a task where it stands already
        figures = _in_turn(bench, {"one": one, "two": two})
        return {**figures, "ratio": _ratios(figures["two"], figures["one"]), "across": across}


def locks(bench: Bench) -> Figures:
    """Two processes that share the rows of the spaces in one way, in turn with two in every other way."""
    with cluster_with_ground() as (cluster, ground, urls), ExitStack() as stack:
        instances = {
            way: stack.enter_context(_instance(bench, cluster, next(urls), ground, 2, "--locks", way)) for way in WAYS
        }
        figures = _in_turn(bench, instances)
        return {**figures, "ratio": _ratios(figures["skipping"], figures["waiting"])}


# --- instances -------------------------------------------------------------------------------------------------------


class Instance(Struct, frozen=True):
    """Processes over one database, and the same people signed in at each."""

    url: str
    ground: Ground
    cluster: Postgres
    children: Sequence[Child]
    browsers: Sequence[list[Browser]]

    def cpu(self) -> float:
        """Seconds of processor time of all its processes."""
        return sum(child.cpu() for child in self.children)

    def writers(self, boards: Sequence[Board]) -> Any:
        """A writer for each board, at each process in turn."""
        at = len(self.children)
        several = [self.browsers[number // (len(boards) // at)][number] for number in range(len(boards))]
        return halls.writers_in(several, boards)


@contextmanager
def cluster_with_ground() -> Iterator[tuple[Postgres, Ground, Iterator[str]]]:
    """A durable PostgreSQL with the ground in it, and the URLs of as many copies of that as are asked for."""
    with Postgres(durable=True) as cluster, cluster.database() as url:
        pin_tree(cluster.pid, None)
        ground = uvloop.run(make_ground(url))
        yield cluster, ground, _copies(cluster, url)


def _copies(cluster: Postgres, url: str) -> Iterator[str]:
    source, number = url.rpartition("/")[2], 0
    while True:
        number += 1
        cluster.sql(f"CREATE DATABASE {source}_{number} TEMPLATE {source} STRATEGY file_copy")
        yield f"{url}_{number}"


@contextmanager
def _instance(
    bench: Bench, cluster: Postgres, url: str, ground: Ground, processes: int, *options: str
) -> Iterator[Instance]:
    people = ground.people[: 2 * WRITERS]
    with ExitStack() as stack:
        started = [
            stack.enter_context(halls.product(url, bench.folder, people, *options, core=None)) for _ in range(processes)
        ]
        children, browsers = zip(*started, strict=True)
        yield Instance(url, ground, cluster, children, browsers)


# --- writing ---------------------------------------------------------------------------------------------------------

SCENES: dict[str, Callable[[Ground], list[Board]]] = {
    "one_space": lambda ground: [ground.hall] * WRITERS,
    "twenty_spaces": lambda ground: list(ground.networks),
    "twenty_shared": lambda ground: [*ground.networks, *ground.networks],
}
"""Where the writers write. With two processes the first half writes at one and the second at the other: `shared` are
spaces that both write."""


class Run(Struct, frozen=True):
    """What writers got, and the processor time that their commands took in the database (µs each)."""

    acknowledged: Acknowledged
    database_us: float


def _in_turn(bench: Bench, instances: dict[str, Instance]) -> Figures:
    """Each scene on each instance, several times, the instances taking turns."""
    figures: Figures = {name: {} for name in instances}
    for scene, boards in SCENES.items():
        runs: dict[str, list[Run]] = {name: [] for name in instances}
        for turn in range(bench.effort.turns):
            for name in sorted(instances, reverse=bool(turn % 2)):  # nobody has always the better place
                runs[name].append(_write(instances[name], boards(instances[name].ground), bench.effort.write_s))
        for name, several in runs.items():
            figures[name][scene] = _figures(several)
    for instance in instances.values():
        uvloop.run(_hold_order(instance.url))
    return figures


def _write(instance: Instance, boards: list[Board], seconds: float) -> Run:
    with instance.writers(boards) as (seats, writers):
        before, used = uvloop.run(_entries(instance.url)), cpu_of_tree(instance.cluster.pid)
        acknowledged = write(seats, writers, instance.cpu, seconds)
        used = cpu_of_tree(instance.cluster.pid) - used
        entries = uvloop.run(_entries(instance.url)) - before
        burst(seats, writers, IN_A_ROW)
    return Run(acknowledged, used / entries * 1e6)


def _figures(runs: Sequence[Run]) -> Figures:
    several = [run.acknowledged for run in runs]
    p95 = [quantile(sorted(one.waits), 0.95) for one in several]
    return {
        "per_s": round(median_of(several, "per_s")),
        "per_s_spread": spread(one.per_s for one in several),
        "p50_ms": ms(median(quantile(sorted(one.waits), 0.5) for one in several)),
        "p95_ms": ms(median(p95)),
        "p95_ms_spread": [ms(min(p95)), ms(max(p95))],
        "cpu_us_each": round(median(one.server_cpu_share / one.per_s for one in several) * 1e6),
        "database_cpu_us_each": round(median_of(runs, "database_us")),
        "driver_cpu_share": round(median_of(several, "driver_cpu_share"), 2),
    }


def _ratios(ours: Figures, theirs: Figures) -> Figures:
    """Throughput of the one as a multiple of the other's, by scene."""
    return {scene: round(ours[scene]["per_s"] / theirs[scene]["per_s"], 2) for scene in SCENES}


# --- order -----------------------------------------------------------------------------------------------------------


async def _entries(url: str) -> int:
    return int(await _read(url, lambda connection: connection.scalar(text("SELECT sum(seq) FROM spaces"))))


async def _hold_order(url: str) -> None:
    """Raises if a journal has a hole, or if somebody's commands stand in another order than they were sent in."""
    if await _read(url, lambda connection: connection.execute(text(HOLES)).first()):
        raise Failed("the numbers of a journal are not 1 to n")
    if await _read(url, lambda connection: connection.execute(text(OVERTAKEN)).first()):
        raise Failed("a command overtook another one of the same person")


HOLES = "SELECT space FROM journal GROUP BY space HAVING min(seq) <> 1 OR max(seq) <> count(*)"
OVERTAKEN = """
SELECT 1 FROM (
  SELECT command, lag(command) OVER (PARTITION BY space, by_id ORDER BY seq) AS before
  FROM journal WHERE by_kind = 'person'
) AS several WHERE command < before
"""
"""Ids of commands ascend as they are made: the driver is one process."""


async def _read(url: str, query: Callable[[Connection], Any]) -> Any:
    database = open_database(url)
    try:
        return await database.read(query)
    finally:
        await database.close()


# --- from one process to the other -----------------------------------------------------------------------------------


def _across(bench: Bench, instance: Instance) -> Figures:
    """Twenty entries a second at the first process: from the send until readers there and at the other one have it."""
    board = instance.ground.hall
    here, there = ([browser.socket(board.space) for browser in several[:READERS]] for several in instance.browsers)
    writer = instance.browsers[0][0].socket()
    own = {wire.socket.fileno() for wire in here}
    with Seats([*here, *there, writer]) as seats:
        hall = Hall(seats, writer, work(board, board.tasks[:40]), 2 * READERS, instance.cpu)
        receipts = pace(hall, bench.effort.pace_s)
    return {
        "own": waits(one.took for one in receipts if one.socket in own),
        "other": waits(one.took for one in receipts if one.socket not in own),
    }

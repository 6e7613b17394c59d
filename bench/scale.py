"""Cost against size: the same few things with more spaces, with bigger boards, and with a longer journal."""

from __future__ import annotations

from statistics import median
from time import perf_counter

import uvloop
from msgspec import Struct
from sqlalchemy import text

from bench import halls
from bench.catching import catch_up, heads, length
from bench.data import Board, Maker
from bench.driver import Browser, Seats
from bench.figures import Figures, ms, quantile, spread_ms
from bench.journals import lengthen
from bench.loads import Writing, work, write
from bench.machine import DRIVER_CORE, Child, pin_tree
from bench.run import Bench
from server.core.database import open_database
from shared_schema.base import Id
from tests.support.areas import running_kernel
from tests.support.servers import Postgres

TASKS_EACH = 100
"""Tasks of each of many spaces."""
TASKS_BESIDE_JOURNAL = 50
PEOPLE = 20
CATCHING_UP = 30
"""How often somebody catches up on one entry."""
SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


def scale(bench: Bench) -> Figures:
    """The whole row of sizes on SQLite, then on PostgreSQL."""
    figures = {"sqlite": _measure(bench, f"sqlite:///{bench.folder}/scale.db")}
    with Postgres(durable=True) as cluster, cluster.database() as url:
        pin_tree(cluster.pid, DRIVER_CORE)
        figures["postgres"] = _measure(bench, url)
    return figures


def _measure(bench: Bench, url: str) -> Figures:
    ground = uvloop.run(_found(url))
    figures: Figures = {"spaces": {}, "tasks": {}, "journal": {}}
    board, there = None, 0
    for spaces in bench.effort.spaces:
        board = uvloop.run(_add_spaces(url, ground, there, spaces)) or board
        there = spaces
        assert board is not None
        figures["spaces"][str(spaces)] = _point(bench, url, ground, board)
    for tasks in bench.effort.tasks:
        sized = uvloop.run(_add_board(url, ground, f"{tasks} Aufgaben", tasks))
        figures["tasks"][str(tasks)] = _point(bench, url, ground, sized)
    long = uvloop.run(_add_board(url, ground, "Langes Journal", TASKS_BESIDE_JOURNAL))
    for entries in bench.effort.journal:
        begun = perf_counter()
        uvloop.run(lengthen(url, long.space, long.tasks[0], ground.people[0], entries))
        took = perf_counter() - begun
        figures["journal"][str(entries)] = {**_point(bench, url, ground, long), "made_in_s": round(took, 1)}
    return figures


# --- the ground ------------------------------------------------------------------------------------------------------


class _Ground(Struct, frozen=True):
    area: Id
    people: tuple[Id, ...]
    goals: tuple[Id, ...]


async def _found(url: str) -> _Ground:
    async with running_kernel(url) as kernel:
        maker = Maker(kernel)
        people = await maker.found_area(PEOPLE)
        return _Ground(maker.area, tuple(people), tuple(maker.goals))


async def _add_spaces(url: str, ground: _Ground, there: int, to: int) -> Board | None:
    """Founds spaces until there are so many; answers with the very first one if it is among them."""
    first = None
    async with running_kernel(url) as kernel:
        maker = Maker(kernel, ground.area, ground.goals)
        for number in range(there, to):
            board = await maker.found_board(f"Netzwerk {number}", ground.people[0], ground.people[:5], TASKS_EACH)
            first = first or (None if there else board)
        await kernel.followed()
    return first


async def _add_board(url: str, ground: _Ground, name: str, tasks: int) -> Board:
    async with running_kernel(url) as kernel:
        board = await Maker(kernel, ground.area, ground.goals).found_board(
            name, ground.people[0], ground.people[:5], tasks
        )
        await kernel.followed()
        return board


# --- one point of a curve --------------------------------------------------------------------------------------------


class _Reading(Struct, frozen=True):
    """What one process, freshly started, took."""

    start: float
    cold: float
    commands: list[float]
    cpu_us: float
    caught_up: list[float]
    resident: int


def _point(bench: Bench, url: str, ground: _Ground, board: Board) -> Figures:
    readings = [_read(bench, url, ground, board) for _ in range(bench.effort.points)]
    commands = sorted(seconds for one in readings for seconds in one.commands)
    caught_up = sorted(seconds for one in readings for seconds in one.caught_up)
    cold = [one.cold for one in readings]
    return {
        "start_s": round(min(one.start for one in readings), 2),
        "snapshot_cold_ms": ms(median(cold)),
        "snapshot_cold_ms_spread": spread_ms(cold),
        "command_p50_ms": ms(quantile(commands, 0.5)),
        "command_p95_ms": ms(quantile(commands, 0.95)),
        "command_cpu_us": round(median(one.cpu_us for one in readings)),
        "catch_up_p50_ms": ms(quantile(caught_up, 0.5)),
        "catch_up_p95_ms": ms(quantile(caught_up, 0.95)),
        "server_mib": round(median(one.resident for one in readings) / 2**20),
        "database_mib": round(uvloop.run(_size(url)) / 2**20),
    }


async def _size(url: str) -> int:
    """Bytes of the database."""
    database = open_database(url)
    try:
        return await database.read(lambda connection: int(connection.scalar(text(SIZE[connection.dialect.name]))))
    finally:
        await database.close()


def _read(bench: Bench, url: str, ground: _Ground, board: Board) -> _Reading:
    last = uvloop.run(length(url, board.space))
    known = uvloop.run(heads(url, board.space, [last - 1]))[last - 1]
    begun = perf_counter()
    with halls.product(url, bench.folder, ground.people[:2]) as (child, (browser, writer)):
        start = perf_counter() - begun
        browser.get("/api/me")  # what any first request costs
        _, cold = browser.get(f"/api/spaces/{board.space}/snapshot")
        wire = browser.socket()
        caught_up = [catch_up(wire, board.space, last - 1, known).took for _ in range(CATCHING_UP)]
        commands, cpu_us = _commands(bench, child, writer, board)
        wire.close()
        return _Reading(start, cold, commands, cpu_us, caught_up, child.resident())


def _commands(bench: Bench, child: Child, browser: Browser, board: Board) -> tuple[list[float], float]:
    """The waits of one who sends a command after the other, and the processor time of each."""
    writer = Writing(browser.socket(board.space), work(board, board.tasks[:40]))
    with Seats([writer.wire]) as seats:
        done = write(seats, [writer], child.cpu, bench.effort.write_s)
    return done.waits, done.server_cpu_share / done.per_s * 1e6

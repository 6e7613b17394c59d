"""Thousands who only watch: what their sockets cost, and how soon the few who work are answered meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TypeVar

import msgspec
import uvloop
from msgspec import Struct

from bench import halls
from bench.crowds import EACH, Crowd, make_crowd
from bench.driver import ACCEPTED, ENTRIES, PING, Browser, Seats, Tally, Wire, frame, hold_no_trouble
from bench.figures import Figures, waits
from bench.loads import Writing, work
from bench.machine import DRIVER_CORE, Child, calm, pin_tree
from bench.run import Bench
from tests.support.servers import Postgres, Redis

T = TypeVar("T")
ACTIVE = 50
COMMAND_EVERY = 1.0
"""Seconds between two commands of somebody who works."""
AT_ONCE = 16
"""Sockets that are opened side by side."""
PING_EVERY = 15.0
"""Seconds between two pings of a client, as `welcome` asks for."""


def idle(bench: Bench) -> Figures:
    """The crowd on SQLite, then on PostgreSQL with a Redis, as an instance of that size would run."""
    figures = {"sqlite": _measure(bench, f"sqlite:///{bench.folder}/crowd.db")}
    with Postgres(durable=True) as cluster, cluster.database() as url, Redis() as redis:
        pin_tree(cluster.pid, DRIVER_CORE)
        figures["postgres"] = _measure(bench, url, "--redis", redis.url)
    return figures


def _measure(bench: Bench, url: str, *options: str) -> Figures:
    sockets, seconds = bench.effort.sockets, bench.effort.idle_s
    crowd = uvloop.run(make_crowd(url, sockets=sockets, spaces=sockets // EACH))
    with halls.product(url, bench.folder, crowd.people, *options) as (child, browsers):
        wires, costs = _take_seats(child, browsers, crowd, sockets)
        with Seats(wires) as seats:
            seats.drain()
            quiet = _Watch(child, seats, []).run(seconds)
            working = range(0, min(ACTIVE * EACH, len(crowd.boards)), EACH)
            busy = _Watch(child, seats, [_writer(wires[number], crowd, number) for number in working]).run(seconds)
            whole = child.resident()
    return {
        "sockets": sockets,
        "spaces": len(crowd.boards),
        "active": len(working),
        **costs,
        "server_mib": round(whole / 2**20),
        "idle_cpu_share": round(quiet.cpu_share, 3),
        "busy_cpu_share": round(busy.cpu_share, 3),
        "commands_per_s": round(len(busy.took) / seconds, 1),
        **waits(busy.took),
    }


def _writer(wire: Wire, crowd: Crowd, number: int) -> Writing:
    board = crowd.board(number)
    return Writing(wire, work(board, board.tasks))


# --- taking seats ----------------------------------------------------------------------------------------------------


def _take_seats(child: Child, browsers: Sequence[Browser], crowd: Crowd, sockets: int) -> tuple[list[Wire], Figures]:
    """A socket for each number, with a seat; and what a space, a handshake and a seat have cost."""
    spaces = len(crowd.boards)

    def connect(number: int) -> Wire:
        return browsers[crowd.person(number)].socket()

    def watch(number: int, wire: Wire) -> bytes:
        wire.say(msgspec.json.encode({"t": "watch", "space": crowd.board(number).space, "since": 0}))
        return wire.until(ENTRIES)

    with ThreadPoolExecutor(AT_ONCE) as at_once:
        first, connecting = _cost(child, lambda: list(at_once.map(connect, range(spaces))))
        _, opening = _cost(child, lambda: list(at_once.map(watch, range(spaces), first)))
        rest, more = _cost(child, lambda: list(at_once.map(connect, range(spaces, sockets))))
        _, watching = _cost(child, lambda: list(at_once.map(watch, range(spaces, sockets), rest)))
    number = sockets - spaces
    kib = (more.bytes + watching.bytes) / number / 1024
    return [*first, *rest], {
        "kib_per_socket": round(kib, 1),
        "kib_per_space": round((connecting.bytes + opening.bytes) / spaces / 1024 - kib, 1),
        "handshake_cpu_us": round(more.cpu_s / number * 1e6),
        "watch_cpu_us": round(watching.cpu_s / number * 1e6),
        "seats_per_s": round(number / (more.wall_s + watching.wall_s)),
    }


class _Cost(Struct, frozen=True):
    bytes: int
    cpu_s: float
    wall_s: float


def _cost(child: Child, work: Callable[[], T]) -> tuple[T, _Cost]:
    """The outcome of some work, and what it cost the server."""
    resident, cpu, at = child.resident(), child.cpu(), perf_counter()
    done = work()
    return done, _Cost(child.resident() - resident, child.cpu() - cpu, perf_counter() - at)


# --- watching --------------------------------------------------------------------------------------------------------


class _Watch:
    """Everybody pings now and again; the writers send a command every second. What it took, and what it cost."""

    def __init__(self, child: Child, seats: Seats, writers: Sequence[Writing]) -> None:
        self.took: list[float] = []
        self.cpu_share = 0.0
        self._child = child
        self._seats = seats
        self._writers = {one.wire.socket.fileno(): one for one in writers}
        self._answers = Tally(seats.buffer, ACCEPTED)

    def run(self, seconds: float) -> _Watch:
        begun, cpu = perf_counter(), self._child.cpu()
        pings, commands = self._pings(begun), self._commands(begun)
        with calm():
            while perf_counter() < begun + seconds:
                next(pings)
                next(commands)
                self._seats.pump(self._heard, PING_EVERY / len(self._seats.wires))
        self.cpu_share = (self._child.cpu() - cpu) / (perf_counter() - begun)
        self._seats.drain()
        return self

    def _pings(self, begun: float) -> Iterator[None]:
        """Each step sends the pings that are due: one after the other, so that they are spread over the time."""
        sent, ping = 0, frame(PING)
        wires = self._seats.wires
        while True:
            due = int((perf_counter() - begun) / PING_EVERY * len(wires))
            for number in range(sent, due):
                wires[number % len(wires)].socket.sendall(ping)
            sent = due
            yield

    def _commands(self, begun: float) -> Iterator[None]:
        """Each step sends the commands that are due; who still waits for an answer sends nothing meanwhile."""
        writers, sent = list(self._writers.values()), 0
        while True:
            due = int((perf_counter() - begun) / COMMAND_EVERY * len(writers))
            for number in range(sent, due):
                writer = writers[number % len(writers)]
                if not writer.sent_at:
                    writer.send()
            sent = due
            yield

    def _heard(self, number: int, size: int) -> None:
        hold_no_trouble(self._seats.buffer, size)
        before = self._answers.count
        self._answers.heard(number, size)
        if self._answers.count > before:
            writer = self._writers[number]
            self.took.append(perf_counter() - writer.sent_at)
            writer.sent_at = 0.0

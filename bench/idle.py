"""Thousands who only watch: what their sockets cost, and how soon the few who work are answered meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import msgspec
import uvloop
from msgspec import Struct

from bench import halls
from bench.crowds import MEMBERS, Crowd, make_crowd
from bench.driver import ACCEPTED, ENTRIES, PING, Browser, Seats, Tally, Wire, frame, hold_no_trouble
from bench.figures import Figures, waits
from bench.loads import Writing, work
from bench.machine import DRIVER_CORE, Child, calm, pin_tree
from bench.run import Bench
from tests.support.servers import Postgres, Redis

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
    crowd = uvloop.run(make_crowd(url, sockets))
    with halls.product(url, bench.folder, crowd.people, *options) as (child, browsers):
        wires, costs = _take_seats(child, browsers, crowd, sockets)
        with Seats(wires) as seats:
            seats.drain()
            quiet = _Watch(child, seats, []).run(seconds)
            working = range(0, min(ACTIVE * MEMBERS, len(crowd.boards)), MEMBERS)
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
    opening = _Opening(child, browsers, crowd)
    spaces, rest = range(len(crowd.boards)), range(len(crowd.boards), sockets)
    first, more = opening.open(spaces), opening.open(rest)
    kib = (more.connecting.bytes + more.watching.bytes) / len(rest) / 1024
    return opening.wires, {
        "kib_per_socket": round(kib, 1),
        "kib_per_space": round((first.connecting.bytes + first.watching.bytes) / len(spaces) / 1024 - kib, 1),
        "handshake_cpu_us": round(more.connecting.cpu_s / len(rest) * 1e6),
        "watch_cpu_us": round(more.watching.cpu_s / len(rest) * 1e6),
        "seats_per_s": round(len(rest) / (more.connecting.wall_s + more.watching.wall_s)),
    }


class _Cost(Struct):
    """What something has cost the server."""

    bytes: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0


class _Costs(Struct, frozen=True):
    connecting: _Cost
    watching: _Cost


class _Opening:
    """Opens sockets, some side by side. Those that are open already ping meanwhile, which is not counted."""

    def __init__(self, child: Child, browsers: Sequence[Browser], crowd: Crowd) -> None:
        self.wires: list[Wire] = []
        self._child = child
        self._browsers = browsers
        self._crowd = crowd
        self._pinged = perf_counter()

    def open(self, numbers: range) -> _Costs:
        """Connects all of these; then, when they are connected, lets them take their seats."""
        connecting, watching = _Cost(), _Cost()
        for several in _pieces(numbers):
            self.wires += self._run(self._connect, several, connecting)
        for several in _pieces(numbers):
            self._run(self._watch, several, watching)
        return _Costs(connecting, watching)

    def _connect(self, number: int) -> Wire:
        return self._browsers[self._crowd.person(number)].socket()

    def _watch(self, number: int) -> Wire:
        wire = self.wires[number]
        wire.say(msgspec.json.encode({"t": "watch", "space": self._crowd.board(number).space, "since": 0}))
        wire.until(ENTRIES)
        return wire

    def _run(self, work: Callable[[int], Wire], numbers: range, cost: _Cost) -> list[Wire]:
        self._stay()
        resident, cpu, at = self._child.resident(), self._child.cpu(), perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            done = list(threads.map(work, numbers))
        cost.bytes += self._child.resident() - resident
        cost.cpu_s += self._child.cpu() - cpu
        cost.wall_s += perf_counter() - at
        return done

    def _stay(self) -> None:
        if perf_counter() - self._pinged > PING_EVERY / 2:
            self._pinged = perf_counter()
            for wire in self.wires:
                wire.socket.sendall(frame(PING))


def _pieces(numbers: range, size: int = 250) -> list[range]:
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


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

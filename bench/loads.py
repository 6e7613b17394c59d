"""Loads: what is sent, how fast, and what is read off while it comes back.

The same ones drive the product and the bare server.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from time import perf_counter

import msgspec
import uuid_utils
from msgspec import Struct

from bench.data import Board
from bench.driver import ACCEPTED, MARK, PATIENCE, Failed, Seats, Tally, Wire, frame, hold_no_trouble
from bench.machine import calm
from shared_schema.base import Id

SLICE = 0.02
"""Seconds that the driver waits at most before it looks at the clock again."""
WORDS = "Wer wann womit kommt, steht jetzt im Plan. " * 70
Message = tuple[str, bytes]
"""The id of a command and the text that asks for it."""

# --- what is sent ----------------------------------------------------------------------------------------------------


def work(board: Board, tasks: Sequence[Id]) -> Iterator[Message]:
    """Everyday work on a board without end: tasks are moved to the top of the next column and renamed, in turn."""
    for number in count():
        task = tasks[number // 2 % len(tasks)]
        if number % 2:
            title = f"Protokoll der Sitzung schreiben, Fassung {number}"
            command: dict[str, str | None] = {"verb": "task.edit", "task": task, "title": title}
        else:
            # Never where the task stands already: an entry that changes nothing is shown to moderators only.
            column = board.columns[(1 + number // (2 * len(tasks))) % len(board.columns)]
            command = {"verb": "task.move", "task": task, "column": column, "after": None}
        id = str(uuid_utils.uuid7())
        yield id, msgspec.json.encode({"t": "do", "id": id, "space": board.space, "command": command})


def wordy(board: Board, tasks: Sequence[Id]) -> Iterator[Message]:
    """Long descriptions without end, so that what is sent soon outgrows every buffer on the way: 3 kB each."""
    for number in count():
        id = str(uuid_utils.uuid7())
        round, task = divmod(number, len(tasks))
        command = {"verb": "task.describe", "task": tasks[task], "text": f"{number} {WORDS}"}
        do = {"t": "do", "id": id, "space": board.space, "command": command, "expects": {"revision": round}}
        yield id, msgspec.json.encode(do)


def padded(size: int) -> Iterator[Message]:
    """Messages of so many bytes without end, each with an id where an entry has that of its command."""
    for _ in count():
        id = str(uuid_utils.uuid7())
        start = b'{%b%b","rest":"' % (MARK, id.encode())
        yield id, start + b"." * (size - len(start) - 2) + b'"}'


# --- one writes, many read -------------------------------------------------------------------------------------------


class Hall(Struct):
    """A server with everybody who reads, and a socket on which one writes. `cpu` reads the server's processor time."""

    seats: Seats
    writer: Wire
    messages: Iterator[Message]
    readers: int
    cpu: Callable[[], float]

    def send(self, number: int) -> list[str]:
        """Sends so many messages in one go; answers with their ids."""
        several = [next(self.messages) for _ in range(number)]
        self.writer.socket.sendall(b"".join(frame(text) for _, text in several))
        return [id for id, _ in several]


class Flood(Struct, frozen=True):
    """What a closed loop brought."""

    per_s: float
    server_cpu_share: float
    driver_cpu_share: float
    cpu_s_per_100k: float
    bytes_each: float
    deliveries_a_read: float


def flood(hall: Hall, seconds: float, *, in_flight: int = 32, warm: float = 0.5) -> Flood:
    """Always so many messages under way: a new one is sent as soon as all readers have had an old one, on average."""
    tally = Tally(hall.seats.buffer)
    sent = reads = 0
    writer = hall.writer.socket.fileno()

    def heard(number: int, size: int) -> None:
        nonlocal reads
        if number == writer:
            hold_no_trouble(hall.seats.buffer, size)
        else:
            reads += 1
            tally.heard(number, size)

    def turn() -> None:
        nonlocal sent
        room = tally.count // hall.readers + in_flight - sent
        if room > 0:
            hall.send(room)
            sent += room
        hall.seats.pump(heard, SLICE)

    with calm():
        begun = perf_counter()
        while perf_counter() < begun + warm:
            turn()
        start = _Reading(hall, tally, reads)
        while perf_counter() < begun + warm + seconds:
            turn()
        flood = start.until(_Reading(hall, tally, reads))
    _finish(hall, heard, lambda: tally.count, sent * hall.readers)
    return flood


class _Reading:
    """What the counters and clocks say at one moment of a flood."""

    def __init__(self, hall: Hall, tally: Tally, reads: int) -> None:
        self.at, self.server, self.driver = perf_counter(), hall.cpu(), _own_cpu()
        self.count, self.bytes, self.reads = tally.count, tally.bytes, reads

    def until(self, end: _Reading) -> Flood:
        took, count = end.at - self.at, end.count - self.count
        return Flood(
            per_s=count / took,
            server_cpu_share=(end.server - self.server) / took,
            driver_cpu_share=(end.driver - self.driver) / took,
            cpu_s_per_100k=(end.server - self.server) / count * 100_000,
            bytes_each=(end.bytes - self.bytes) / count,
            deliveries_a_read=count / (end.reads - self.reads),
        )


class Receipt(Struct, frozen=True):
    """A message has reached a reader: the number of its socket, and the seconds since it was sent."""

    socket: int
    took: float


def pace(hall: Hall, seconds: float, per_s: float = 20.0) -> list[Receipt]:
    """A message every so often, whatever becomes of the others; each reader's receipt of each message."""
    sent: dict[bytes, float] = {}
    came: list[tuple[int, float, bytes]] = []
    writer = hall.writer.socket.fileno()
    arrived = 0

    def heard(number: int, size: int) -> None:
        nonlocal arrived
        hold_no_trouble(hall.seats.buffer, size)
        if number == writer:
            return
        came.append((number, perf_counter(), bytes(hall.seats.buffer[:size])))
        arrived += hall.seats.buffer.count(MARK, 0, size)

    with calm():
        begun = perf_counter()
        for number in range(int(seconds * per_s)):
            due = begun + number / per_s
            while (left := due - perf_counter()) > 0:
                hall.seats.pump(heard, left)
            at = perf_counter()
            (id,) = hall.send(1)
            sent[id.encode()] = at
        _finish(hall, heard, lambda: arrived, len(sent) * hall.readers)
    return [Receipt(number, at - sent[id]) for number, at, text in came for id in _ids(text)]


def _ids(text: bytes) -> list[bytes]:
    return [part[:36] for part in text.split(MARK)[1:]]


def _finish(hall: Hall, heard: Callable[[int, int], None], counted: Callable[[], int], expected: int) -> None:
    """Reads on until every message has reached every reader, neither less nor more often."""
    deadline = perf_counter() + PATIENCE
    while counted() < expected:
        if perf_counter() > deadline:
            raise Failed(f"{expected - counted()} of {expected} deliveries never came")
        hall.seats.pump(heard, SLICE)
    hall.seats.drain()
    if counted() != expected:
        raise Failed(f"{counted()} deliveries instead of {expected}")


# --- many write ------------------------------------------------------------------------------------------------------


class Acknowledged(Struct, frozen=True):
    """What closed-loop writers got, with the seconds that each acknowledgement took."""

    per_s: float
    waits: list[float]
    server_cpu_share: float
    driver_cpu_share: float


class Writing(Struct):
    """One who writes: the next command is sent as soon as the one before is acknowledged."""

    wire: Wire
    messages: Iterator[Message]
    sent_at: float = 0.0

    def send(self) -> None:
        _, text = next(self.messages)
        self.sent_at = perf_counter()
        self.wire.socket.sendall(frame(text))


def write(
    seats: Seats, writers: Sequence[Writing], cpu: Callable[[], float], seconds: float, warm: float = 0.5
) -> Acknowledged:
    """Each writer sends, waits for the acknowledgement, sends again; their seats get the entries meanwhile."""
    by_number = {one.wire.socket.fileno(): one for one in writers}
    tally = Tally(seats.buffer, ACCEPTED)
    waits: list[float] = []
    going = True

    def heard(number: int, size: int) -> None:
        before = tally.count
        tally.heard(number, size)
        if tally.count == before:
            hold_no_trouble(seats.buffer, size)
            return
        writer = by_number[number]
        waits.append(perf_counter() - writer.sent_at)
        if going:
            writer.send()

    with calm():
        for one in writers:
            one.send()
        end = perf_counter() + warm
        while perf_counter() < end:
            seats.pump(heard, SLICE)
        waits.clear()
        begun, server, driver = perf_counter(), cpu(), _own_cpu()
        while perf_counter() < begun + seconds:
            seats.pump(heard, SLICE)
        took = perf_counter() - begun
        taken = list(waits)
        shares = (cpu() - server) / took, (_own_cpu() - driver) / took
        going = False
        seats.drain()
    return Acknowledged(len(taken) / took, taken, *shares)


def burst(seats: Seats, writers: Sequence[Writing], each: int) -> None:
    """Everybody sends so many commands in one go, and reads until all of them are acknowledged."""
    tally = Tally(seats.buffer, ACCEPTED)

    def heard(number: int, size: int) -> None:
        tally.heard(number, size)
        hold_no_trouble(seats.buffer, size)

    for one in writers:
        one.wire.socket.sendall(b"".join(frame(text) for _, text in islice(one.messages, each)))
    deadline = perf_counter() + PATIENCE
    while tally.count < each * len(writers):
        if perf_counter() > deadline:
            raise Failed(f"{each * len(writers) - tally.count} acknowledgements never came")
        seats.pump(heard, SLICE)


def _own_cpu() -> float:
    times = os.times()
    return times.user + times.system

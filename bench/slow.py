"""One who does not read: whether the others notice, and what is kept for them."""

from __future__ import annotations

from statistics import median

from bench import halls
from bench.driver import BUFFER, Wire
from bench.figures import Figures, ms, quantile, spread_ms
from bench.loads import Hall, pace, wordy
from bench.run import Bench

READERS = 20
PER_S = 100.0
SMALL = 4_096
"""Bytes that the slow reader's own system takes in, so that the rest piles up at the server."""
QUIET = 2.0
"""Seconds after which the slow reader, reading at last, has got all that there was."""


def slow(bench: Bench) -> Figures:
    """p95 from the send to everybody's receipt, with one more seat that never reads, and without, in turn."""
    without, along, left, grown = [], [], [], []
    people, seconds = bench.ground.people, bench.effort.slow_s
    with (
        halls.product(bench.sqlite, bench.folder, people) as (child, browsers),
        halls.product_hall(child, browsers, bench.ground.hall, READERS) as hall,
    ):
        hall.messages = wordy(bench.ground.hall, bench.ground.hall.tasks[:40])
        for _ in range(bench.effort.turns):
            without.append(_p95(hall, seconds))
            deaf = browsers[READERS].socket(bench.ground.hall.space, SMALL)
            before = child.resident()
            along.append(_p95(hall, seconds))
            grown.append(child.resident() - before)
            left.append(_left(deaf))
    return {
        "readers": READERS,
        "entries": round(seconds * PER_S),
        "p95_ms": ms(median(without)),
        "p95_ms_spread": spread_ms(without),
        "with_slow_reader_p95_ms": ms(median(along)),
        "with_slow_reader_p95_ms_spread": spread_ms(along),
        "ratio": round(median(along) / median(without), 2),
        "server_grew_mib": round(max(grown) / 2**20, 1),
        "kept_for_it_kib": round(max(left) / 1024),
    }


def _p95(hall: Hall, seconds: float) -> float:
    hall.seats.stay()
    return quantile(sorted(one.took for one in pace(hall, seconds, PER_S)), 0.95)


def _left(wire: Wire) -> int:
    """The bytes that waited for the slow reader, here and at the server; the last of it says that it is behind."""
    wire.socket.settimeout(QUIET)
    came = b""
    try:
        while b'"t":"behind"' not in came[-1_000:]:
            came += wire.socket.recv(BUFFER)
    finally:
        wire.close()
    return len(came)

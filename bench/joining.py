"""What it costs to come back: after one missed entry, after some hundred, and after more than anybody keeps at hand."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import uvloop

from bench import halls
from bench.catching import CaughtUp, catch_up, heads, length
from bench.driver import Browser, Seats, Wire
from bench.figures import Figures, ms
from bench.journals import lengthen
from bench.loads import Writing, burst, work
from bench.run import Bench
from shared_schema.base import Id

MISSED = (1, 500, 50_000)
KEPT = 600
"""Commands sent to a running server, so that it still has the last entries in memory."""
AT_ONCE = 50


def joining(bench: Bench) -> Figures:
    """A network with a long journal: what a process that has just started sends, and what one sends that saw it all."""
    board, people = bench.ground.networks[0], bench.ground.people
    there = uvloop.run(length(bench.sqlite, board.space))
    uvloop.run(lengthen(bench.sqlite, board.space, board.tasks[0], people[0], there + max(MISSED) + 10_000))
    last = uvloop.run(length(bench.sqlite, board.space))
    known = uvloop.run(heads(bench.sqlite, board.space, [last - missed for missed in MISSED]))
    figures: Figures = {"entries": last}
    with halls.product(bench.sqlite, bench.folder, people[:1]) as (_, (browser,)):
        wire = browser.socket()
        for since, head in known.items():
            caught_up = [catch_up(wire, board.space, since, head) for _ in range(bench.effort.joins)]
            figures[f"missed_{last - since}"] = _figures(browser, board.space, caught_up)
        figures["missed_500_in_memory"] = _in_memory(bench, browser, wire)
        wire.close()
    return figures


def _figures(browser: Browser, space: Id, caught_up: Sequence[CaughtUp]) -> Figures:
    took, bytes_ = median(one.took for one in caught_up), caught_up[-1].bytes
    figures: Figures = {"answer": caught_up[-1].answer}
    if caught_up[-1].answer == "behind":
        packed, fetched = browser.get(f"/api/spaces/{space}/snapshot")
        took, bytes_ = took + fetched, bytes_ + len(packed)
    return {**figures, "bytes": bytes_, "ms": ms(took)}


def _in_memory(bench: Bench, browser: Browser, wire: Wire) -> Figures:
    """The same 500 entries while the process still has them: it sent them to others a moment ago."""
    board = bench.ground.networks[0]
    writer = Writing(browser.socket(board.space), work(board, board.tasks[:40]))
    with Seats([writer.wire]) as seats:
        for _ in range(KEPT // AT_ONCE):
            burst(seats, [writer], AT_ONCE)
        last = uvloop.run(length(bench.sqlite, board.space))
        head = uvloop.run(heads(bench.sqlite, board.space, [last - 500]))[last - 500]
        caught_up = [catch_up(wire, board.space, last - 500, head) for _ in range(bench.effort.joins)]
    return {
        "answer": caught_up[-1].answer,
        "bytes": caught_up[-1].bytes,
        "ms": ms(median(one.took for one in caught_up)),
    }

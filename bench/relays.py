"""Pub/sub against streams as the carrier of wakes between processes: latency, cost, and what is lost."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import TypeVar

import msgspec
import redis
from msgspec import Struct

from bench.carriers import CARRIERS, Heard, Sent
from bench.figures import Figures, quantile
from bench.machine import CannotMeasure, cpu_of_tree
from bench.run import Bench
from tests.support.servers import Redis

T = TypeVar("T")
RATES = (100, 2_000)
ENDS_WITHIN = 30.0
UNDISTURBED = 2.0
"""Seconds that pass before a connection is cut, and before the next thing is done to it."""


class Line(Struct):
    """What was sent, what was heard, and the processor time of the Redis between (s)."""

    sent: Sent
    heard: Heard
    redis_s: float = 0.0


def relays(bench: Bench) -> Figures:
    """Both carriers at both rates, in turn; then each with its connection cut and its Redis restarted."""
    runs: dict[tuple[str, int], list[Line]] = {(kind, rate): [] for kind in CARRIERS for rate in RATES}
    with Redis() as server:
        _ask(server, "CONFIG", "SET", "appendonly", "no")  # wakes are worth no disk; streams would pay for it
        for _ in range(bench.effort.turns):
            for (kind, rate), several in runs.items():
                several.append(_undisturbed(server, kind, rate, bench.effort.relay_s))
    figures: Figures = {kind: {f"per_s_{rate}": _figures(runs[kind, rate]) for rate in RATES} for kind in CARRIERS}
    for kind in CARRIERS:
        with Redis() as server:  # one that keeps everything on disk: the best case for a stream
            figures[kind]["reconnect"] = _reconnect(server, kind)
    return figures


def _undisturbed(server: Redis, kind: str, rate: int, seconds: float) -> Line:
    before = cpu_of_tree(server.pid)
    with _line(server, kind, rate, seconds) as line:
        done = line()
    done.redis_s = cpu_of_tree(server.pid) - before
    return done


class _Running:
    """Both ends of a line under way; called, it waits for the end."""

    def __init__(self, server: Redis, kind: str, rate: int, seconds: float) -> None:
        self._hearing = _start("hear", kind, server.url)
        assert self._hearing.stdout is not None
        if self._hearing.stdout.readline() != "ready\n":
            raise CannotMeasure(f"nobody listens to {kind}")
        self._sending = _start("send", kind, server.url, str(rate), str(seconds))

    def __call__(self) -> Line:
        return Line(_said(self._sending, Sent), _said(self._hearing, Heard))

    def close(self) -> None:
        for end in (self._sending, self._hearing):
            if end.poll() is None:
                end.kill()
                end.communicate()


def _said(end: subprocess.Popen[str], kind: type[T]) -> T:
    said, _ = end.communicate(timeout=ENDS_WITHIN)
    return msgspec.json.decode(said.splitlines()[-1], type=kind)


@contextmanager
def _line(server: Redis, kind: str, rate: int, seconds: float) -> Iterator[_Running]:
    line = _Running(server, kind, rate, seconds)
    try:
        yield line
    finally:
        line.close()


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "bench.carriers", *arguments], stdout=subprocess.PIPE, text=True)


def _ask(server: Redis, *words: str) -> object:
    with redis.Redis.from_url(server.url) as client:
        return client.execute_command(*words)


# --- figures ---------------------------------------------------------------------------------------------------------


def _figures(runs: list[Line]) -> Figures:
    waits = [sorted(run.heard.took) for run in runs]
    return {
        **{f"p{share}_ms": _ms(median(quantile(one, share / 100) for one in waits)) for share in (50, 95)},
        "p95_ms_spread": [_ms(one) for one in sorted(quantile(one, 0.95) for one in waits)[:: len(waits) - 1 or 1]],
        "sender_us_each": _us(run.sent.cpu_s / len(run.sent.numbers) for run in runs),
        "listener_us_each": _us(run.heard.cpu_s / len(run.heard.numbers) for run in runs),
        "redis_us_each": _us(run.redis_s / len(run.sent.numbers) for run in runs),
        "lost": sum(len(_lost(run)) for run in runs),
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _us(seconds: Iterator[float]) -> int:
    return round(median(seconds) * 1e6)


def _lost(line: Line) -> set[int]:
    return set(line.sent.numbers) - set(line.heard.numbers)


# --- when a connection is lost ---------------------------------------------------------------------------------------


def _reconnect(server: Redis, kind: str) -> Figures:
    """A hundred messages a second, while the listener's connection is cut, Redis is restarted, and killed."""
    with _line(server, kind, 100, 4 * UNDISTURBED) as line:
        for disturb in (_cut, _restart, _kill):
            time.sleep(UNDISTURBED)
            disturb(server)
        done = line()
    heard = done.heard.numbers
    return {
        "sent": len(done.sent.numbers),
        "lost": len(_lost(done)),
        "twice": len(heard) - len(set(heard)),
        "longest_silence_s": round(done.heard.silence_s, 2),
    }


def _cut(server: Redis) -> None:
    with redis.Redis.from_url(server.url) as client:
        for one in client.client_list():
            if one["name"] == "hear":
                client.client_kill_filter(_id=one["id"])


def _restart(server: Redis) -> None:
    server.stop()
    server.start()


def _kill(server: Redis) -> None:
    server.kill()
    server.start()

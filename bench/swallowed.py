"""A process whose way to the database swallows everything in the middle of a transaction: when do others write again?

Two processes share a PostgreSQL, one of them through a proxy that stops answering as soon as the process has locked the
row of a space. Meanwhile people at the other process go on, in that space and in another one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice, pairwise
from statistics import median
from time import perf_counter

from sqlalchemy import make_url

from bench import halls
from bench.data import Ground
from bench.driver import ACCEPTED, PATIENCE, Browser, Failed, Seats, Wire, frame
from bench.figures import Figures
from bench.loads import SLICE, Message, work
from bench.locking import WAYS
from bench.processes import cluster_with_ground
from bench.run import Bench
from shared_schema.base import Id
from tests.support.proxy import Proxy, proxied

CALM = 1.0
"""Seconds of undisturbed work before each black hole."""
SURELY = 0.2
"""Seconds: what is acknowledged sooner was committed before the row was locked."""
AGAIN = 0.05
"""Seconds until a command that was refused, because nothing can be written, is sent again."""
HELD = 0.5
"""Seconds: a shorter silence says that the process had not got the lock, and the round does not count."""
MOST_TRIES = 10
FURTHER = 3.0
"""Seconds for which it is watched what becomes of the others once the first one writes again."""


def swallowed(bench: Bench) -> Figures:
    """The silences at the other process, for each way to share the rows of the spaces."""
    with cluster_with_ground() as (_, ground, urls):
        return {way: _measure(bench, next(urls), ground, way) for way in WAYS}


def _measure(bench: Bench, url: str, ground: Ground, way: str) -> Figures:
    address, people, options = make_url(url), ground.people[:3], ("--locks", way)
    with _proxy(address.host or "", address.port or 0) as proxy:
        through = address.set(port=proxy.port).render_as_string(hide_password=False)
        with (
            halls.product(through, bench.folder, people, *options, core=None) as (_, here),
            halls.product(url, bench.folder, people, *options, core=None) as (_, there),
        ):
            tries = (_Round(proxy, ground, here, there).run() for _ in range(MOST_TRIES * bench.effort.holes))
            rounds = list(islice((one for one in tries if one.same > HELD), bench.effort.holes))
    return {
        "same_space_s": round(median(one.same for one in rounds), 2),
        "same_space_s_worst": round(max(one.same for one in rounds), 2),
        "other_space_s": round(median(one.other for one in rounds), 2),
        "other_space_s_worst": round(max(one.other for one in rounds), 2),
        "refused": sum(one.refused for one in rounds),
        "rounds": len(rounds),
    }


# --- the proxy -------------------------------------------------------------------------------------------------------


class _Swallower:
    """A proxy on a loop and a thread of its own, because the driver has neither."""

    def __init__(self, proxy: Proxy, loop: asyncio.AbstractEventLoop) -> None:
        self._proxy = proxy
        self._loop = loop
        self.port = proxy.port

    def arm(self, sign: bytes) -> None:
        """The next connection that says this to the database gets no answer any more."""
        self._do(self._proxy.struck.clear)
        self._do(lambda: setattr(self._proxy, "deaf_after", sign))

    @property
    def struck(self) -> bool:
        return self._proxy.struck.is_set()

    def black_hole(self) -> None:
        self._do(self._proxy.black_hole)

    def heal(self) -> None:
        """Old connections end, as they would by the end of a long silence; new ones are let through."""
        self._do(self._proxy.heal)
        self._do(self._proxy.reset)

    def _do(self, work: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(work)


@contextmanager
def _proxy(host: str, port: int) -> Iterator[_Swallower]:
    ready: list[_Swallower] = []
    listens, done = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with proxied(host, port) as proxy:
            ready.append(_Swallower(proxy, asyncio.get_running_loop()))
            listens.set()
            await done.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    listens.wait(PATIENCE)
    try:
        yield ready[0]
    finally:
        ready[0]._do(done.set)
        thread.join()


# --- those who write -------------------------------------------------------------------------------------------------


class _Stubborn:
    """Sends a command, and the same one again while it is refused; then the next. Remembers when it got through."""

    def __init__(self, wire: Wire, messages: Iterator[Message]) -> None:
        self.wire = wire
        self.through: list[float] = []
        self.refused = 0
        self._messages = messages
        self._text = b""
        self._again_at = float("inf")

    def send(self) -> None:
        self._text = frame(next(self._messages)[1])
        self.wire.socket.sendall(self._text)

    def hear(self, said: bytes) -> None:
        if ACCEPTED in said:
            self.through.append(perf_counter())
            self.send()
        elif b'"t":"refused"' in said:
            self.refused += 1
            self._again_at = perf_counter() + AGAIN

    def remind(self) -> None:
        if perf_counter() >= self._again_at:
            self._again_at = float("inf")
            self.wire.socket.sendall(self._text)

    def first_after(self, moment: float) -> float | None:
        """When the first command got through after this moment."""
        return next((at for at in self.through if at > moment), None)

    def silence(self, since: float) -> float:
        """The longest time without a command that got through, from this moment on."""
        times = [since, *(at for at in self.through if at > since)]
        return max((after - before for before, after in pairwise(times)), default=float("inf"))


class _Round:
    """One black hole: calm, hole, until it is over for the others, and healed again."""

    def __init__(self, proxy: _Swallower, ground: Ground, here: list[Browser], there: list[Browser]) -> None:
        self._proxy = proxy
        self._space: Id = ground.networks[1].space
        first, second = ground.networks[1], ground.networks[2]
        self._struck = _Stubborn(here[1].socket(), work(first, first.tasks[:10]))
        self._beside = _Stubborn(there[0].socket(), work(first, first.tasks[10:20]))
        self._elsewhere = _Stubborn(there[2].socket(), work(second, second.tasks[:10]))
        self.same = self.other = 0.0
        self.refused = 0

    def run(self) -> _Round:
        several = {one.wire.socket.fileno(): one for one in (self._struck, self._beside, self._elsewhere)}
        with Seats([one.wire for one in several.values()]) as seats:
            self._seats, self._writers = seats, several
            for one in several.values():
                one.send()
            self._go_on(CALM)
            self._proxy.arm(self._space.encode())
            self._until(lambda: self._proxy.struck)
            self._proxy.black_hole()
            self._watch(perf_counter())
            self._proxy.heal()
            healed = perf_counter()
            self._until(lambda: self._struck.first_after(healed) is not None)
        return self

    def _watch(self, hole: float) -> None:
        self._until(lambda: self._beside.first_after(hole + SURELY) is not None)
        self._go_on(FURTHER)
        self.same, self.other = self._beside.silence(hole), self._elsewhere.silence(hole)
        self.refused = self._beside.refused + self._elsewhere.refused

    def _go_on(self, seconds: float) -> None:
        end = perf_counter() + seconds
        self._until(lambda: perf_counter() >= end)

    def _until(self, reached: Callable[[], bool]) -> None:
        deadline = perf_counter() + 2 * PATIENCE
        while not reached():
            if perf_counter() > deadline:
                raise Failed("nobody writes any more")
            self._seats.pump(self._heard, SLICE)
            for one in self._writers.values():
                one.remind()

    def _heard(self, number: int, size: int) -> None:
        self._writers[number].hear(bytes(self._seats.buffer[:size]))

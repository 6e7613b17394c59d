"""A scene for a fault: processes, clients that are connected to them, the history, and the judgement at the end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from msgspec import Struct

from tests.faults.checker import Evidence, Held, Violation, violations
from tests.faults.clients import Client
from tests.faults.history import AnyEvent, History
from tests.faults.places import Place, Stored, stored
from tests.faults.watchers import ANSWER_WITHIN, GONE, Address
from tests.support.commands import Serving
from tests.support.waiting import until

LONG = os.environ.get("KORRIDOR_FAULTS") == "long"
"""Whether the long forms run: `make test-faults`. Read here and nowhere else."""

PRODUCT = ("server.cli", "serve")
SETTLES_WITHIN = 30.0
"""Seconds after the last command within which everybody holds everything: ten times what is promised."""


def form(short: int, long: int) -> int:
    """How often, or how many: in the short form, which is part of `make test`, or in the long one."""
    return long if LONG else short


class Scene(Struct):
    """What a test of this folder plays with."""

    place: Place
    processes: list[Serving]
    clients: list[Client]
    history: History

    async def kill(self, number: int) -> None:
        """`kill -9` of a process, and a new one in its place. Returns when that serves."""
        await asyncio.to_thread(self.processes[number].stop, signal.SIGKILL)
        await asyncio.to_thread(self.processes[number].start)

    async def restart(self, number: int) -> None:
        """SIGTERM to a process, as an operator gives it, and a new one in its place. Returns when that serves."""
        code, _, complained = await asyncio.to_thread(self.processes[number].stop)
        assert code == 0, complained
        await asyncio.to_thread(self.processes[number].start)

    def together(self) -> bool:
        """Whether all clients hold the same number of each space."""
        return all(len({client.mirrors[space].seq for client in self.clients}) == 1 for space in self.place.boards)

    async def judged(self, settles_within: float = SETTLES_WITHIN) -> list[Violation]:
        """What was broken, once everybody had time to come to rest. Commands must have ended."""
        found = await stored(self.place)
        held = await self._held(found, settles_within)
        evidence = Evidence(events=self.history.events(), journals=found.journals, held=held, altered=found.altered)
        return violations(evidence)

    async def holds(self) -> None:
        """Fails, with the path of the history, if anything that is promised was broken."""
        broken = await self.judged()
        assert not broken, "\n".join([*map(str, broken[:20]), f"{len(broken)} in all; history: {self.history.path}"])

    async def _held(self, found: Stored, settles_within: float) -> list[Held]:
        last = {space: journal[-1][0] for space, journal in found.journals.items()}

        def everybody_has_everything() -> bool:
            return all(client.mirrors[space].seq >= last[space] for client in self.clients for space in last)

        with suppress(AssertionError):  # the judge says who lacks what
            await until(everybody_has_everything, settles_within)
        held = [client.held(space) for client in self.clients for space in last]
        for process in self.processes:
            reader = Client("reader", self.place, [_address(process)], self.history)
            held += [await _fresh(reader, space) for space in last]
            await reader.close()
        return held

    @property
    def events(self) -> list[AnyEvent]:
        return self.history.events()


async def _fresh(reader: Client, space: str) -> Held:
    for _ in range(10):
        try:
            return await reader.fresh(space)
        except GONE:
            await asyncio.sleep(0.5)
    return await reader.fresh(space)


def _address(process: Serving) -> Address:
    return Address(process.port, process.url)


@asynccontextmanager
async def scene(
    place: Place,
    processes: Sequence[Serving],
    folder: Path,
    *,
    clients: int = 8,
    addresses: Sequence[Address] = (),
    silence: float = ANSWER_WITHIN,
    name: str = "client",
    history: History | None = None,
) -> AsyncIterator[Scene]:
    """Clients, spread over running processes, one in four by POST. `addresses`: they reach them through proxies.

    `silence` is how long they wait for an answer; `history` is that of another scene that is played at the same time.
    """
    reached = list(addresses) or [_address(process) for process in processes]
    async with AsyncExitStack() as stack:
        kept = history or stack.enter_context(History(folder / "history.jsonl"))
        made = []
        for number in range(clients):
            tab, person = divmod(number, len(place.cookies))
            first = (person + tab) % len(reached)
            turned, cookie = [*reached[first:], *reached[:first]], place.cookies[person]
            by_post = number % 4 == 3
            made.append(
                Client(f"{name} {number}", place, turned, kept, cookie=cookie, by_post=by_post, silence=silence)
            )
        async with asyncio.TaskGroup() as group:
            for client in made:
                group.create_task(stack.enter_async_context(client))
        yield Scene(place, list(processes), made, kept)


def process_of(url: str, *, program: Sequence[str] = PRODUCT, **settings: str) -> Serving:
    """A process over a database, not started yet. It grants every budget: clients send faster than people do."""
    fixed = {"KORRIDOR_LOG_LEVEL": "error", "KORRIDOR_BUDGETS": "0"}
    return Serving(url, program=program, port=None, **(fixed | settings))


@asynccontextmanager
async def serving(
    url: str, number: int, *, program: Sequence[str] = PRODUCT, **settings: str
) -> AsyncIterator[list[Serving]]:
    """So many processes on one database. They come up at once and end with the context."""
    processes = [process_of(url, program=program, **settings) for _ in range(number)]
    async with AsyncExitStack() as stack:
        for process in processes:
            stack.callback(process.__exit__)
        await asyncio.gather(*(asyncio.to_thread(process.start) for process in processes))
        yield processes

"""What the clients are busy with while things break, and how far they are together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from server.core.ids import new_id
from shared_schema.base import Id
from tests.faults.clients import Client

Json = dict[str, Any]
NEW_TASKS, MOVES, READS = 0.1, 0.3, 0.02
"""Shares of all commands; the rest are edits. A read comes between two commands."""


class Progress:
    """How many commands were acknowledged to everybody together, and who waits for how many."""

    def __init__(self) -> None:
        self.done = 0
        self._moments: dict[int, asyncio.Event] = {}

    def step(self) -> None:
        self.done += 1
        if self.done in self._moments:
            self._moments.pop(self.done).set()

    async def reaches(self, number: int) -> None:
        """Returns when so many commands have been acknowledged."""
        if self.done < number:
            await self._moments.setdefault(number, asyncio.Event()).wait()


class Writer:
    """Lets a client write: new tasks, edits and moves, in all spaces of its place, and a read now and then."""

    def __init__(self, client: Client, progress: Progress) -> None:
        self.client = client
        self.progress = progress
        self._dice = client.dice
        self._tasks: dict[Id, list[Id]] = {space: [] for space in client.place.boards}
        self._number = 0

    async def write(self, commands: int, *, every: float = 0.0) -> None:
        """Writes so many commands, one after the other, with so many seconds in between."""
        for _ in range(commands):
            await self.one()
            self.progress.step()
            await asyncio.sleep(every)

    async def until(self, over: asyncio.Event, *, every: float = 0.0) -> None:
        """Writes until it is over."""
        while not over.is_set():
            await self.write(1, every=every)

    async def one(self) -> None:
        """Sends one command until it has its answer."""
        space = self._dice.choice(list(self._tasks))
        command, writes = self._next(space)
        await self.client.do(space, command, writes=writes)
        if command["verb"] == "task.create":
            self._tasks[space].append(command["id"])
        if self._dice.random() < READS:
            await self.client.read(space, *self._tasks[space][-2:])

    def _next(self, space: Id) -> tuple[Json, tuple[Id, str] | None]:
        tasks, column = self._tasks[space], self.client.place.boards[space]
        if not tasks or self._dice.random() < NEW_TASKS:
            return self._create(column)
        if self._dice.random() < MOVES:
            return {
                "verb": "task.move",
                "task": self._dice.choice(tasks),
                "column": column,
                "after": self._dice.choice(tasks),
            }, None
        task, title = self._dice.choice(tasks), self._title()
        return {"verb": "task.edit", "task": task, "title": title}, (task, title)

    def _create(self, column: Id) -> tuple[Json, tuple[Id, str]]:
        task, title = new_id(), self._title()
        return {"verb": "task.create", "id": task, "column": column, "title": title}, (task, title)

    def _title(self) -> str:
        self._number += 1
        return f"{self.client.name}, {self._number}"


def writers(clients: Iterable[Client]) -> tuple[list[Writer], Progress]:
    """A writer for each client, and what they get done together."""
    progress = Progress()
    return [Writer(client, progress) for client in clients], progress


async def write_together(all_of_them: Iterable[Writer], commands: int) -> None:
    """Everybody writes their share of so many commands."""
    busy = list(all_of_them)
    async with asyncio.TaskGroup() as group:
        for number, writer in enumerate(busy):
            group.create_task(writer.write(commands // len(busy) + (number < commands % len(busy))))

"""A small area to try things on: one coordinator, one network, and what it takes to send a command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct
from sqlalchemy.engine import URL

from server.core.commands import Request
from server.core.database import open_database
from server.core.ids import new_id
from server.core.kernel import Kernel
from server.core.moments import Clock
from server.core.relay import Relay
from server.migrations import migrate
from server.people import access
from server.people.erasing import erasure_of, spaces_of
from shared_schema.base import SYSTEM, Author, Id, Scalar
from shared_schema.board import Column, CreateTask
from shared_schema.frames import Accepted, Refused
from shared_schema.journal import AnyCommand
from shared_schema.people import AddParticipant, ErasePerson, FoundArea, FoundSpace, JoinPerson
from shared_schema.refusals import AnyReason


class SmallArea(Struct):
    """An area with a coordinator, a member and a network whose board has the usual columns."""

    kernel: Kernel
    area: Id
    network: Id
    coordinator: Id
    member: Id

    async def send(
        self,
        command: AnyCommand,
        *,
        space: Id | None = None,
        by: Id | None = None,
        id: Id | None = None,
        expects: dict[str, Scalar] | None = None,
        only_if: dict[str, Scalar] | None = None,
    ) -> Accepted | Refused:
        """Sends a command, to the network and by the coordinator unless it says otherwise."""
        author = Author(kind="person", id=by or self.coordinator)
        request = Request(
            id=id or new_id(),
            space=space or self.network,
            command=command,
            author=author,
            expects=expects or {},
            only_if=only_if or {},
        )
        return await self.kernel.submit(request)

    async def accept(self, command: AnyCommand, *, space: Id | None = None, by: Id | None = None) -> dict[Id, int]:
        """Sends a command that must be accepted; answers with the numbers of its entries."""
        answer = await self.send(command, space=space, by=by)
        assert isinstance(answer, Accepted), answer
        return answer.seqs

    async def refuse(self, command: AnyCommand, *, space: Id | None = None, by: Id | None = None) -> AnyReason:
        """Sends a command that must be refused; answers with the reason."""
        answer = await self.send(command, space=space, by=by)
        assert isinstance(answer, Refused), answer
        return answer.reason

    async def first_column(self) -> Id:
        """The first column of the network's board."""
        space = await self.kernel.space(self.network)
        assert space is not None
        return min(space.all(Column), key=lambda column: column.place).id

    async def new_task(self, title: str = "Haltestellen prüfen") -> Id:
        """Puts a task on the network's board."""
        task = new_id()
        await self.accept(CreateTask(id=task, column=await self.first_column(), title=title))
        return task

    async def erase(self, person: Id) -> None:
        """Has a person forgotten, and does in every space what follows from it."""
        await self.accept(ErasePerson(person=person), space=self.area)
        erasure = await self.kernel.database.read(erasure_of, self.area, person)
        for space in await self.kernel.database.read(spaces_of, self.area):
            await self.kernel.erase(space, erasure)


@asynccontextmanager
async def running_kernel(
    url: str | URL, *, clock: Clock | None = None, relay: Relay | None = None
) -> AsyncIterator[Kernel]:
    """A kernel over a migrated database."""
    await migrate(str(url))
    database = open_database(url)
    try:
        async with Kernel(database, resolve=access.actor, clock=clock, relay=relay) as kernel:
            yield kernel
    finally:
        await database.close()


async def found_small_area(kernel: Kernel) -> SmallArea:
    """Founds the small area by real commands."""
    small = SmallArea(kernel, new_id(), new_id(), new_id(), new_id())
    first = Request(id=new_id(), space=small.area, command=FoundArea(name="Selmachtal"), author=SYSTEM)
    assert isinstance(await kernel.submit(first), Accepted)
    for person, role, name in ((small.coordinator, "coordination", "Jana"), (small.member, "member", "Josef")):
        join = JoinPerson(id=person, name=name, role=role)  # type: ignore[arg-type]
        assert isinstance(
            await kernel.submit(Request(id=new_id(), space=small.area, command=join, author=SYSTEM)), Accepted
        )
    network = FoundSpace(
        id=small.network, space_kind="network", name="Mobilität", template="network", moderator=small.coordinator
    )
    await small.accept(network, space=small.area)
    await small.accept(AddParticipant(person=small.member, role="member"))
    await kernel.followed()
    return small


async def writing_again(kernel: Kernel) -> None:
    """Waits until the kernel has found that the database takes writes again."""
    found = asyncio.Event()
    kernel.on_writing(lambda writing: found.set() if writing else None)
    if not kernel.writing:
        await asyncio.wait_for(found.wait(), 20)

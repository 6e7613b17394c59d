"""Everybody ends up with the same, whatever happens on the way; nothing acknowledged is lost or takes effect twice.

Pages of several people act on what they hold, lose their connections, say things twice and come back; the server
restarts; roles change and tasks are hidden. KORRIDOR_SEEDS=5000 tries more than a test run has time for.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from msgspec import Struct

from server.core import journal
from server.core.ids import new_id
from server.core.verify import Verified, verify_database
from shared_schema.base import Command, Id, Visibility
from shared_schema.board import CreateTask, MoveTask, ShowTask
from shared_schema.people import AddParticipant, ChangeParticipant, FoundSpace, JoinPerson
from tests.convergence.furnished import verb
from tests.support.areas import found_small_area, running_kernel
from tests.support.builders import COMMANDS
from tests.support.pages import WITHIN, Page, Server

SEEDS = int(os.environ.get("KORRIDOR_SEEDS", "0"))
STEPS = 100
WEIGHTED: list[type[Command]] = [CreateTask, MoveTask, ShowTask, ChangeParticipant]
KINDS: list[type[Command]] = [
    *(kind for kind in COMMANDS if verb(kind) not in ("area.found", "space.found", "board.apply_template")),
    *WEIGHTED * 5,
]
STEPS_TAKEN = [
    *["act", "deliver"] * 8,
    *["act_at_once", "come_back", "open_task"] * 3,
    *["say_twice", "lose_connection"] * 2,
    *["settle", "restart"],
]


class Prepared(Struct):
    """A database with a small area, and who is in it."""

    file: Path
    spaces: list[Id]
    people: list[Id]


async def prepare(file: Path) -> Prepared:
    """An area, a network with its key project, and another network; a moderator, a member, a guest and a deputy."""
    async with running_kernel(f"sqlite:///{file}") as kernel:
        small = await found_small_area(kernel)
        other, project, guest, deputy = (new_id() for _ in range(4))
        for person, name, role in ((guest, "Gustav", "guest"), (deputy, "Dora", "member")):
            await small.accept(JoinPerson(id=person, name=name, role=role), space=small.area)  # type: ignore[arg-type]
        await small.accept(AddParticipant(person=guest, role="guest"))
        await small.accept(AddParticipant(person=deputy, role="deputy"))
        for id, kind, parent in ((other, "network", None), (project, "key_project", small.network)):
            found = FoundSpace(id=id, space_kind=kind, name=kind, parent=parent, moderator=small.coordinator)  # type: ignore[arg-type]
            await small.accept(found, space=small.area)
        for visibility in Visibility:
            task = CreateTask(id=new_id(), column=await small.first_column(), title="Da", visibility=visibility)
            if visibility != Visibility.MODERATORS:
                await small.accept(task)
        await kernel.followed()
    people = [small.coordinator, small.member, guest, deputy]
    return Prepared(file, [small.area, small.network, project, other], people)


class Convergence(RuleBasedStateMachine):
    """The pages of up to four people and a server."""

    prepared: ClassVar[Prepared]
    examples: ClassVar[int] = 0
    acts: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        type(self).examples += 1
        self.runner = asyncio.Runner()
        self.file = self.prepared.file.with_name(f"{self.examples}.db")
        shutil.copyfile(self.prepared.file, self.file)

    @initialize(people=st.integers(2, 4))
    def begin(self, people: int) -> None:
        self.runner.run(self._begin(people))

    async def _begin(self, people: int) -> None:
        self.server = await Server(f"sqlite:///{self.file}").start()
        self.pages = [Page(self.server, person, self.prepared.spaces) for person in self.prepared.people[:people]]
        for page in self.pages:
            await page.connect()
            await page.deliver()

    def page(self, number: int) -> Page:
        return self.pages[number % len(self.pages)]

    @rule(what=st.sampled_from(STEPS_TAKEN), number=st.integers(0, 3), seed=st.integers(0, 2**32 - 1))
    def step(self, what: str, number: int, seed: int) -> None:
        """One rule for all: Hypothesis would leave out some of several for a whole run, and then nobody might act."""
        page = self.pages[number % len(self.pages)]
        self.runner.run(getattr(self, what)(page, Random(seed)))

    async def act(self, page: Page, dice: Random) -> None:
        """Somebody does something, on what they hold, which may be old. Without a connection it waits in the outbox."""
        message = page.act(dice, KINDS)
        if message is not None:
            self.acts[message["command"]["verb"]] += 1
            await page.say(message)

    async def act_at_once(self, page: Page, dice: Random) -> None:
        """Everybody does something in the same moment, so that it is decided in one batch."""
        for one in self.pages:
            await self.act(one, dice)

    async def deliver(self, page: Page, dice: Random) -> None:
        await page.deliver(dice.randint(1, 5))

    async def open_task(self, page: Page, dice: Random) -> None:
        await page.deliver()
        await page.open_task(dice)

    async def lose_connection(self, page: Page, dice: Random) -> None:
        page.drop()

    async def come_back(self, page: Page, dice: Random) -> None:
        await page.connect()

    async def say_twice(self, page: Page, dice: Random) -> None:
        for message in [*page.outbox.values(), *list(page.done.values())[-2:]]:
            await page.say(message)

    async def settle(self, page: Page, dice: Random) -> None:
        await self._settle()

    async def restart(self, page: Page, dice: Random) -> None:
        for one in self.pages:
            one.drop()
        await self.server.stop()
        leaks = self.server.leaks
        self.server = await Server(self.server.url).start()
        self.server.leaks = leaks
        for one in self.pages:
            one.server = self.server

    # --- what must hold ----------------------------------------------------------------------------------------------

    async def _settle(self) -> None:
        """Lets everything arrive, and compares."""
        for page in self.pages:
            await page.connect()
        await asyncio.wait_for(self._quiet(), WITHIN)
        for page in self.pages:
            for space in page.spaces:
                viewer = self.server.viewer(space, page.author)
                assert (space in page.mirrors) == (viewer is not None)
                if space in page.mirrors:
                    assert page.mirrors[space].viewer == viewer
                    assert list(page.mirrors[space].differs(await self.server.space(space))) == []
        assert self.server.leaks == []
        await self._check_journal()

    async def _quiet(self) -> None:
        """Returns when nobody waits for anything."""
        while True:
            self.server.news.clear()
            for page in self.pages:
                await page.deliver()
            if not any(page.outbox for page in self.pages):
                await self.server.kernel.followed()
                if await self._all_there():
                    return
            await self._return_where_let_in()
            await self.server.news.wait()

    async def _all_there(self) -> bool:
        stands = {id: (await self.server.space(id)).seq for id in self.prepared.spaces}
        held = [(stands[id], mirror.seq) for page in self.pages for id, mirror in page.mirrors.items()]
        waiting = any(page.wire is not None and page.wire.sent for page in self.pages)
        return not waiting and all(seq == there for there, seq in held) and not await self._return_where_let_in()

    async def _return_where_let_in(self) -> bool:
        """Somebody who was shown out and may come in again opens the space anew."""
        back = False
        for page in self.pages:
            for space in sorted(page.shown_out):
                await self.server.space(space)
                if self.server.viewer(space, page.author) is not None:
                    await page.watch(space)
                    back = True
        return back

    async def _check_journal(self) -> None:
        found: dict[Id, dict[Id, int]] = {}
        twice: Counter[tuple[Id, Id]] = Counter()
        for space in self.prepared.spaces:
            entries = await self.server.kernel.database.read(journal.entries_after, space, 0, 100_000)
            assert [one.entry.seq for one in entries] == list(range(1, len(entries) + 1))
            for entry in (one.entry for one in entries):
                found.setdefault(entry.command, {})[space] = entry.seq
                twice[space, entry.command] += 1
        assert [key for key, times in twice.items() if times > 1] == []
        for page in self.pages:
            assert {id: found.get(id) for id in page.accepted} == page.accepted
            assert [id for id in page.refused - page.accepted.keys() if id in found] == []

    async def _end(self) -> None:
        await self._settle()
        outcomes = await self.server.kernel.database.read(lambda connection: list(verify_database(connection)))
        assert [one for one in outcomes if not isinstance(one, Verified)] == []

    def teardown(self) -> None:
        try:
            if hasattr(self, "server"):
                self.runner.run(self._end())
        finally:
            if hasattr(self, "server"):
                self.runner.run(self._stop())
            self.runner.close()
            for file in self.file.parent.glob(f"{self.file.name}*"):
                file.unlink()

    async def _stop(self) -> None:
        for page in self.pages:
            page.drop()
        await self.server.stop()


@pytest.fixture
def prepared(tmp_path: Path) -> Iterator[Prepared]:
    with asyncio.Runner() as runner:
        yield runner.run(prepare(tmp_path / "prepared.db"))


def test_cmd2_ord1_see2_all_pages_converge(prepared: Prepared) -> None:
    Convergence.prepared = prepared
    Convergence.acts.clear()
    options = settings(
        max_examples=SEEDS or 50,
        stateful_step_count=STEPS,
        derandomize=not SEEDS,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    run_state_machine_as_test(Convergence, settings=options)
    assert Convergence.acts.total() > 10 * options.max_examples, "too little was done to tell anything"

"""Colleagues who work on the demo's boards, so that somebody alone sees what live means.

They are people of the scenario, they send ordinary commands, and they see no more than their role shows them. They are
slow, they rest when nobody watches, they leave alone for a while what a real person touched, they never act as somebody
who is really here, and after a number of acts they are done, so that a demo that is left open does not fill up.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from msgspec import Struct

from server.board.founding import board_id
from server.board.rules import columns_of, in_order, is_open
from server.core.commands import Request
from server.core.ids import new_id
from server.core.journal import Committed
from server.core.kernel import Kernel
from server.core.space import Space
from server.people.access import viewer_in
from shared_schema.base import Author, Id
from shared_schema.board import (
    AddComment,
    BlockTask,
    ChecklistLine,
    Comment,
    Helper,
    MoveTask,
    Ownership,
    Task,
    TickChecklistLine,
    UnblockTask,
)
from shared_schema.frames import Where
from shared_schema.journal import AnyCommand
from shared_schema.people import Participant

log = logging.getLogger("korridor.demo")

MOST_ACTS: Final = 300
"""Acts until the server starts anew: about two hours of somebody watching."""
MOST_COMMENTS: Final = 40
LEFT_ALONE: Final = timedelta(minutes=15)
"""How long colleagues keep off a task that a real person touched."""
WAITING: Final = (10.0, 35.0)
"""Seconds between two acts, at least and at most."""
WORKING: Final = (3.0, 7.0)
"""Seconds that somebody is seen at a task before anything happens there."""

SAYINGS: Final = (
    "Ich habe heute nachgefragt. Eine Antwort kommt bis Freitag.",
    "Das ist fast fertig. Mir fehlt noch eine Zahl.",
    "Der Termin steht. Ich trage ihn gleich ein.",
    "Wer kann am Donnerstag dazukommen?",
    "Die Unterlagen liegen jetzt im Rathaus.",
    "Danke für den Hinweis, das nehme ich auf.",
    "Ich bin dran und melde mich morgen.",
    "Das Telefonat war gut. Wir können weitermachen.",
    "Dazu brauche ich noch eine zweite Meinung.",
    "Bitte schauen Sie einmal darüber.",
)
REASONS: Final = (
    "auf Rückruf aus dem Rathaus",
    "auf Antwort des Landratsamts",
    "auf ein zweites Angebot",
    "auf Unterlagen der Partner",
)


Pause = Callable[[float], Awaitable[None]]


def _now() -> datetime:
    return datetime.now(UTC)


class Stage(Protocol):
    """What colleagues need of the live connection: who watches, who is here, and to be seen."""

    def watched(self) -> Collection[Id]: ...
    def here(self) -> Collection[Id]: ...
    def appear(self, space: Id, person: Id, where: Where | None) -> None: ...


class Act(Struct, frozen=True):
    """What somebody does at a task."""

    space: Id
    person: Id
    task: Id
    commands: tuple[AnyCommand, ...]

    @property
    def writes(self) -> bool:
        return any(isinstance(command, AddComment | BlockTask) for command in self.commands)


async def work(
    kernel: Kernel,
    stage: Stage,
    *,
    dice: random.Random | None = None,
    pause: Pause = asyncio.sleep,
    theirs: Callable[[], Awaitable[bool]] | None = None,
) -> None:
    """Lets colleagues work until they have done enough, as long as the boards are `theirs` and no other process's."""
    colleagues = Colleagues(kernel, stage, dice or random.Random(), pause)  # noqa: S311  nothing depends on it
    stop = kernel.listen(colleagues.notice)
    try:
        while colleagues.acts < MOST_ACTS:
            await pause(colleagues.dice.uniform(*WAITING))
            try:
                if theirs is None or await theirs():
                    await colleagues.act()
            except Exception:
                log.exception("a colleague failed")
    finally:
        stop()


class Colleagues:
    """What they have done so far, and what they keep off."""

    def __init__(
        self,
        kernel: Kernel,
        stage: Stage,
        dice: random.Random,
        pause: Pause,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.acts = 0
        self.dice = dice
        self._kernel = kernel
        self._stage = stage
        self._pause = pause
        self._now = now
        self._comments = 0
        self._own: set[Id] = set()
        self._touched: dict[Id, datetime] = {}

    def notice(self, space: Id, committed: list[Committed]) -> None:
        """Remembers what real people touched."""
        for entry in (one.entry for one in committed):
            if entry.command not in self._own and entry.by.kind != "system":
                self._touched[entry.about] = self._now()

    async def act(self) -> None:
        """One act of somebody, where somebody else watches. Nothing happens if there is nothing to do."""
        chosen = await self._chosen()
        if chosen is None:
            return
        self._stage.appear(chosen.space, chosen.person, Where(task=chosen.task, writing=chosen.writes))
        try:
            await self._pause(self.dice.uniform(*WORKING))
            if self._may(chosen):
                await self._do(chosen)
            self._stage.appear(chosen.space, chosen.person, Where())
            await self._pause(self.dice.uniform(*WORKING))
        finally:
            self._stage.appear(chosen.space, chosen.person, None)

    async def _chosen(self) -> Act | None:
        spaces = [await self._kernel.space(id) for id in sorted(self._stage.watched())]
        acts = [act for space in spaces if space is not None for act in self._possible(space)]
        return self.dice.choice(acts) if acts else None

    def _possible(self, space: Space) -> Iterator[Act]:
        area = self._kernel.peek(space.area_id)
        if area is None:
            return
        now = self._now()
        for person in self._at_work(space):
            viewer = viewer_in(space, area, person, now)
            for task in sorted(tasks_of(space, person), key=lambda task: task.id):
                if viewer is not None and task.to & viewer and self._left_alone(task.id):
                    yield from self._at_task(space, person, task)

    def _left_alone(self, task: Id) -> bool:
        touched = self._touched.get(task)
        return touched is None or self._now() - touched >= LEFT_ALONE

    def _at_work(self, space: Space) -> list[Id]:
        """Those who take part, but for guests, coaches and readers, and for those who are really here."""
        here = self._stage.here()
        parts = space.all(Participant)
        return sorted({p.person for p in parts if p.role in ("moderator", "deputy", "member")} - set(here))

    def _at_task(self, space: Space, person: Id, task: Task) -> Iterator[Act]:
        for commands in (ticking(space, task), *moving(space, task, self.dice), self._saying(space, task)):
            if commands:
                yield Act(space.id, person, task.id, commands)

    def _saying(self, space: Space, task: Task) -> tuple[AnyCommand, ...]:
        """One of them says something where the last word was not theirs, and not too often."""
        if self._comments >= MOST_COMMENTS:
            return ()
        said = {comment.text for comment in space.where(Comment, task=task.id)}
        unsaid = [saying for saying in SAYINGS if saying not in said]
        if len(unsaid) < len(SAYINGS):  # they have spoken here
            return ()
        return (AddComment(id=new_id(), task=task.id, text=self.dice.choice(unsaid)),)

    def _may(self, act: Act) -> bool:
        """Whether nobody real came in between."""
        return act.person not in self._stage.here() and self._left_alone(act.task)

    async def _do(self, act: Act) -> None:
        author = Author(kind="person", id=act.person)
        for command in act.commands:
            request = Request(id=new_id(), space=act.space, command=command, author=author)
            self._own.add(request.id)
            await self._kernel.submit(request)  # refused where somebody was faster, or a column is full
            self._own.discard(request.id)
        self.acts += 1
        self._comments += any(isinstance(command, AddComment) for command in act.commands)


# --- what there is to do ---------------------------------------------------------------------------------------------


def tasks_of(space: Space, person: Id) -> list[Task]:
    """The open tasks that somebody owns or helps with."""
    parts = (*space.where(Ownership, person=person), *(one for one in space.all(Helper) if one.person == person))
    found = (space.find(Task, part.task) for part in parts)
    return [task for task in found if task is not None and is_open(task)]


def ticking(space: Space, task: Task) -> tuple[AnyCommand, ...]:
    """Ticks the next line of a checklist."""
    lines = in_order(space.where(ChecklistLine, task=task.id))
    line = next((line for line in lines if line.done_at is None), None)
    return () if line is None else (TickChecklistLine(task=task.id, line=line.id, done=True),)


def moving(space: Space, task: Task, dice: random.Random) -> Iterator[tuple[AnyCommand, ...]]:
    """Takes a task one column on or back, never into a *done* one: the board shall not empty itself. Whoever has to
    wait says for what."""
    columns = [column for column in columns_of(space, board_id(space.id)) if not column.done]
    at = next((number for number, column in enumerate(columns) if column.id == task.column), None)
    if at is None:
        return
    if at + 1 < len(columns):
        waits = at + 2 == len(columns) and at > 0
        reason = (BlockTask(task=task.id, reason=dice.choice(REASONS)),) if waits else ()
        yield (MoveTask(task=task.id, column=columns[at + 1].id), *reason)
    if at > 1:
        goes_on = (UnblockTask(task=task.id),) if task.blocked_because is not None else ()
        yield (MoveTask(task=task.id, column=columns[at - 1].id), *goes_on)

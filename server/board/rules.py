"""Orderings and rules of the board: where things stand, what arriving means, who may own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from msgspec.structs import replace

from server.core.commands import Actor
from server.core.space import Space
from server.people import access as people
from server.people.rules import parts_of as participation
from shared_schema.base import Audience, Id, Viewer
from shared_schema.board import (
    Board,
    ChecklistLine,
    Column,
    Comment,
    Description,
    GoalTag,
    Helper,
    Ownership,
    Part,
    Task,
)
from shared_schema.journal import Change
from shared_schema.refusals import (
    CannotOwn,
    ColumnFull,
    InBin,
    LastColumn,
    NeedsModerator,
    NotAMember,
    NotFound,
    Refusal,
    TooMany,
)

from . import places

PARTS: Final[tuple[type[Part], ...]] = (Ownership, Helper, GoalTag, ChecklistLine, Description, Comment)
"""The kinds that hang on a task."""

MOST_COLUMNS: Final = 50
MOST_HELPERS: Final = 50
MOST_GOALS: Final = 7
MOST_LINES: Final = 200
MOST_COMMENTS: Final = 10_000
"""A task with all that hangs on it has to fit into one entry (20,000 changes) when it is hidden or moved."""

# --- order -----------------------------------------------------------------------------------------------------------


class Placed(Protocol):
    @property
    def id(self) -> Id: ...
    @property
    def place(self) -> str: ...


P = TypeVar("P", bound=Placed)


def in_order(placed: Iterable[P]) -> list[P]:
    """As people see them: by place, equal places by id."""
    return sorted(placed, key=lambda one: (one.place, one.id))


def place_after(others: Collection[Placed], after: Id | None) -> str:
    """A place right after another thing, before all of them if that is None, at the end if it has vanished."""
    if after is None:
        return places.between(None, min((one.place for one in others), default=None))
    low = next((one.place for one in others if one.id == after), None)
    if low is None:
        return place_at_end(others)
    return places.between(low, min((one.place for one in others if one.place > low), default=None))


def place_at_end(others: Collection[Placed]) -> str:
    """A place after all of them."""
    return places.between(max((one.place for one in others), default=None), None)


# --- columns ---------------------------------------------------------------------------------------------------------


def columns_of(space: Space, board: Id) -> list[Column]:
    """The columns of a board, from left to right."""
    return in_order(space.where(Column, board=board))


def board_of(space: Space) -> Board:
    """The board of a space; refuses `not_found` where there is none, as in the area."""
    board = next(space.all(Board), None)
    if board is None:
        raise Refusal(NotFound(kind="board", id=space.id))
    return board


def first_column(columns: Iterable[Column], *, done: bool) -> Column | None:
    """The leftmost column that is *done*, or the leftmost that is not."""
    return next((column for column in columns if column.done is done), None)


def hold_open_column(columns: Iterable[Column]) -> None:
    """Refuses what would leave a board without a column for open tasks."""
    if first_column(columns, done=False) is None:
        raise Refusal(LastColumn())


def tasks_in(space: Space, column: Id, *, without: Id | None = None) -> list[Task]:
    """Every task that stands in a column, hidden, archived and binned ones too, because each holds its place."""
    return [task for task in space.where(Task, column=column) if task.id != without]


def is_open(task: Task) -> bool:
    """On the board and not done."""
    return task.done_at is None and task.binned_at is None and task.archived_at is None


def refuse_if_full(space: Space, column: Column, by: Actor, *, arriving: Id) -> None:
    """Refuses an open task that would be one too many.

    The limit is an agreement of the people, so it holds for what they bring into the column: moving, creating, sending.
    It does not hold for the system, nor where refusing would lose or hide something: restoring, reopening, or the tasks
    of a removed column. Then the column shows in words that it is over its limit. Only what the actor sees counts, so
    that nobody learns of hidden tasks by being refused.
    """
    if column.limit is None or column.done or by.is_system:
        return
    seen = int(by.viewer or 0)
    there = tasks_in(space, column.id, without=arriving)
    if sum(is_open(task) and bool(task.to & seen) for task in there) >= column.limit:
        raise Refusal(ColumnFull(column=column.id, limit=column.limit))


# --- tasks -----------------------------------------------------------------------------------------------------------


def task_on_board(space: Space, id: Id) -> Task:
    """A task that can be worked on; refuses `not_found`, and `in_bin` for one in the bin."""
    task = space.get(Task, id)
    if task.binned_at is not None:
        raise Refusal(InBin())
    return task


def parts_of(space: Space, task: Id) -> Iterator[Part]:
    """All that hangs on a task."""
    for kind in PARTS:
        yield from space.where(kind, task=task)


def arriving(space: Space, task: Task, column: Column, by: Actor, now: datetime) -> dict[str, Any]:
    """What standing in a column makes of a task: a *done* column finishes it, and out of one it is open again."""
    if column.done:
        return {} if task.done_at is not None else {"done_at": now, "done_by": by.person}
    left = space.find(Column, task.column)
    return {"done_at": None, "done_by": None} if left is not None and left.done else {}


def changed(space: Space, task: Task, **fields: Any) -> list[Change]:
    """The changes that give a task new fields. One that was put away comes back, with its parts, when it is opened
    again or binned, because then people look for it on the board and in the bin."""
    comes_back = fields.get("done_at", task.done_at) is None or fields.get("binned_at") is not None
    if task.put_away_at is None or not comes_back:
        return [space.patch(task, **fields)]
    return with_parts(space, replace(task, **fields), put_away_at=None)


def with_parts(space: Space, task: Task, **fields: Any) -> list[Change]:
    """Puts of a task and all its parts with these fields (`to`, `put_away_at`): they go where the task goes."""
    things = (task, *parts_of(space, task.id))
    return [space.put(replace(thing, **fields)) for thing in things]


def refuse_too_many(what: str, there: int, limit: int) -> None:
    if there >= limit:
        raise Refusal(TooMany(what=what, limit=limit))


# --- people on tasks -------------------------------------------------------------------------------------------------


def owner_of(space: Space, task: Id) -> Id | None:
    ownership = space.find(Ownership, task)
    return ownership.person if ownership else None


def hold_takes_part(space: Space, person: Id, to: Audience, now: datetime) -> None:
    """Refuses somebody who takes no active part here, or who could not see the task."""
    viewer = people.viewer_in(space, space.area, person, now)
    if viewer is None or viewer == Viewer.READER:
        raise Refusal(NotAMember(person=person))
    if not to & viewer:
        raise Refusal(NeedsModerator())


def hold_can_own(space: Space, person: Id, to: Audience, now: datetime) -> None:
    """Refuses an owner who takes no part, cannot see the task, or only coaches: what is done has to stay with those
    who are there after the coach has left."""
    hold_takes_part(space, person, to, now)
    if coaches(space, person):
        raise Refusal(CannotOwn(person=person))


def coaches(space: Space, person: Id) -> bool:
    """Whether coaching is the strongest part that somebody has here."""
    parts = participation(space, person)
    return bool(parts) and parts[0].role == "coach"


def can_own(space: Space, person: Id, to: Audience, now: datetime) -> bool:
    return _holds(hold_can_own, space, person, to, now)


def can_help(space: Space, person: Id, to: Audience, now: datetime) -> bool:
    return _holds(hold_takes_part, space, person, to, now)


def _holds(rule: Callable[..., None], *args: object) -> bool:
    try:
        rule(*args)
    except Refusal:
        return False
    return True

"""Board templates: columns and starting tasks, in the language of the area.

The plans are here, their words in `texts/*/templates.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct

from server.core.commands import Actor
from server.core.ids import derived_id
from server.core.space import Space
from server.core.wording import say
from shared_schema.base import PUBLIC, SPACE, Id
from shared_schema.board import Board, ChecklistLine, Column, Task
from shared_schema.journal import Change
from shared_schema.people import Area, Template

from . import places, rules


class ColumnPlan(Struct, frozen=True):
    key: str
    done: bool = False
    colour: str | None = None


class TaskPlan(Struct, frozen=True):
    """A starting task. `lines` is how many lines its checklist has."""

    key: str
    column: str
    lines: int = 0


class Plan(Struct, frozen=True):
    columns: tuple[ColumnPlan, ...]
    tasks: tuple[TaskPlan, ...] = ()


USUAL: Final = (
    ColumnPlan("open"),
    ColumnPlan("doing"),
    ColumnPlan("waiting"),
    ColumnPlan("done", done=True),
)
EVENT: Final = (
    ColumnPlan("preparing"),
    ColumnPlan("inviting"),
    ColumnPlan("on_the_day"),
    ColumnPlan("follow_up"),
    ColumnPlan("done", done=True),
)

PLANS: Final[dict[Template, Plan]] = {
    "plain": Plan(USUAL),
    "committee": Plan(
        USUAL,
        (
            TaskPlan("committee.rules", "open"),
            TaskPlan("committee.dates", "open"),
            TaskPlan("committee.deputies", "open"),
        ),
    ),
    "network": Plan(
        USUAL,
        (
            TaskPlan("network.purpose", "open"),
            TaskPlan("network.members", "open", lines=3),
            TaskPlan("network.deputy", "open"),
            TaskPlan("network.meeting", "open"),
        ),
    ),
    "key_project": Plan(
        USUAL,
        (
            TaskPlan("key_project.lead", "open"),
            TaskPlan("key_project.money", "open", lines=3),
            TaskPlan("key_project.milestones", "open"),
            TaskPlan("key_project.succession", "open"),
        ),
    ),
    "event": Plan(
        EVENT,
        (
            TaskPlan("event.date", "preparing"),
            TaskPlan("event.place", "preparing", lines=4),
            TaskPlan("event.budget", "preparing"),
            TaskPlan("event.programme", "preparing"),
            TaskPlan("event.invitation", "inviting", lines=3),
            TaskPlan("event.press", "inviting"),
            TaskPlan("event.setup", "on_the_day", lines=4),
            TaskPlan("event.welcome", "on_the_day"),
            TaskPlan("event.thanks", "follow_up"),
            TaskPlan("event.review", "follow_up", lines=3),
        ),
    ),
}


def word(space: Space, key: str) -> str:
    """A text of the templates in the language of the area."""
    area = space.area.find(Area, space.area.id)
    return say(area.language if area else "de", "templates", f"template.{key}")


def additions(space: Space, board: Board, template: Template, by: Actor, now: datetime) -> list[Change]:
    """The columns and starting tasks of a template that the board has not got yet, after what is there."""
    plan = PLANS[template]
    there = rules.columns_of(space, board.id)
    new = list(_columns(space, board, plan, there))
    rules.refuse_too_many("columns", len(there) + len(new) - 1, rules.MOST_COLUMNS)
    columns = {column.title.casefold(): column for column in (*there, *new)}
    titles = {task.title.casefold() for task in space.all(Task)}
    changes: list[Change] = [space.add(column) for column in new]
    for number, task in enumerate(plan.tasks):
        if word(space, task.key).casefold() not in titles:
            column = columns[word(space, f"column.{task.column}").casefold()]
            changes += _task(space, task, column, number, by, now)
    return changes


def first_column_id(space: Id, key: str) -> Id:
    """The id of a column that a space was founded with, such as "open"."""
    return _id_at(space, 1, "column", key)


def _id(space: Space, *parts: str) -> Id:
    """An id for this entry alone, so that a template applied again never revives what was removed."""
    return _id_at(space.id, space.seq + 1, *parts)


def _id_at(space: Id, seq: int, *parts: str) -> Id:
    return derived_id(space, str(seq), *parts)


def _columns(space: Space, board: Board, plan: Plan, there: list[Column]) -> Iterator[Column]:
    titles = {column.title.casefold() for column in there}
    missing = [column for column in plan.columns if word(space, f"column.{column.key}").casefold() not in titles]
    for column, place in zip(missing, places.row(len(missing), _last(there)), strict=True):
        yield Column(
            id=_id(space, "column", column.key),
            to=PUBLIC,
            board=board.id,
            title=word(space, f"column.{column.key}"),
            place=place,
            colour=column.colour,
            done=column.done,
        )


def _last(there: list[Column]) -> str | None:
    return there[-1].place if there else None


def _task(space: Space, plan: TaskPlan, column: Column, number: int, by: Actor, now: datetime) -> Iterator[Change]:
    last = max((task.place for task in rules.tasks_in(space, column.id)), default=None)
    task = Task(
        id=_id(space, "task", plan.key),
        to=SPACE,
        column=column.id,
        place=places.row(number + 1, last)[-1],
        title=word(space, plan.key),
        created_at=now,
        created_by=by.person,
    )
    yield space.add(task)
    for line, place in enumerate(places.row(plan.lines), start=1):
        yield space.add(
            ChecklistLine(
                id=derived_id(task.id, "checklist_line", str(line)),
                to=task.to,
                task=task.id,
                text=word(space, f"{plan.key}.line_{line}"),
                place=place,
            )
        )

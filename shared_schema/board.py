"""The board of a space: columns, tasks, and what hangs on a task.

What two people can change at the same time is an entity of its own: who owns a task, who helps, its goals, each line of
its checklist, each comment, its description. Children carry their task's `to` and `put_away_at`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType

from .base import (
    ColourName,
    Command,
    Entity,
    GivenId,
    Id,
    Line,
    Name,
    Paragraph,
    Text,
    Title,
    Visibility,
)
from .people import Template

# --- entities --------------------------------------------------------------------------------------------------------


class Board(Entity, frozen=True, kw_only=True, tag="board"):
    """A board of the space; today each space shows one."""

    title: str


class Column(Entity, frozen=True, kw_only=True, tag="column"):
    """A column. A task that enters a `done` column is finished; `limit` is the most open tasks it should hold."""

    indexed = ("board",)

    board: Id
    title: str
    place: str
    colour: str | None = None
    limit: int | None = None
    done: bool = False


class Task(Entity, frozen=True, kw_only=True, tag="task"):
    """Something to be done. Who owns it is an `Ownership`, not a field.

    Done when `done_at` is set; archive, bin and put-away are three different things. `comments` counts the comments
    and `described` says that there is a description, because both are cold and a card shows them.
    """

    indexed = ("column",)
    persons = ("created_by", "done_by")
    texts = ("title", "blocked_because")
    written_by = "created_by"

    column: Id
    place: str
    title: str
    created_at: datetime
    created_by: Id
    due: date | None = None
    blocked_because: str | None = None
    done_at: datetime | None = None
    done_by: Id | None = None
    archived_at: datetime | None = None
    binned_at: datetime | None = None
    put_away_at: datetime | None = None
    comments: int = 0
    described: bool = False


class Part(Entity, frozen=True, kw_only=True, tag=None):
    """What hangs on a task. It goes where the task goes: same `to`, same `put_away_at`, same board."""

    indexed: ClassVar[tuple[str, ...]] = ("task",)

    task: Id
    put_away_at: datetime | None = None


class Ownership(Part, frozen=True, kw_only=True, tag="ownership"):
    """Who answers for a task; its id is the task's id, and without one the task is unowned."""

    indexed = ("task", "person")
    persons = ("person",)

    person: Id
    organisation: Id | None = None
    since: datetime | None = None


class Helper(Part, frozen=True, kw_only=True, tag="helper"):
    """Somebody who helps with a task without owning it."""

    persons = ("person",)

    person: Id


class GoalTag(Part, frozen=True, kw_only=True, tag="goal_tag"):
    """Says that a task serves a goal of the area."""

    goal: Id


class ChecklistLine(Part, frozen=True, kw_only=True, tag="checklist_line"):
    """A line of a task's checklist, with an owner and a due date of its own."""

    persons = ("owner", "done_by")
    texts = ("text",)

    text: str
    place: str
    owner: Id | None = None
    due: date | None = None
    done_at: datetime | None = None
    done_by: Id | None = None


class Description(Part, frozen=True, kw_only=True, tag="description"):
    """The long text of a task, Markdown as typed; its id is the task's id. `revision` counts its versions."""

    cold = True
    persons = ("edited_by",)
    texts = ("text",)
    written_by = "edited_by"

    text: str
    revision: int
    edited_at: datetime
    edited_by: Id


class Comment(Part, frozen=True, kw_only=True, tag="comment"):
    """Markdown as typed. A mention stands in the text as `@[person id]` and in `mentions`. One without a text was
    written by somebody who was erased."""

    cold = True
    persons = ("author", "mentions")
    texts = ("text",)
    own = "author"
    personal = ("text",)

    text: str
    author: Id
    at: datetime
    mentions: tuple[Id, ...] = ()
    edited_at: datetime | None = None


# --- commands on the board and its columns ---------------------------------------------------------------------------

Limit = Annotated[int, Meta(ge=1, le=200)]


class EditBoard(Command, frozen=True, kw_only=True, tag="board.edit"):
    about = "board"
    on = (Board, "board")

    board: GivenId
    title: Name | UnsetType = UNSET


class ApplyTemplate(Command, frozen=True, kw_only=True, tag="board.apply_template"):
    """Adds the columns and starting tasks of a template, after what is there already."""

    about = "board"

    board: GivenId
    template: Template


class AddColumn(Command, frozen=True, kw_only=True, tag="column.add"):
    about = "id"

    id: GivenId
    board: GivenId
    title: Name
    after: GivenId | None = None
    colour: ColourName | None = None
    limit: Limit | None = None
    done: bool = False


class EditColumn(Command, frozen=True, kw_only=True, tag="column.edit"):
    """Renames, colours or limits a column, or marks it *done*: then its tasks count as finished from now on."""

    about = "column"
    on = (Column, "column")

    column: GivenId
    title: Name | UnsetType = UNSET
    colour: ColourName | None | UnsetType = UNSET
    limit: Limit | None | UnsetType = UNSET
    done: bool | UnsetType = UNSET


class MoveColumn(Command, frozen=True, kw_only=True, tag="column.move"):
    about = "column"
    on = (Column, "column")

    column: GivenId
    after: GivenId | None = None


class RemoveColumn(Command, frozen=True, kw_only=True, tag="column.remove"):
    """Takes a column away. Its tasks move to the end of `tasks_to`, or into the bin if that is None."""

    about = "column"

    column: GivenId
    tasks_to: GivenId | None = None


# --- commands on a task ----------------------------------------------------------------------------------------------


class CreateTask(Command, frozen=True, kw_only=True, tag="task.create"):
    """Puts a task on the board: at the end of the column, or after `after`, or on top (`first`)."""

    about = "id"

    id: GivenId
    column: GivenId
    title: Title
    after: GivenId | None = None
    first: bool = False
    due: date | None = None
    owner: GivenId | None = None
    goals: Annotated[tuple[GivenId, ...], Meta(max_length=7)] = ()
    visibility: Visibility = Visibility.SPACE


class EditTask(Command, frozen=True, kw_only=True, tag="task.edit"):
    about = "task"
    on = (Task, "task")

    task: GivenId
    title: Title | UnsetType = UNSET
    due: date | None | UnsetType = UNSET


class DescribeTask(Command, frozen=True, kw_only=True, tag="task.describe"):
    """Writes the description. `expects: {"revision": n}` says which version the author saw; 0 when there was none."""

    about = "task"
    on = (Description, "task")

    task: GivenId
    text: Text


class MoveTask(Command, frozen=True, kw_only=True, tag="task.move"):
    """Moves a task within its board: after another one, or on top if `after` is None. A vanished neighbour: the end."""

    about = "task"
    on = (Task, "task")

    task: GivenId
    column: GivenId
    after: GivenId | None = None


class SendTask(Command, frozen=True, kw_only=True, tag="task.send"):
    """Moves a task, with all that hangs on it, to the board of another space of the area."""

    about = "task"
    on = (Task, "task")

    task: GivenId
    space: GivenId
    column: GivenId | None = None
    after: GivenId | None = None


class AssignTask(Command, frozen=True, kw_only=True, tag="task.assign"):
    """Says who answers for a task, or nobody (None)."""

    about = "task"
    on = (Ownership, "task")

    task: GivenId
    person: GivenId | None = None


class AddHelper(Command, frozen=True, kw_only=True, tag="helper.add"):
    about = "task"

    task: GivenId
    person: GivenId


class RemoveHelper(Command, frozen=True, kw_only=True, tag="helper.remove"):
    about = "task"

    task: GivenId
    person: GivenId


class TagGoal(Command, frozen=True, kw_only=True, tag="goal_tag.add"):
    about = "task"

    task: GivenId
    goal: GivenId


class UntagGoal(Command, frozen=True, kw_only=True, tag="goal_tag.remove"):
    about = "task"

    task: GivenId
    goal: GivenId


class FinishTask(Command, frozen=True, kw_only=True, tag="task.finish"):
    """Finishes a task; it goes to the first *done* column if the board has one."""

    about = "task"
    on = (Task, "task")

    task: GivenId


class ReopenTask(Command, frozen=True, kw_only=True, tag="task.reopen"):
    """Opens a finished task again; out of a *done* column it goes to the end of `column` or of the first open one."""

    about = "task"
    on = (Task, "task")

    task: GivenId
    column: GivenId | None = None


class BlockTask(Command, frozen=True, kw_only=True, tag="task.block"):
    """Says what a task waits for."""

    about = "task"
    on = (Task, "task")

    task: GivenId
    reason: Line


class UnblockTask(Command, frozen=True, kw_only=True, tag="task.unblock"):
    about = "task"
    on = (Task, "task")

    task: GivenId


class ShowTask(Command, frozen=True, kw_only=True, tag="task.show"):
    """Chooses who may see a task and all that hangs on it."""

    about = "task"
    on = (Task, "task")

    task: GivenId
    visibility: Visibility


class ArchiveTask(Command, frozen=True, kw_only=True, tag="task.archive"):
    about = "task"
    on = (Task, "task")

    task: GivenId


class UnarchiveTask(Command, frozen=True, kw_only=True, tag="task.unarchive"):
    about = "task"
    on = (Task, "task")

    task: GivenId


class BinTask(Command, frozen=True, kw_only=True, tag="task.bin"):
    about = "task"
    on = (Task, "task")

    task: GivenId


class RestoreTask(Command, frozen=True, kw_only=True, tag="task.restore"):
    """Takes a task out of the bin, back to its column, or to the first one if that is gone."""

    about = "task"
    on = (Task, "task")

    task: GivenId


class DeleteTask(Command, frozen=True, kw_only=True, tag="task.delete"):
    """Removes a task that is in the bin for good, from the board; the journal keeps its story."""

    about = "task"
    on = (Task, "task")

    task: GivenId


class DuplicateTask(Command, frozen=True, kw_only=True, tag="task.duplicate"):
    """Makes a copy right below the task: title, goals, due date, description, checklist lines not yet ticked."""

    about = "id"

    id: GivenId
    task: GivenId
    title: Title


class PutTaskAway(Command, frozen=True, kw_only=True, tag="task.put_away"):
    """Leaves a long finished task out of snapshots. Only the system may."""

    about = "task"
    on = (Task, "task")

    task: GivenId


# --- commands on what hangs on a task --------------------------------------------------------------------------------


class AddChecklistLine(Command, frozen=True, kw_only=True, tag="checklist_line.add"):
    about = "task"

    id: GivenId
    task: GivenId
    text: Line
    after: GivenId | None = None
    owner: GivenId | None = None
    due: date | None = None


class EditChecklistLine(Command, frozen=True, kw_only=True, tag="checklist_line.edit"):
    about = "task"
    on = (ChecklistLine, "line")

    task: GivenId
    line: GivenId
    text: Line | UnsetType = UNSET
    owner: GivenId | None | UnsetType = UNSET
    due: date | None | UnsetType = UNSET


class TickChecklistLine(Command, frozen=True, kw_only=True, tag="checklist_line.tick"):
    about = "task"
    on = (ChecklistLine, "line")

    task: GivenId
    line: GivenId
    done: bool


class MoveChecklistLine(Command, frozen=True, kw_only=True, tag="checklist_line.move"):
    about = "task"
    on = (ChecklistLine, "line")

    task: GivenId
    line: GivenId
    after: GivenId | None = None


class RemoveChecklistLine(Command, frozen=True, kw_only=True, tag="checklist_line.remove"):
    about = "task"
    on = (ChecklistLine, "line")

    task: GivenId
    line: GivenId


class AddComment(Command, frozen=True, kw_only=True, tag="comment.add"):
    about = "task"

    id: GivenId
    task: GivenId
    text: Paragraph


class EditComment(Command, frozen=True, kw_only=True, tag="comment.edit"):
    about = "task"
    on = (Comment, "comment")

    task: GivenId
    comment: GivenId
    text: Paragraph


class RemoveComment(Command, frozen=True, kw_only=True, tag="comment.remove"):
    about = "task"
    on = (Comment, "comment")

    task: GivenId
    comment: GivenId


BoardEntity = Board | Column | Task | Ownership | Helper | GoalTag | ChecklistLine | Description | Comment
BoardCommand = (
    EditBoard
    | ApplyTemplate
    | AddColumn
    | EditColumn
    | MoveColumn
    | RemoveColumn
    | CreateTask
    | EditTask
    | DescribeTask
    | MoveTask
    | SendTask
    | AssignTask
    | AddHelper
    | RemoveHelper
    | TagGoal
    | UntagGoal
    | FinishTask
    | ReopenTask
    | BlockTask
    | UnblockTask
    | ShowTask
    | ArchiveTask
    | UnarchiveTask
    | BinTask
    | RestoreTask
    | DeleteTask
    | DuplicateTask
    | PutTaskAway
    | AddChecklistLine
    | EditChecklistLine
    | TickChecklistLine
    | MoveChecklistLine
    | RemoveChecklistLine
    | AddComment
    | EditComment
    | RemoveComment
)

"""Who may do what on a board, one sentence a right. Who may *see* a task is its `to`, and nothing else."""

from __future__ import annotations

from server.core.commands import Actor
from server.core.space import Space
from shared_schema.base import Command, Viewer, Visibility
from shared_schema.board import (
    AddHelper,
    AssignTask,
    Comment,
    CreateTask,
    EditComment,
    Ownership,
    RemoveComment,
    RemoveHelper,
    ShowTask,
    Task,
)


def may_shape_board(space: Space, by: Actor, command: Command) -> bool:
    """Moderators and deputies shape the board: its columns, its templates, and what is removed for good."""
    return by.moderates


def may_work_on_board(space: Space, by: Actor, command: Command) -> bool:
    """Everybody who takes part works on tasks: guests too. Readers read."""
    return by.viewer in (Viewer.MODERATOR, Viewer.MEMBER, Viewer.GUEST)


def may_clear_board(space: Space, by: Actor, command: Command) -> bool:
    """Members take tasks off the board, into archive, bin or another space, and bring them back. Guests do not."""
    return by.viewer in (Viewer.MODERATOR, Viewer.MEMBER)


def may_create_task(space: Space, by: Actor, command: CreateTask) -> bool:
    """Everybody who takes part creates tasks. Guests own them themselves or leave that open, and publish nothing."""
    if by.viewer == Viewer.GUEST:
        return command.owner in (None, by.person) and command.visibility in (Visibility.SPACE, Visibility.MODERATORS)
    return may_work_on_board(space, by, command)


def may_show_task(space: Space, by: Actor, command: ShowTask) -> bool:
    """Members choose who sees a task; hiding it from all but moderators is for those and for who created it."""
    if by.moderates:
        return True
    task = space.find(Task, command.task)
    if command.visibility == Visibility.MODERATORS and task is not None and task.created_by != by.person:
        return False
    return by.viewer == Viewer.MEMBER


def may_assign_task(space: Space, by: Actor, command: AssignTask) -> bool:
    """Members say who owns a task. Guests take one that nobody owns, or give back their own."""
    if by.viewer != Viewer.GUEST:
        return may_work_on_board(space, by, command)
    ownership = space.find(Ownership, command.task)
    return (ownership is None or ownership.person == by.person) and command.person in (None, by.person)


def may_change_helpers(space: Space, by: Actor, command: AddHelper | RemoveHelper) -> bool:
    """Members say who helps. Guests speak for themselves."""
    return may_work_on_board(space, by, command) and (by.viewer != Viewer.GUEST or command.person == by.person)


def may_edit_comment(space: Space, by: Actor, command: EditComment) -> bool:
    """Nobody puts words into another's mouth: a comment is edited by its author only."""
    return may_work_on_board(space, by, command) and _wrote(space, by, command.comment)


def may_remove_comment(space: Space, by: Actor, command: RemoveComment) -> bool:
    """A comment is removed by its author or by a moderator."""
    return by.moderates or (may_work_on_board(space, by, command) and _wrote(space, by, command.comment))


def only_system(space: Space, by: Actor, command: Command) -> bool:
    """The calendar puts tasks away, not a person."""
    return by.is_system


def _wrote(space: Space, by: Actor, id: str) -> bool:
    comment = space.find(Comment, id)
    return comment is None or comment.author == by.person  # what is not there is answered by the handler

"""Handlers of comments. The task counts them, because they are cold and a card shows how many there are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from server.core.commands import Actor, handles
from server.core.space import Space
from server.people import access as people
from shared_schema.base import Id
from shared_schema.board import AddComment, Comment, EditComment, RemoveComment, Task
from shared_schema.journal import Change
from shared_schema.refusals import NotAMember, NotFound, Refusal

from . import access, rules

MENTION: Final = re.compile(r"@\[([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]")
"""How a mention stands in a text: by id, so that names can change and be erased."""


def mentioned(text: str) -> tuple[Id, ...]:
    """The people mentioned in a text, each once, in the order of the text."""
    return tuple(dict.fromkeys(MENTION.findall(text)))


def _hold_mentions(space: Space, mentions: Iterable[Id], now: datetime) -> None:
    """People are mentioned where they take part, readers too: whoever mentions somebody wants to be read by them."""
    for person in mentions:
        if people.viewer_in(space, space.area, person, now) is None:
            raise Refusal(NotAMember(person=person))


def _comment(space: Space, task: Id, comment: Id) -> tuple[Task, Comment]:
    on_board = rules.task_on_board(space, task)
    found = space.get(Comment, comment)
    if found.task != on_board.id:
        raise Refusal(NotFound(kind="comment", id=comment))
    return on_board, found


@handles(AddComment, needs=access.may_work_on_board)
def add_comment(space: Space, command: AddComment, by: Actor, now: datetime) -> list[Change]:
    task = rules.task_on_board(space, command.task)
    rules.refuse_too_many("comments", task.comments, rules.MOST_COMMENTS)
    mentions = mentioned(command.text)
    _hold_mentions(space, mentions, now)
    comment = Comment(
        id=command.id,
        to=task.to,
        task=task.id,
        put_away_at=task.put_away_at,
        text=command.text,
        author=by.person,
        at=now,
        mentions=mentions,
    )
    return [space.add(comment), space.patch(task, comments=task.comments + 1)]


@handles(EditComment, needs=access.may_edit_comment)
def edit_comment(space: Space, command: EditComment, by: Actor, now: datetime) -> list[Change]:
    """Somebody mentioned before stays mentioned, even if they take part no more."""
    _, comment = _comment(space, command.task, command.comment)
    if command.text == comment.text:
        return []
    mentions = mentioned(command.text)
    _hold_mentions(space, (person for person in mentions if person not in comment.mentions), now)
    return [space.patch(comment, text=command.text, mentions=mentions, edited_at=now)]


@handles(RemoveComment, needs=access.may_remove_comment)
def remove_comment(space: Space, command: RemoveComment, by: Actor, now: datetime) -> list[Change]:
    task, comment = _comment(space, command.task, command.comment)
    return [space.drop(comment), space.patch(task, comments=max(0, task.comments - 1))]

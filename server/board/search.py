"""Finding tasks by what is written in and on them.

All words have to occur somewhere in a task: title, what it waits for, description, checklist, comments. Case does not
matter; umlauts do, so that "Bär" does not find "Bar".
"""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import normalize

from msgspec import Struct

from server.core.space import Space
from shared_schema.base import Entity, Id, Viewer
from shared_schema.board import ChecklistLine, Comment, Description, Part, Task

from .rules import PARTS

MOST_FOUND = 200
"""Tasks in one answer. Who finds more than that types another word."""


class Written(Struct, frozen=True):
    """A task and all texts in and on it that the one who searches may see."""

    task: Task
    texts: tuple[str, ...]


def written(space: Space, viewer: Viewer) -> list[Written]:
    """Every task that this viewer may see, with its texts; put-away ones too, what lies in the bin not."""
    texts: dict[Id, list[str]] = {}
    parts: list[Description | Comment | ChecklistLine] = [
        *space.all(Description),
        *space.all(Comment),
        *space.all(ChecklistLine),
    ]
    for part in parts:
        if part.to & viewer:
            texts.setdefault(part.task, []).append(part.text)
    return [
        Written(task, (task.title, task.blocked_because or "", *texts.get(task.id, ())))
        for task in space.all(Task)
        if task.to & viewer and task.binned_at is None
    ]


def matching(tasks: Iterable[Written], query: str) -> list[Task]:
    """The tasks in which every word of the query occurs, the newest first. A query without a word finds nothing."""
    words = _plain(query).split()
    if not words:
        return []
    found = [one.task for one in tasks if _holds(_plain("\n".join(one.texts)), words)]
    return sorted(found, key=lambda task: (task.created_at, task.id), reverse=True)


def with_parts(space: Space, task: Task, viewer: Viewer) -> list[Entity]:
    """The task and what hangs on it, as a snapshot would show them: without the cold parts."""
    return [task, *(part for part in parts(space, task.id, viewer) if not part.cold)]


def parts(space: Space, task: Id, viewer: Viewer) -> list[Part]:
    """All that hangs on a task and that this viewer may see."""
    return [part for kind in PARTS for part in space.where(kind, task=task) if part.to & viewer]


def _plain(text: str) -> str:
    return normalize("NFC", text).casefold()


def _holds(text: str, words: Iterable[str]) -> bool:
    return all(word in text for word in words)

"""Who is here, and where. Fleeting: known only while the connections last, and never stored."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from server.core.space import Space
from shared_schema.base import Id, Viewer
from shared_schema.board import Task
from shared_schema.frames import PresentPerson, Where

APART = 0.5
"""Seconds between two messages about one space, at least."""
BYTES_PER_SECOND = 2_000_000
"""What presence of one space may cost in all. A hall of a thousand people is told less often than a board of ten."""


def pause(sent: int) -> float:
    """Seconds to wait after so many bytes of presence went out to a space."""
    return max(APART, sent / BYTES_PER_SECOND)


class Presence:
    """Where the people of one space are. Several tabs of a person count as one: the one where most is happening."""

    def __init__(self) -> None:
        self._where: dict[Hashable, tuple[Id, Where]] = {}
        self._elsewhere: dict[Id, tuple[float, tuple[PresentPerson, ...]]] = {}

    def say(self, tab: Hashable, person: Id, where: Where | None) -> bool:
        """A tab says where its person is, or that they left (None). Answers whether that is news."""
        if where is None:
            return self._where.pop(tab, None) is not None
        before = self._where.pop(tab, None)
        self._where[tab] = (person, where)  # last in order: the tab in which something happened last
        return before != (person, where)

    def hear(self, process: Id, people: tuple[PresentPerson, ...], at: float) -> bool:
        """Another process says who is there. Answers whether that is news."""
        _, before = self._elsewhere.pop(process, (0.0, ()))
        if people:
            self._elsewhere[process] = (at, people)
        return before != people

    def forget(self, heard_before: float) -> bool:
        """Forgets processes that were last heard before that. Answers whether there were any."""
        silent = [process for process, (at, _) in self._elsewhere.items() if at < heard_before]
        for process in silent:
            del self._elsewhere[process]
        return bool(silent)

    def here(self) -> tuple[PresentPerson, ...]:
        """Everybody who is in this process, and where."""
        return _people(self._where.values())

    def people(self, space: Space, viewer: Viewer) -> tuple[PresentPerson, ...]:
        """Everybody who is here, as this kind of viewer may know it: of a hidden task not even the id."""
        if viewer == Viewer.SCREEN:
            return ()
        return _people((person, _seen(where, space, viewer)) for person, where in self._everywhere())

    def _everywhere(self) -> Iterator[tuple[Id, Where]]:
        yield from self._where.values()
        for _, people in self._elsewhere.values():
            yield from ((present.person, present.where or Where()) for present in people)

    def __bool__(self) -> bool:
        return bool(self._where or self._elsewhere)


def _people(known: Iterable[tuple[Id, Where]]) -> tuple[PresentPerson, ...]:
    """One for each person: of several places the one that tells most, of equal ones the last."""
    best: dict[Id, Where] = {}
    for person, where in known:
        if person not in best or _telling(where) >= _telling(best[person]):
            best[person] = where
    return tuple(PresentPerson(person=person, where=best[person]) for person in sorted(best))


def _seen(where: Where, space: Space, viewer: Viewer) -> Where:
    if where.task is None:
        return where
    task = space.lookup("task", where.task)
    return where if isinstance(task, Task) and task.to & viewer else Where()


def _telling(where: Where) -> int:
    return (where.task is not None) + where.writing

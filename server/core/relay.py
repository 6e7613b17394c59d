"""How processes tell one another that a space has new entries. Never needed for correctness: the journal is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from shared_schema.base import Id

Heard = Callable[[Id, int], None]


class Relay(Protocol):
    """Carries "space X is at seq n" between processes; may lose messages, never has to be asked twice."""

    def announce(self, space: Id, seq: int, sender: object) -> None:
        """Tells everybody but the sender."""

    def listen(self, heard: Heard, listener: object) -> Callable[[], None]:
        """Calls `heard(space, seq)` on the listener's loop; answers with what ends it."""


class MemoryRelay:
    """The relay of a single process; several kernels in one process may share it."""

    def __init__(self) -> None:
        self._listeners: dict[object, Heard] = {}

    def announce(self, space: Id, seq: int, sender: object) -> None:
        for listener, heard in list(self._listeners.items()):
            if listener is not sender:
                heard(space, seq)

    def listen(self, heard: Heard, listener: object) -> Callable[[], None]:
        self._listeners[listener] = heard
        return lambda: self._listeners.pop(listener, None) and None

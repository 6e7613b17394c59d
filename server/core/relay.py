"""How processes tell one another what is new. Never needed for correctness: the journal is the truth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

Heard = Callable[[str, bytes], None]
"""(key, message): what the message is about, and what it says."""


class Relay(Protocol):
    """Carries short messages between processes, by topic. It may lose them, and never has to be asked twice."""

    def publish(self, topic: str, key: str, message: bytes, sender: object) -> None:
        """Tells everybody but the sender. Of several messages about one key, only the last is sure to be sent."""

    def listen(self, topic: str, heard: Heard, listener: object) -> Callable[[], None]:
        """Calls `heard` on the listener's loop; answers with what ends it."""

    def on_state(self, watcher: Callable[[bool], None]) -> None:
        """Calls `watcher(reachable)` whenever messages cease to arrive, and when they do again; now, if they do not."""

    def connected(self) -> AbstractAsyncContextManager[None]:
        """As long as it is open, messages are carried."""


class Listeners:
    """Who listens to what in this process."""

    def __init__(self) -> None:
        self._of: dict[str, dict[object, Heard]] = {}

    def add(self, topic: str, heard: Heard, listener: object) -> Callable[[], None]:
        self._of.setdefault(topic, {})[listener] = heard
        return lambda: self._of[topic].pop(listener, None) and None

    def tell(self, topic: str, key: str, message: bytes, sender: object = None) -> None:
        """Everybody but the sender."""
        for listener, heard in list(self._of.get(topic, {}).items()):
            if listener is not sender:
                heard(key, message)


class MemoryRelay:
    """The relay of a single process; several kernels in one process may share it."""

    def __init__(self) -> None:
        self._listeners = Listeners()

    def publish(self, topic: str, key: str, message: bytes, sender: object) -> None:
        self._listeners.tell(topic, key, message, sender)

    def listen(self, topic: str, heard: Heard, listener: object) -> Callable[[], None]:
        return self._listeners.add(topic, heard, listener)

    def on_state(self, watcher: Callable[[bool], None]) -> None:
        """Memory is always at hand."""

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        yield

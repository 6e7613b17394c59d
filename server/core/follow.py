"""Followers: what the system does because of an entry, such as carrying a rename into every space.

A follower is a pure function of an entry. What it answers is given to the kernel as commands of the system, with ids
derived from the entry, so that doing it twice has no second effect. An entry that has followers is written together
with a row that says so and goes when they are done, so that a crash in between is made good (see following.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from shared_schema.base import SYSTEM, Command, Id
from shared_schema.journal import Entry

from .commands import Request
from .ids import derived_id
from .space import Space

Follower = Callable[..., list[tuple[Id, Command]]]
Other = Callable[[Entry, Space], Id | None]


class Following(Struct, frozen=True):
    follower: Follower
    other: Other | None


FOLLOWING: dict[str, list[Following]] = {}
DEEDS: set[str] = set()
"""Verbs after which something is to be done that is no command; the kernel is told how (`Kernel.on_entry`)."""
F = TypeVar("F", bound=Follower)


def follows(*verbs: str, other: Other | None = None) -> Callable[[F], F]:
    """Registers `follower(entry, space, area, other)` for entries with these verbs; it answers (space, command) pairs.

    `space` is where the entry stands, as it is now; `other(entry, space)` may name one more space that it must read.
    """

    def register(follower: F) -> F:
        for verb in verbs:
            FOLLOWING.setdefault(verb, []).append(Following(follower, other))
        return follower

    return register


def is_followed(verb: str) -> bool:
    """Whether something follows from entries with this verb."""
    return verb in FOLLOWING or verb in DEEDS


def requests(entry: Entry, space: Space, area: Space, following: Following, other: Space | None) -> list[Request]:
    """The commands of the system that follow from an entry."""
    answers = following.follower(entry, space, area, other)
    return [
        Request(
            id=derived_id("follow", space.id, str(entry.seq), following.follower.__name__, str(number)),
            space=target,
            command=command,  # type: ignore[arg-type]
            author=SYSTEM,
        )
        for number, (target, command) in enumerate(answers)
    ]

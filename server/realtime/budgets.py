"""How much one person may send. Whoever is over it is read more slowly, never answered "busy": that would change the
order of a client's commands."""

from __future__ import annotations

from shared_schema.base import Id

BURST = 100
PER_SECOND = 10.0
"""Commands and seats of one person, in all their tabs together: 100 at once, then 10 a second. People drag a card a
second at most; an outbox of 1,000 commands from a day offline is through in a minute and a half."""


class Budgets:
    """What each person has left. Pure: the time is given."""

    def __init__(self, burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self._burst = burst
        self._per_second = per_second
        self._left: dict[Id, tuple[float, float]] = {}

    def spend(self, person: Id, number: int, at: float) -> float:
        """Takes so many; answers with the seconds until the person may go on."""
        left = self._now(person, at) - number
        self._left[person] = (left, at)
        return self._debt(left)

    def wait(self, person: Id, at: float, number: int = 1) -> float:
        """The seconds until the person may send so many more."""
        return self._debt(self._now(person, at) - number)

    def forget(self, at: float) -> None:
        """Forgets who has all of it back."""
        for person in [person for person in self._left if self._now(person, at) >= self._burst]:
            del self._left[person]

    def __len__(self) -> int:
        return len(self._left)

    def _now(self, person: Id, at: float) -> float:
        left, since = self._left.get(person, (self._burst, at))
        return min(left + (at - since) * self._per_second, self._burst)

    def _debt(self, left: float) -> float:
        return max(-left / self._per_second, 0.0)

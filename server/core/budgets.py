"""How much somebody may do: so much at once, then so much a second. What comes of it is decided where it is asked."""

from __future__ import annotations

BURST = 100
PER_SECOND = 10.0
"""Commands and seats of one person, in all their tabs together: 100 at once, then 10 a second. People drag a card a
second at most; three tabs that all lost the connection have their 32 seats again at once; an outbox of 1,000 commands
from a day offline is through in a minute and a half."""


class Budgets:
    """What each has left, by a name such as a person's id. Pure: the time is given."""

    def __init__(self, burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self._burst = burst
        self._per_second = per_second
        self._left: dict[str, tuple[float, float]] = {}

    def spend(self, who: str, number: int, at: float) -> float:
        """Takes so many; answers with the seconds until these are covered."""
        left = self._now(who, at) - number
        self._left[who] = (left, at)
        return self._debt(left)

    def wait(self, who: str, at: float, number: int = 1) -> float:
        """The seconds until there is room for so many more."""
        return self._debt(self._now(who, at) - number)

    def forget(self, at: float) -> None:
        """Forgets who has all of it back."""
        for who in [who for who in self._left if self._now(who, at) >= self._burst]:
            del self._left[who]

    def __len__(self) -> int:
        return len(self._left)

    def _now(self, who: str, at: float) -> float:
        left, since = self._left.get(who, (self._burst, at))
        return min(left + (at - since) * self._per_second, self._burst)

    def _debt(self, left: float) -> float:
        return max(-left / self._per_second, 0.0)

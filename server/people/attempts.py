"""Attempts to sign in that failed, by the address they came from: whoever guesses is slowed, and nobody else.

A whole hall shares one address, so that it only counts failures, and only failures are refused: who has the right
link gets in at any time. What can be guessed, such as a password, is counted for each account and address, and refused
before it is looked at (`hold`): nobody is locked out by a stranger, and guessing from one place ends soon.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from ipaddress import ip_network
from time import monotonic
from typing import Any

from litestar.connection import ASGIConnection

from server.core.budgets import Budgets
from shared_schema.refusals import Refusal, TooManyTries

AT_ONCE = 10
PER_SECOND = AT_ONCE / 60
"""Ten failures a minute from one address: people mistype, and then look again at what they were sent."""
MOST_ADDRESSES = 10_000
"""Beyond it those who have all of it back are forgotten; they are kept in memory only, and are never logged."""
HOMES_NETWORK = 64
"""Bits of an IPv6 address that are one household's: it may use all that come after."""


class Attempts:
    """What each address has left."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._budgets = Budgets(burst=AT_ONCE, per_second=PER_SECOND)

    def failed(self, connection: ASGIConnection[Any, Any, Any, Any], account: str = "") -> None:
        """Counts a failure; raises a `Refusal` when there were too many from there."""
        self.hold(connection, account)
        now = self._clock()
        if len(self._budgets) >= MOST_ADDRESSES:
            self._budgets.forget(now)
        self._budgets.spend(_who(connection, account), 1, now)

    def hold(self, connection: ASGIConnection[Any, Any, Any, Any], account: str = "") -> None:
        """Raises a `Refusal` when there were too many failures from there, for this account."""
        wait = self._budgets.wait(_who(connection, account), self._clock())
        if wait:
            raise Refusal(TooManyTries(seconds=math.ceil(wait)))


def _who(connection: ASGIConnection[Any, Any, Any, Any], account: str) -> str:
    return f"{_address(connection)} {account}"


def _address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    host = connection.client.host if connection.client else ""
    try:
        return str(ip_network(f"{host}/{HOMES_NETWORK}", strict=False)) if ":" in host else host
    except ValueError:
        return host  # a proxy of ours may name its clients as it likes

"""The fault tests have two forms: a short one in `make test`, a long one when KORRIDOR_FAULTS=long."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")

LONG = os.environ.get("KORRIDOR_FAULTS") == "long"


def pick(*, short: T, long: T) -> T:
    """What belongs to the form that runs."""
    return long if LONG else short

"""What the long form measured: a line of JSON for each figure's test, in the file that KORRIDOR_FAULT_FIGURES names."""

from __future__ import annotations

import json
import os
from pathlib import Path


def record(name: str, **figures: float | str) -> None:
    """Notes the figures of a test; without a file to write to, nothing."""
    file = os.environ.get("KORRIDOR_FAULT_FIGURES")
    if file:
        with Path(file).open("a") as lines:
            lines.write(json.dumps({"name": name, **figures}) + "\n")


def p95(values: list[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    return sorted(values)[int(0.95 * (len(values) - 1))]

"""The figures of the long form: one file for each test, and the table that docs/reliability.md shows of them.

`python -m tests.faults.figures` writes that table anew.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from bench.machine import describe
from tests.faults.scenes import LONG

FIGURES = Path(__file__).parent / "measured"
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->"
OF_THE_MACHINE = ("cpu", "cores", "system", "python", "postgresql")


def record(name: str, **figures: float | str) -> None:
    """Keeps the figures of a test. The short form is no measurement and keeps nothing."""
    print(f"{name}: {_told(figures)}")
    if not LONG:
        return
    FIGURES.mkdir(exist_ok=True)
    machine = {key: value for key, value in describe().items() if key in OF_THE_MACHINE}
    kept = {"name": name, "date": time.strftime("%Y-%m-%d"), "figures": figures, "machine": machine}
    path = FIGURES / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.json"
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")


def seconds(values: list[float]) -> dict[str, float]:
    """Median, 95th percentile and the longest of some durations."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {"p50_s": round(ordered[len(ordered) // 2], 2), "p95_s": round(p95, 2), "longest_s": round(ordered[-1], 2)}


def table() -> str:
    """All figures that were kept, as a table in Markdown."""
    kept: list[dict[str, Any]] = [json.loads(path.read_text()) for path in sorted(FIGURES.glob("*.json"))]
    kept.sort(key=lambda one: (int(re.sub(r"\D.*", "", one["name"].lstrip("P")) or 0), one["name"]))
    lines = ["| what | figures | date | machine |", "|---|---|---|---|"]
    for one in kept:
        machine = one["machine"]
        where = f"{machine['cpu']}, {machine['cores']} cores, {machine['postgresql']}"
        lines.append(f"| {one['name']} | {_told(one['figures'])} | {one['date']} | {where} |")
    return "\n".join(lines) + "\n"


def _told(figures: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_number(value)}" for name, value in figures.items())


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)


def main() -> int:
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        print(f"{PAGE} has no place for the figures", file=sys.stderr)
        return 1
    PAGE.write_text(f"{before}{BEGIN}{table()}{END}{after}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What came out, beside what was to be reached: as a table for people, and as `results.json`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

RESULTS = Path(__file__).parent / "results.json"
Figures = dict[str, Any]


class Target(Struct, frozen=True):
    """A figure and what is asked of it. `limit` may look at the other figures."""

    key: str
    sign: str
    limit: float | Callable[[Figures], float] | None
    spread: str = ""

    def asked(self, figures: Figures) -> float | None:
        return self.limit(figures) if callable(self.limit) else self.limit

    def met(self, figures: Figures) -> bool | None:
        """Whether it is reached; None where nothing is asked."""
        asked, found = self.asked(figures), find(figures, self.key)
        if asked is None or found is None:
            return None
        return bool(found >= asked if self.sign == "≥" else found <= asked)


def _three_times_bare(figures: Figures) -> float:
    return round(3 * float(find(figures, "latency.bare_broadcast.p99_ms") or 0), 2)


TARGETS = (
    Target("fanout.seats_200.ratio", "≥", 6),
    Target("fanout.seats_200.ratio_of_cpu", "", None),
    Target("fanout.seats_200.deliveries_per_s", "", None, "fanout.seats_200.deliveries_per_s_spread"),
    Target("fanout.seats_200.bare_broadcast_per_s", "", None, "fanout.seats_200.bare_broadcast_per_s_spread"),
    Target("fanout.seats_1000.ratio", "", None),
    Target("fanout.seats_1000.ratio_of_cpu", "", None),
    Target("fanout.seats_1000.deliveries_per_s", "", None, "fanout.seats_1000.deliveries_per_s_spread"),
    Target("fanout.seats_1000.bare_broadcast_per_s", "", None, "fanout.seats_1000.bare_broadcast_per_s_spread"),
    Target("latency.seats_200.p50_ms", "≤", 5, "latency.seats_200.p50_ms_spread"),
    Target("latency.seats_200.p95_ms", "", None),
    Target("latency.seats_200.p99_ms", "≤", _three_times_bare, "latency.seats_200.p99_ms_spread"),
    Target("latency.bare_broadcast.p50_ms", "", None, "latency.bare_broadcast.p50_ms_spread"),
    Target("latency.bare_broadcast.p99_ms", "", None, "latency.bare_broadcast.p99_ms_spread"),
    *(
        Target(f"commands.{database}.{spaces}.per_s", "≥", least, f"commands.{database}.{spaces}.per_s_spread")
        for database, least in (("sqlite", 5_000), ("postgres", 4_000))
        for spaces in ("one_space", "twenty_spaces")
    ),
    *(
        Target(f"commands.{database}.{spaces}.{name}", "", None)
        for name in ("p95_ms", "cpu_us_each")
        for database in ("sqlite", "postgres")
        for spaces in ("one_space", "twenty_spaces")
    ),
    Target("snapshot.tasks_1000.cold_ms", "", None, "snapshot.tasks_1000.cold_ms_spread"),
    Target("snapshot.tasks_1000.warm_ms", "", None),
    Target("snapshot.tasks_5000.cold_ms", "≤", 40, "snapshot.tasks_5000.cold_ms_spread"),
    Target("snapshot.tasks_5000.warm_ms", "≤", 5),
    Target("snapshot.tasks_5000.bytes", "", None),
    Target("snapshot.tasks_5000.compressed_bytes", "", None),
    Target("memory.kib_per_seat", "≤", 32),
    Target("memory.bare_kib_per_connection", "", None),
    Target("start.first_s", "≤", 90),
    Target("start.again_s", "≤", 5),
    Target("client.js_gzip_bytes", "≤", 60_000),
    Target("client.css_gzip_bytes", "≤", 10_000),
    Target("browser.paint_1000_ms", "≤", 250, "browser.paint_1000_ms_spread"),
    Target("browser.move_ms", "≤", 4, "browser.move_ms_spread"),
)


def find(figures: Figures, key: str) -> Any:
    """The figure under a key with dots; None if it was not measured."""
    found: Any = figures
    for part in key.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def table(figures: Figures) -> str:
    """The figures as lines, with target, spread, and whether the target is reached."""
    machine = figures["machine"]
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, {machine['date']}",
        ", ".join(f"{name} {machine[name]}" for name in ("python", "uvicorn", "websockets", "sqlalchemy"))
        + f", {machine['postgresql']}; load before: {machine['load_before']}",
        "",
        f"{'':44}{'measured':>12}{'target':>12}  {'':8}{'spread'}",
    ]
    for target in TARGETS:
        found = find(figures, target.key)
        if found is not None:
            lines.append(_line(target, found, figures))
    return "\n".join(lines)


def _line(target: Target, found: Any, figures: Figures) -> str:
    asked, met = target.asked(figures), target.met(figures)
    wanted = "" if asked is None else f"{target.sign} {asked:,g}"
    verdict = {None: "", True: "reached", False: "MISSED"}[met]
    spread = find(figures, target.spread) if target.spread else None
    ends = f"{spread[0]:,} – {spread[-1]:,}" if spread else ""
    return f"{target.key:44}{found:>12,}{wanted:>12}  {verdict:8}{ends}".rstrip()


def write(figures: Figures, to: Path = RESULTS) -> None:
    to.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")

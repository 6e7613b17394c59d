"""What came out, beside what was to be reached: as a table for people, and as `results.json`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from bench.locking import WAYS
from bench.run import LONG

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


SCENES = ("one_space", "twenty_spaces", "twenty_shared")
IDLE = {
    "kib_per_socket": 32,
    "kib_per_space": None,
    "server_mib": None,
    "handshake_cpu_us": None,
    "watch_cpu_us": None,
    "seats_per_s": None,
    "idle_cpu_share": 0.15,
    "busy_cpu_share": None,
    "p50_ms": None,
    "p95_ms": 150,
}
SIZES = {"spaces": LONG.spaces, "tasks": LONG.tasks, "journal": LONG.journal}
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
    *(
        Target(f"processes.{processes}.{scene}.{name}", "", None, f"processes.{processes}.{scene}.{name}_spread")
        for name in ("per_s", "p95_ms")
        for scene in SCENES
        for processes in ("one", "two")
    ),
    *(
        Target(f"processes.{processes}.{scene}.{name}", "", None)
        for name in ("cpu_us_each", "database_cpu_us_each")
        for scene in SCENES
        for processes in ("one", "two")
    ),
    Target("processes.ratio.one_space", "", None),
    Target("processes.ratio.twenty_spaces", "≥", 1),
    Target("processes.ratio.twenty_shared", "", None),
    *(
        Target(f"processes.across.{reader}.{name}", "", None)
        for reader in ("own", "other")
        for name in ("p50_ms", "p95_ms")
    ),
    *(
        Target(f"locks.{way}.{scene}.{name}", "", None, f"locks.{way}.{scene}.{name}_spread")
        for name in ("per_s", "cpu_us_each")
        for scene in SCENES
        for way in WAYS
    ),
    *(
        Target(f"relays.{kind}.per_s_{rate}.{name}", "", None, f"relays.{kind}.per_s_{rate}.{name}_spread")
        for rate in (100, 2_000)
        for name in ("p50_ms", "p95_ms", "sender_us_each", "listener_us_each", "redis_us_each")
        for kind in ("pubsub", "streams")
    ),
    *(
        Target(f"relays.{kind}.reconnect.{name}", "", None)
        for name in ("lost", "longest_silence_s")
        for kind in ("pubsub", "streams")
    ),
    *(
        Target(f"idle.{database}.{name}", "≤" if limit else "", limit)
        for name, limit in IDLE.items()
        for database in ("sqlite", "postgres")
    ),
    *(
        Target(f"scale.{database}.{growth}.{size}.{name}", "", None)
        for growth, sizes in SIZES.items()
        for name in ("snapshot_cold_ms", "command_p50_ms", "catch_up_p50_ms")
        for database in ("sqlite", "postgres")
        for size in sizes
    ),
    *(
        Target(f"joining.{missed}.{name}", "", None)
        for missed in ("missed_1", "missed_500", "missed_500_in_memory", "missed_50000")
        for name in ("bytes", "ms")
    ),
    Target("slow.p95_ms", "", None, "slow.p95_ms_spread"),
    Target("slow.with_slow_reader_p95_ms", "", None, "slow.with_slow_reader_p95_ms_spread"),
    Target("slow.ratio", "≤", 1.2),
    Target("slow.server_grew_mib", "≤", 20),
    *(
        Target(f"swallowed.{way}.{name}", "≤", 5)
        for way in WAYS
        for name in ("same_space_s_worst", "other_space_s_worst")
    ),
    *(
        Target(f"backup.{way}.{step}", "≤" if step == "drill_s" else "", 120 if step == "drill_s" else None)
        for way in ("sqlite_to_postgres", "postgres_to_sqlite")
        for step in ("backup_s", "restore_s", "verify_s", "drill_s")
    ),
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

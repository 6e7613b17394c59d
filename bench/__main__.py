"""`python -m bench [section …]`: measures, prints a table, writes bench/results.json. QUICK=1 is the short run.

With names of sections only these are measured, and the results of the others stay as they were. Without names the short
run leaves out what takes minutes even when it is short. Each section is written as soon as it is measured.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import idle, joining, pictures, processes, relays, report, run, scale, sections, slow, swallowed, tables
from bench.backup import backup
from bench.driver import Failed
from bench.machine import CannotMeasure, describe, prepare_driver
from bench.run import Bench
from bench.starting import start

SECTIONS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "fanout": sections.fanout,
    "latency": sections.latency,
    "commands": sections.commands,
    "snapshot": sections.snapshot,
    "memory": sections.memory,
    "client": sections.client,
    "browser": sections.browser,
    "processes": processes.processes,
    "locks": processes.locks,
    "relays": relays.relays,
    "idle": idle.idle,
    "scale": scale.scale,
    "joining": joining.joining,
    "slow": slow.slow,
    "swallowed": swallowed.swallowed,
    "backup": lambda bench: backup(bench.folder, bench.effort.backed_up),
    "start": lambda bench: start(bench.folder, first=bench.effort.first_start),
}

SHORT = ("fanout", "latency", "commands", "snapshot", "memory", "client", "browser", "start")


def main(asked: list[str]) -> int:
    if unknown := set(asked) - SECTIONS.keys():
        print(f"There is no section {', '.join(sorted(unknown))}. Sections: {', '.join(SECTIONS)}.")
        return 2
    quick = os.environ.get("QUICK") == "1"
    names = asked or list(SHORT if quick else SECTIONS)
    try:
        prepare_driver()
        machine = {**describe(), "run": "quick" if quick else "long", "sections": names}
        figures = _measure(names, run.QUICK if quick else run.LONG, {} if not asked else _before(), machine)
    except (CannotMeasure, Failed) as problem:
        print(problem, file=sys.stderr)
        return 1
    if not quick:
        pictures.draw(figures)
        tables.write(figures)
    print(report.table(figures))
    return 0


def _before() -> dict[str, Any]:
    """What earlier runs have left."""
    return json.loads(report.RESULTS.read_text()) if report.RESULTS.exists() else {}


def _measure(names: list[str], effort: run.Effort, before: dict[str, Any], machine: dict[str, Any]) -> dict[str, Any]:
    figures = {**before, "machine": machine}
    with tempfile.TemporaryDirectory(prefix="korridor-bench-") as folder:
        bench = run.prepare(Path(folder), effort)
        for name in names:
            begun = time.monotonic()
            print(f"{name} …", end=" ", flush=True)
            figures[name] = SECTIONS[name](bench)
            report.write(figures)
            print(f"{time.monotonic() - begun:.0f} s", flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

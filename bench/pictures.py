"""The charts in docs/performance.md, from `results.json`: after each long run, or by `python -m bench.pictures`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from bench import charts, report
from bench.charts import Line
from bench.figures import Figures

FOLDER = Path(__file__).parents[1] / "docs" / "performance"
DATABASES = {"postgres": "PostgreSQL", "sqlite": "SQLite"}
SCENES = {
    "one_space": "one space",
    "twenty_spaces": "20 spaces, one writer each",
    "twenty_shared": "20 spaces, two each",
}
GROWTH = {
    "spaces": ("Cost against the number of spaces", "spaces of 100 tasks each"),
    "tasks": ("Cost against the size of a board", "tasks on the board"),
    "journal": ("Cost against the length of a journal", "entries in the journal of one space"),
}
MEASURES = {"snapshot_cold_ms": "snapshot", "command_p50_ms": "command", "catch_up_p50_ms": "catch-up"}


def draw(figures: Figures) -> None:
    """Writes a chart for each section that has been measured."""
    FOLDER.mkdir(exist_ok=True)
    for name, chart in charts_of(figures):
        (FOLDER / f"{name}.svg").write_text(chart)


def charts_of(figures: Figures) -> Iterator[tuple[str, str]]:
    if fanout := figures.get("fanout"):
        yield "fanout", _fanout(fanout)
    if processes := figures.get("processes"):
        kinds = {"one": "one process", "two": "two processes"}
        yield "processes", _per_scene("Acknowledged commands, 20 or 40 writers", processes, kinds)
    if locks := figures.get("locks"):
        kinds = {way: way.replace("_", " ") for way in locks if way != "ratio"}
        yield "locks", _per_scene("Two processes, by how they share the rows of the spaces", locks, kinds)
    if scale := figures.get("scale"):
        for growth, (title, x) in GROWTH.items():
            yield f"scale-{growth}", charts.lines(title, x, "milliseconds", _growth(scale, growth))


def _fanout(figures: Figures) -> str:
    groups = {
        f"{seats.removeprefix('seats_')} seats": {
            "Korridor": one["deliveries_per_s"],
            "bare websockets": one["bare_broadcast_per_s"],
        }
        for seats, one in figures.items()
    }
    return charts.bars("Fan-out from one writer", "deliveries a second", groups)


def _per_scene(title: str, figures: Figures, kinds: dict[str, str]) -> str:
    groups = {
        name: {label: figures[kind][scene]["per_s"] for kind, label in kinds.items()} for scene, name in SCENES.items()
    }
    return charts.bars(title, "commands a second", groups)


def _growth(scale: Figures, growth: str) -> list[Line]:
    return [
        Line(
            f"{label}, {title}",
            [(float(size), one[measure]) for size, one in scale[database][growth].items()],
            colour,
            dashed=database == "sqlite",
        )
        for database, title in DATABASES.items()
        for colour, (measure, label) in enumerate(MEASURES.items())
    ]


if __name__ == "__main__":
    draw(json.loads(report.RESULTS.read_text()))

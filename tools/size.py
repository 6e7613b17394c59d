"""Holds the budget of the first load: what a browser fetches to show a board, compressed, fonts and pictures aside."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import TypedDict

DIST = Path(__file__).parents[1] / "web" / "dist"

# kB of 1,000 bytes, gzip -9. A phone on a bad connection in a village hall is the measure (docs/performance.md).
BUDGET = {"js": 60.0, "css": 10.0, "json": 8.0}

# What is fetched before a board can be seen: the entry, the board, and the texts of one language.
FIRST_LOAD = ("index.html", "src/board/BoardPage.svelte", "texts/de/app.json", "texts/de/board.json")


class Chunk(TypedDict, total=False):
    file: str
    css: list[str]
    imports: list[str]


def files_of(first: tuple[str, ...], manifest: dict[str, Chunk]) -> set[str]:
    """The files of these chunks and of all that they import at once."""
    files: set[str] = set()
    waiting = [next(name for name in manifest if name.endswith(end)) for end in first]
    seen = set(waiting)
    while waiting:
        chunk = manifest[waiting.pop()]
        files |= {chunk["file"], *chunk.get("css", [])}
        new = set(chunk.get("imports", [])) - seen
        seen |= new
        waiting.extend(new)
    return files


def weight(file: Path) -> float:
    return len(gzip.compress(file.read_bytes(), 9)) / 1000


def main() -> int:
    manifest: dict[str, Chunk] = json.loads((DIST / ".vite" / "manifest.json").read_text())
    files = sorted(files_of(FIRST_LOAD, manifest))
    within = True
    for kind, budget in BUDGET.items():
        weights = {
            file: len(gzip.compress((DIST / file).read_bytes(), 9)) / 1000
            for file in files
            if file.endswith(f".{kind}")
        }
        total = sum(weights.values())
        print(f"first load, {kind}: {total:.1f} kB of {budget:.0f} kB ({len(weights)} files)")
        if total > budget:
            within = False
            for file, kilobytes in sorted(weights.items(), key=lambda item: -item[1]):
                print(f"  {kilobytes:6.1f} kB  {file}")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())

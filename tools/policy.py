"""What no tracked file may hold: hosts of package registries, paths of one machine, notes to ourselves.

Lock files name versions and hashes only, so that they install from any registry or mirror.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

# Written so that no pattern matches its own text.
FORBIDDEN = {
    "the host of a package registry": re.compile(
        r"(p[y]pi|python[h]osted|n[p]mjs|yarn[p]kg)\.(org|com)|(deb|security|ftp)\.d[e]bian\.org"
    ),
    "a path of one machine": re.compile(r"/(w[o]rk|f[a]rm|h[o]me/[a-z]+|U[s]ers/[a-z]+)/"),
    "a path outside the project": re.compile(r"\.\./s[h]ared\b"),
    "a note to ourselves": re.compile(r"\b(T[O]DO|F[I]XME|X[X]X)\b"),
}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def findings(path: Path) -> Iterator[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return  # a picture or a font
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in FORBIDDEN.items():
            if pattern.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: {what}: {line.strip()[:120]}"


def python_lock_findings(path: Path) -> Iterator[str]:
    """Every requirement is pinned and hashed, and nothing says where it comes from."""
    text = path.read_text()
    if "://" in text or re.search(r"^--(index|extra|find)", text, re.MULTILINE):
        yield f"{path.relative_to(ROOT)}: names an address"
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        if "==" not in requirement or "--hash=sha256:" not in requirement:
            yield f"{path.relative_to(ROOT)}: not pinned by hash: {requirement.splitlines()[0]}"


def npm_lock_findings(path: Path) -> Iterator[str]:
    for name, package in json.loads(path.read_text())["packages"].items():
        if "resolved" in package:
            yield f"{path.relative_to(ROOT)}: names an address for {name}"
        if name and "integrity" not in package:
            yield f"{path.relative_to(ROOT)}: no hash for {name}"


def main() -> int:
    found = [finding for path in tracked() for finding in findings(path)]
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        found += python_lock_findings(lock)
    found += npm_lock_findings(ROOT / "web/package-lock.json")
    for finding in found:
        print(finding)
    print(f"policy: {len(found)} findings" if found else "policy: kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

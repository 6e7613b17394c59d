"""Each numbered rule of `docs/sync-rules.md` has a test that names it, and no test names one that is not there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = set(re.findall(r"^- \*\*([A-Z]+\d+)\*\*", (ROOT / "docs" / "sync-rules.md").read_text(), re.MULTILINE))
GROUPS = "|".join(sorted({rule.rstrip("0123456789").lower() for rule in RULES}))


def named() -> set[str]:
    """The rules that the names of tests name, on the server and in the client."""
    names = [
        name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    ]
    names += [
        title
        for path in (ROOT / "web" / "src").rglob("*.test.ts")
        for title in re.findall(r"\b(?:test|it)\(\s*['\"`]([^'\"`]+)", path.read_text())
    ]
    return {
        rule.upper()
        for name in names
        for rule in re.findall(rf"(?<![a-z0-9])(?:{GROUPS})\d+(?![a-z0-9])", name.lower())
    }


def test_every_rule_has_a_test_and_no_test_names_another() -> None:
    assert RULES
    assert named() == RULES

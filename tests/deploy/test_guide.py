"""The failure guide of `docs/operating.md` begins with what people see: word for word what Korridor says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPERATING = (ROOT / "docs" / "operating.md").read_text()
GUIDE = OPERATING.partition("\n## When something is wrong\n")[2].partition("\n### ")[0]
SEEN = [line.split("|")[1] for line in GUIDE.splitlines() if line.startswith("| ")][2:]
SOURCES = "\n".join(path.read_text() for path in (ROOT / "server").rglob("*.py"))


def shown(language: str) -> set[str]:
    """What the header of the client can say of the connection."""
    texts = json.loads((ROOT / "shared_schema" / "texts" / language / "app.json").read_text())
    return {text.replace("{{time}}", "…") for key, text in texts.items() if key.startswith("state.")}


@pytest.mark.parametrize("line", [line for line in SEEN if "The header says" in line])
def test_the_header_says_in_both_languages_what_the_guide_quotes(line: str) -> None:
    english = set(re.findall(r'\("([^"]+)"\)', line))
    german = set(re.findall(r'"([^"]+)"', line)) - english
    assert german <= shown("de")
    assert english <= shown("en")
    assert len(german) == len(english)


@pytest.mark.parametrize(
    "sentence",
    ["The database cannot be used", "A newer Korridor has written this database.", "Another Korridor is running on"],
)
def test_a_sentence_of_the_guide_is_one_of_the_program(sentence: str) -> None:
    assert any(sentence in line for line in SEEN)
    assert sentence in SOURCES


def test_every_link_of_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", OPERATING, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", OPERATING)) <= anchors

"""The tables of the page about performance are written between their marks, and nothing else of it is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import tables

JOINED = {"missed_1": {"answer": "entries", "bytes": 588, "ms": 16.64}}


def test_a_section_that_was_measured_replaces_what_stands_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("# Before\n<!-- joining -->\nold\n<!-- end of joining -->\nAfter")
    tables.write({"joining": JOINED}, page)
    head = "| entries missed | answer | bytes | until it is there |\n| --- | --- | --- | --- |"
    rows = f"{head}\n| 1 | entries | 588 | 16.6 ms |"
    assert page.read_text() == f"# Before\n<!-- joining -->\n{rows}\n<!-- end of joining -->\nAfter"


def test_the_page_has_marks_for_every_table() -> None:
    for name in tables.SECTIONS:
        assert tables.between(tables.PAGE.read_text(), name, "new")


def test_a_page_without_marks_is_said() -> None:
    with pytest.raises(LookupError, match="idle"):
        tables.between("# A page", "idle", "")

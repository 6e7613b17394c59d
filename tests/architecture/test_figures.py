"""The page about reliability shows the figures that were kept, and no others."""

from __future__ import annotations

from tests.faults.figures import BEGIN, END, PAGE, table


def test_the_page_shows_the_figures_that_were_kept() -> None:
    shown = PAGE.read_text().partition(BEGIN)[2].partition(END)[0]
    assert shown == table(), "python -m tests.faults.figures writes them anew"

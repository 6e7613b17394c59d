"""Charts are well-formed, say their units, and place things where the numbers are."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

from bench import charts, pictures
from bench.charts import Line

SVG = "{http://www.w3.org/2000/svg}"


def drawn(chart: str) -> ElementTree.Element:
    return ElementTree.fromstring(chart)  # noqa: S314  (our own text)


def texts(chart: str) -> list[str]:
    return [one.text or "" for one in drawn(chart).iter(f"{SVG}text")]


def test_a_line_that_does_not_grow_is_level() -> None:
    chart = charts.lines("Cost", "entries", "milliseconds", [Line("command", [(1_000, 5), (1_000_000, 5)], 0)])
    assert len({one.get("cy") for one in drawn(chart).iter(f"{SVG}circle")}) == 1
    assert {"Cost", "entries", "milliseconds", "1 k", "1 M", "command 5"} <= set(texts(chart))


def test_labels_of_lines_that_end_together_do_not_lie_on_one_another() -> None:
    several = [Line(f"line {number}", [(1, 5), (10, 5)], 0) for number in range(3)]
    chart = drawn(charts.lines("Cost", "x", "y", several))
    places = [float(one.get("y", "")) for one in chart.iter(f"{SVG}text") if (one.text or "").startswith("line")]
    assert sorted(places) == places
    assert min(after - before for before, after in pairwise(places)) >= 15


def test_the_greater_bar_is_the_higher_one_and_says_its_number() -> None:
    chart = charts.bars("Commands", "a second", {"one <space>": {"one": 500, "two": 1_000}})
    bars = [one for one in drawn(chart).iter(f"{SVG}rect") if one.get("rx") == "2" and one.get("width") != "13"]
    low, high = (float(one.get("height", "")) for one in bars)
    assert high == 2 * low
    assert {"one <space>", "500", "1,000"} <= set(texts(chart))


def test_what_was_not_measured_is_not_drawn() -> None:
    assert list(pictures.charts_of({"machine": {}})) == []

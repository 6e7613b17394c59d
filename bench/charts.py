"""Two kinds of chart as SVG, without a library: lines over sizes on logarithmic axes, and bars side by side.

A chart brings its own paper, light or dark as whoever looks at it prefers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

from msgspec import Struct

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 70, 200, 66, 54
COLOURS = ("blue", "orange", "green", "violet")
STYLE = """
svg { --paper: #ffffff; --ink: #1f2933; --faint: #5f6b7a; --grid: #e1e5ea;
      --blue: #1f6fb2; --orange: #b8520a; --green: #2f7d46; --violet: #7a4fb0 }
@media (prefers-color-scheme: dark) {
  svg { --paper: #14181d; --ink: #e6eaee; --faint: #9aa7b4; --grid: #2b323a;
        --blue: #6cb2f0; --orange: #f09a52; --green: #74c98c; --violet: #b99af0 } }
text { font: 13px system-ui, sans-serif; fill: var(--faint) } .title { font-size: 15px; fill: var(--ink) }
.strong { fill: var(--ink) } .grid { stroke: var(--grid) } .line { fill: none; stroke-width: 2 }
.end { text-anchor: end } .middle { text-anchor: middle }
"""


class Line(Struct, frozen=True):
    """A named row of (x, y), neither ever zero. Lines of one colour belong together; one of them may be dashed."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: int
    dashed: bool = False


def lines(title: str, x: str, y: str, several: Sequence[Line]) -> str:
    """How things grow: both axes logarithmic, so that what does not grow is level."""
    xs = _Scale([px for line in several for px, _ in line.points], LEFT, WIDTH - RIGHT)
    ys = _Scale([py for line in several for _, py in line.points], HEIGHT - BOTTOM, TOP)
    parts = [*_grid(ys), *(_text(xs(tick), HEIGHT - BOTTOM + 20, _short(tick), "middle") for tick in xs.ticks)]
    places = _apart([ys(line.points[-1][1]) for line in several])
    for line, place in zip(several, places, strict=True):
        colour, dash = f"var(--{COLOURS[line.colour]})", ' stroke-dasharray="6 4"' if line.dashed else ""
        way = " ".join(f"{xs(px):.1f},{ys(py):.1f}" for px, py in line.points)
        parts.append(f'<polyline class="line" stroke="{colour}"{dash} points="{way}"/>')
        parts += [f'<circle cx="{xs(px):.1f}" cy="{ys(py):.1f}" r="3" fill="{colour}"/>' for px, py in line.points]
        label = f"{line.name} {_number(line.points[-1][1])}"
        parts.append(
            f'<text x="{WIDTH - RIGHT + 12}" y="{place + 4:.1f}" style="fill: {colour}">{escape(label)}</text>'
        )
    return _chart(title, y, [*parts, _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x, "middle")])


def bars(title: str, y: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """What is more: for each group a bar of each kind, from zero."""
    kinds = list(dict.fromkeys(kind for group in groups.values() for kind in group))
    most = max(value for group in groups.values() for value in group.values())
    step = _step(most)
    floor, ceiling = HEIGHT - BOTTOM, TOP
    top = math.ceil(most / step) * step
    parts = []
    for number in range(round(top / step) + 1):
        level = floor - number * step / top * (floor - ceiling)
        parts += _rule(level, _number(number * step))
    wide = (WIDTH - LEFT - RIGHT) / len(groups)
    each = wide * 0.8 / len(kinds)
    for place, (name, group) in enumerate(groups.items()):
        middle = LEFT + (place + 0.5) * wide
        parts.append(_text(middle, floor + 20, name, "middle strong"))
        for number, kind in enumerate(kinds):
            high = group.get(kind, 0) / top * (floor - ceiling)
            left = middle + (number - len(kinds) / 2) * each
            fill = f"var(--{COLOURS[number]})"
            size = f'width="{each - 3:.1f}" height="{high:.1f}"'
            parts.append(f'<rect x="{left:.1f}" y="{floor - high:.1f}" {size} rx="2" fill="{fill}"/>')
            parts.append(_text(left + each / 2 - 1.5, floor - high - 5, _number(group.get(kind, 0)), "middle"))
    for number, kind in enumerate(kinds):
        down, fill = TOP + 8 + number * 24, f"var(--{COLOURS[number]})"
        parts.append(f'<rect x="{WIDTH - RIGHT + 16}" y="{down - 11}" width="13" height="13" rx="2" fill="{fill}"/>')
        parts.append(_text(WIDTH - RIGHT + 36, down, kind, "strong"))
    return _chart(title, y, parts)


# --- parts -----------------------------------------------------------------------------------------------------------


class _Scale:
    """Numbers to places on a logarithmic axis that begins and ends at a power of ten."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self.ticks = [10.0**power for power in range(low, max(high, low + 1) + 1)]
        self._low, self._span = low, max(high, low + 1) - low
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        return self._start + (math.log10(value) - self._low) / self._span * (self._end - self._start)


def _apart(places: Sequence[float], least: float = 17) -> list[float]:
    """The same places, moved down where labels would lie on one another."""
    moved = list(places)
    order = sorted(range(len(places)), key=lambda number: places[number])
    for before, number in pairwise(order):
        moved[number] = max(moved[number], moved[before] + least)
    return moved


def _grid(ys: _Scale) -> list[str]:
    return [part for tick in ys.ticks for part in _rule(ys(tick), _number(tick))]


def _rule(level: float, label: str) -> list[str]:
    line = f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{level:.1f}" y2="{level:.1f}"/>'
    return [line, _text(LEFT - 10, level + 4, label, "end")]


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(text)}</text>'


def _chart(title: str, y: str, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="var(--paper)"/>'
    )
    return "\n".join([head, _text(16, 26, title, "title"), _text(16, 44, y, ""), *parts, "</svg>", ""])


def _step(most: float) -> float:
    """A round step that gives four to eight rules."""
    power = 10.0 ** math.floor(math.log10(most / 4))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if most / step <= 8)


def _short(value: float) -> str:
    for size, sign in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:g}"


def _number(value: float) -> str:
    if value >= 10_000:
        return f"{value / 1e3:,.0f} k"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

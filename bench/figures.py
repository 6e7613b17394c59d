"""Arithmetic on what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

Figures = dict[str, Any]


def quantile(samples: Sequence[float], share: float) -> float:
    """The value below which this share of the sorted samples lies."""
    return samples[min(int(len(samples) * share), len(samples) - 1)]


def median_of(runs: Iterable[Any], name: str) -> float:
    """The median of a field over several runs."""
    return float(median(getattr(run, name) for run in runs))


def spread(rates: Iterable[float]) -> list[int]:
    """The least and the greatest, as whole numbers."""
    found = sorted(rates)
    return [round(found[0]), round(found[-1])]


def ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def spread_ms(seconds: Iterable[float]) -> list[float]:
    """The least and the greatest, in milliseconds."""
    found = sorted(seconds)
    return [ms(found[0]), ms(found[-1])]


def waits(seconds: Iterable[float]) -> Figures:
    """The middle and the slow end of many waits, in milliseconds."""
    found = sorted(seconds)
    return {f"p{share}_ms": ms(quantile(found, share / 100)) for share in (50, 95, 99)}

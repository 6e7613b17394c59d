"""Places: short strings that sort, with always room for another one between any two.

A place is a row of whole numbers, each written so that the text sorts as the numbers do: a letter that says the sign
and how many digits follow, then the digits. Between 3 and 4 comes 3.0, then 3.1, 3.2, … or 3.-1, 3.-2, …: so a place
stays short not only at both ends of a list but also where people put a hundred things into the same gap, in which a
middle of digits would grow by a character every sixth time.
"""

from __future__ import annotations

from typing import Final

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE: Final = len(DIGITS)

Path = tuple[int, ...]


def between(low: str | None, high: str | None) -> str:
    """A place after `low` and before `high`; None means that there is nothing on that side."""
    return _write(_between(_read(low) if low else None, _read(high) if high else None))


def row(count: int, low: str | None = None) -> list[str]:
    """Places for `count` things one after the other, all after `low`."""
    places: list[str] = []
    for _ in range(count):
        places.append(between(places[-1] if places else low, None))
    return places


def _between(low: Path | None, high: Path | None) -> Path:
    if low is None:
        return (0,) if high is None else (high[0] - 1,)
    if high is None:
        return (low[0] + 1,)
    shared = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    if shared == len(low):  # `high` lies below `low`: before it
        return (*low, high[shared] - 1)
    if high[shared] - low[shared] > 1:
        return (*low[:shared], low[shared] + 1)
    if len(high) > shared + 1:  # the step above `high` is free
        return high[: shared + 1]
    return (*low[: shared + 1], low[shared + 1] + 1 if len(low) > shared + 1 else 0)


def _read(place: str) -> Path:
    path: list[int] = []
    at = 0
    while at < len(place):
        head = place[at]
        size = ord(head) - ord("a") + 1 if head >= "a" else ord("Z") - ord(head) + 1
        number = 0
        for digit in place[at + 1 : at + 1 + size]:
            number = number * BASE + DIGITS.index(digit)
        path.append(number if head >= "a" else number - BASE**size)
        at += 1 + size
    return tuple(path)


def _write(path: Path) -> str:
    return "".join(map(_write_number, path))


def _write_number(number: int) -> str:
    """62 numbers take two characters, 3,844 more take three; below zero they count down from the full."""
    size = 1
    while number >= BASE**size or number < -(BASE**size):
        size += 1
    head = chr(ord("a") + size - 1) if number >= 0 else chr(ord("Z") - size + 1)
    rest = number if number >= 0 else number + BASE**size
    digits = ""
    for _ in range(size):
        rest, digit = divmod(rest, BASE)
        digits = DIGITS[digit] + digits
    return head + digits

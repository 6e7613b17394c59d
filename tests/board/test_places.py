"""Places sort between their neighbours and stay short."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.board.places import between, row


@given(st.lists(st.integers(0, 10_000), max_size=200))
def test_a_place_lies_between_its_neighbours_wherever_things_are_put(spots: list[int]) -> None:
    places: list[str] = []
    for spot in spots:
        at = spot % (len(places) + 1)
        low = places[at - 1] if at else None
        high = places[at] if at < len(places) else None
        places.insert(at, between(low, high))
    assert places == sorted(set(places))


def test_a_thousand_things_at_one_spot_keep_short_places() -> None:
    first, second = row(2)
    on_top, after_first, before_second, at_end = first, second, first, second
    for _ in range(1000):
        on_top = between(None, on_top)
        after_first = between(first, after_first)
        before_second = between(before_second, second)
        at_end = between(at_end, None)
    assert max(map(len, (on_top, after_first, before_second, at_end))) <= 6


def test_a_row_stands_in_order_after_what_was_there() -> None:
    last = row(3)[-1]
    places = row(200, last)
    assert [last, *places] == sorted([last, *places])


def test_places_sort_across_the_change_of_length() -> None:
    places = ["a0"]
    for _ in range(5000):
        places.insert(0, between(None, places[0]))
    for _ in range(5000):
        places.append(between(places[-1], None))
    assert places == sorted(places)
    assert max(map(len, places)) <= 4

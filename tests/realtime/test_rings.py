"""The last entries of a space, and their bytes for each kind of viewer."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from server.core.commands import MOST_CHANGES
from server.core.journal import Committed
from server.core.ledger import short
from server.core.shown import shown
from server.realtime.rings import Line, Ring, page, payload
from shared_schema.base import MODERATORS, NIL, SPACE, SYSTEM, Audience, Viewer
from shared_schema.board import Task
from shared_schema.frames import Entries, EntriesPage
from shared_schema.journal import Entry, Put

AT = datetime(2026, 11, 16, 9, tzinfo=UTC)
TASK = Task(id="t", to=SPACE, column="c", place="a", title="Hofladen", created_at=AT, created_by="p")
SPACE_ID = "0198c0de-0000-7000-8000-0000000000aa"


def head(seq: int) -> bytes:
    return seq.to_bytes(8, "big") * 4


def committed(seq: int, to: Audience = SPACE, times: int = 1) -> Committed:
    changes = (Put(entity=replace(TASK, to=to, title=f"Aufgabe {seq}")),) * times
    entry = Entry(seq=seq, at=AT, by=SYSTEM, verb="task.create", about="t", command=NIL, changes=changes)
    return Committed(entry, head(seq))


def ring(length: int = 5, upto: int = 10) -> Ring:
    """A ring that began at 3 and has come to `upto`."""
    made = Ring(3, head(3), length)
    made.add([committed(seq) for seq in range(4, upto + 1)])
    return made


def seqs(lines: list[Line] | None) -> list[int] | None:
    return None if lines is None else [line.seq for line in lines]


def test_a_ring_answers_what_it_reaches_back_to() -> None:
    assert seqs(ring().since(10, short(head(10)))) == []
    assert seqs(ring().since(7, short(head(7)))) == [8, 9, 10]
    assert seqs(ring().since(5, short(head(5)))) == [6, 7, 8, 9, 10]
    assert ring().since(4, short(head(4))) is None
    assert ring().since(11, short(head(11))) is None
    assert ring().since(7, short(head(8))) is None
    assert seqs(ring().since(7, None)) == [8, 9, 10]


def test_a_ring_that_is_not_full_reaches_back_to_where_it_began() -> None:
    assert seqs(ring(upto=5).since(3, short(head(3)))) == [4, 5]
    assert ring(upto=5).since(2, None) is None


def test_what_is_known_already_is_passed_over() -> None:
    made = ring()
    assert seqs(made.add([committed(9), committed(10), committed(11)])) == [11]
    assert made.add([committed(11)]) == []


def test_a_hole_is_noticed_and_nothing_before_it_is_of_use() -> None:
    made = ring()
    assert made.add([committed(12)]) is None
    assert (made.seq, made.since(10, None)) == (12, None)
    assert seqs(made.add([committed(13)])) == [13]
    assert seqs(made.since(12, short(head(12)))) == [13]


def test_an_entry_of_thousands_of_changes_is_shown_but_not_kept() -> None:
    made = ring()
    assert seqs(made.add([committed(11, times=MOST_CHANGES + 1)])) == [11]
    assert made.since(10, None) is None
    assert made.since(11, short(head(11))) == []


def test_viewers_who_see_all_of_it_share_the_bytes() -> None:
    line = Line(committed(4))
    assert line.encoded(Viewer.MEMBER) is line.encoded(Viewer.GUEST)
    assert line.encoded(Viewer.READER) == b'{"shown":0,"seq":4}'


@given(st.lists(st.sampled_from([SPACE, MODERATORS]), max_size=4), st.sampled_from(Viewer))
def test_the_bytes_are_those_of_the_structs(audiences: list[Audience], viewer: Viewer) -> None:
    all_committed = [committed(seq, to) for seq, to in enumerate(audiences, 4)]
    lines = [Line(one) for one in all_committed]
    entries = tuple(shown(one.entry, viewer) for one in all_committed)
    message = Entries(space=SPACE_ID, entries=entries, head=short(head(9)))
    assert payload(SPACE_ID, lines, viewer, head(9)) == msgspec.json.encode(message)
    last = 3 + len(lines)
    expected = EntriesPage(space=SPACE_ID, seq=last, head=short(head(last)), entries=entries)
    assert page(SPACE_ID, lines, viewer, 3, head(3)) == msgspec.json.encode(expected)

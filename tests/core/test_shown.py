"""What a viewer gets of an entry: a pure function of the entry."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from server.core.shown import hides, in_snapshot, shown, visible
from server.core.space import Space
from shared_schema.base import AREA, MODERATORS, NIL, SPACE, SYSTEM, Viewer
from shared_schema.board import Comment, Task
from shared_schema.journal import Change, Drop, Entry, Hidden, Patch, Put

AT = datetime(2026, 11, 16, 9, tzinfo=UTC)
TASK = Task(id="t", to=SPACE, column="c", place="a", title="Hofladen", created_at=AT, created_by="p")


def entry(*changes: Change) -> Entry:
    return Entry(seq=7, at=AT, by=SYSTEM, verb="task.show", about="t", command=NIL, changes=changes)


def test_see1_who_may_see_all_of_it_gets_the_very_entry() -> None:
    whole = entry(Put(entity=TASK), Drop(kind="task", id="u", to=AREA))
    assert shown(whole, Viewer.GUEST) is whole


def test_what_one_may_not_see_is_left_out() -> None:
    patch = Patch(kind="task", id="t", fields={"title": "b"}, was={"title": "a"}, to=MODERATORS)
    mixed = entry(Put(entity=TASK), patch)
    assert shown(mixed, Viewer.MEMBER) == replace(mixed, changes=(Put(entity=TASK),))
    assert shown(mixed, Viewer.MODERATOR) is mixed


def test_an_entry_of_which_nothing_is_left_is_its_number() -> None:
    assert shown(entry(Put(entity=TASK)), Viewer.READER) == Hidden(seq=7)
    assert msgspec.json.encode(Hidden(seq=7)) == b'{"shown":0,"seq":7}'


def test_an_entry_that_changed_nothing_tells_only_moderators_what_it_was_about() -> None:
    assert shown(entry(), Viewer.MEMBER) == Hidden(seq=7)
    assert shown(entry(), Viewer.MODERATOR) == entry()


def test_what_is_hidden_is_dropped_for_those_who_saw_it() -> None:
    hiding = entry(Put(entity=replace(TASK, to=MODERATORS), formerly=SPACE))
    assert shown(hiding, Viewer.GUEST) == replace(hiding, changes=(Drop(kind="task", id="t", to=SPACE),))
    assert shown(hiding, Viewer.MODERATOR) is hiding
    assert shown(hiding, Viewer.READER) == Hidden(seq=7)
    assert [hides(hiding, viewer) for viewer in Viewer] == [False, True, True, False, False]


def test_what_is_shown_to_more_appears_whole() -> None:
    showing = entry(Put(entity=replace(TASK, to=AREA), formerly=SPACE))
    assert shown(showing, Viewer.READER) is showing
    assert not any(hides(showing, viewer) for viewer in Viewer)


audiences = st.integers(0, 31)
puts = st.builds(
    lambda to, formerly: Put(entity=replace(TASK, to=to, title="Kanarienvogel"), formerly=formerly),
    audiences,
    st.just(UNSET) | audiences,
)
patches = st.builds(
    lambda to: Patch(kind="task", id="t", fields={"title": "Kanarienvogel"}, was={"title": "Kanarienvogel"}, to=to),
    audiences,
)
drops = st.builds(lambda to: Drop(kind="task", id="t", to=to), audiences)


@given(st.lists(puts | patches | drops, max_size=5), st.sampled_from(Viewer))
def test_see1_text_reaches_only_who_is_in_to(changes: list[Change], viewer: Viewer) -> None:
    may = any(
        isinstance(change, Put | Patch) and (change.entity.to if isinstance(change, Put) else change.to) & viewer
        for change in changes
    )
    assert (b"Kanarienvogel" in msgspec.json.encode(shown(entry(*changes), viewer))) == may


@given(st.lists(puts | patches | drops, max_size=5), st.sampled_from(Viewer))
def test_showing_twice_is_showing_once(changes: list[Change], viewer: Viewer) -> None:
    once = shown(entry(*changes), viewer)
    assert isinstance(once, Hidden) or shown(replace(once, changes=once.changes), viewer) in (once, Hidden(seq=7))


def test_a_snapshot_leaves_out_the_cold_the_hidden_and_what_was_put_away() -> None:
    space = Space("s", "network", "a")
    comment = Comment(id="k", to=SPACE, task="t", text="kalt", author="p", at=AT)
    space.load([TASK, comment, replace(TASK, id="u", put_away_at=AT), replace(TASK, id="v", to=MODERATORS)])
    assert [entity.id for entity in visible(space, Viewer.GUEST)] == ["t"]
    assert {entity.id for entity in visible(space, Viewer.MODERATOR)} == {"t", "v"}
    assert not in_snapshot(comment)

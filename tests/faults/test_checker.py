"""The checker itself: a good history passes, and each kind of bad one is found and called by its name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.faults.checker import Evidence, Held, Kind, violations
from tests.faults.history import AnyEvent, Ask, Event, History, Invoke, Ok, Read, Refused, Saw, Unknown

SPACE = "s"


def invoke(client: str, command: str, thing: str = "t") -> Invoke:
    return Invoke(client=client, space=SPACE, command=command, writes=(thing, f"by {command}"))


def ok(client: str, command: str, seq: int) -> Ok:
    return Ok(client=client, space=SPACE, command=command, seqs={SPACE: seq})


def saw(client: str, *entries: tuple[int, str | None]) -> Saw:
    return Saw(client=client, space=SPACE, entries=entries)


def read(client: str, seq: int, value: str | None = None, *, anew: bool = False) -> Read:
    return Read(client=client, space=SPACE, seq=seq, values={"t": value} if value else {}, anew=anew)


def held(by: str, seq: int, **things: str) -> Held:
    return Held(by, SPACE, seq, things)


def found(events: Sequence[Event], *commands: str, held: list[Held] | None = None) -> set[Kind]:
    """The kinds of violations of a history whose journal holds these commands in this order."""
    journal = list(enumerate(commands, 1))
    evidence = Evidence(events=events, journals={SPACE: journal}, held=held or [])
    return {violation.kind for violation in violations(evidence)}


GOOD: list[AnyEvent] = [
    read("ann", 0, anew=True),
    invoke("ann", "a"),
    ok("ann", "a", 1),
    saw("ann", (1, "a")),
    read("ann", 1, "by a"),
    read("ben", 1, "by a", anew=True),
    invoke("ben", "b"),
    Unknown(client="ben", space=SPACE, command="b"),
    invoke("ann", "c"),
    Refused(client="ann", space=SPACE, command="c", reason="not_allowed"),
    ok("ben", "b", 2),
    saw("ben", (2, "b")),
    saw("ann", (2, None)),
    invoke("ben", "d"),
    Unknown(client="ben", space=SPACE, command="d"),
    read("ben", 2, "by b"),
]


def test_a_good_history_is_accepted() -> None:
    same = [held("ann", 2, t="by b"), held("ben", 2, t="by b"), held("fresh", 2, t="by b")]
    assert found(GOOD, "a", "b", held=same) == set()


def test_a_command_without_an_answer_may_have_happened_or_not() -> None:
    assert found(GOOD, "a", "b", "d") == set()


def test_an_acknowledged_command_that_is_gone_is_lost() -> None:
    assert found([invoke("ann", "a"), ok("ann", "a", 1)]) == {"lost"}


def test_a_command_with_two_entries_was_done_twice() -> None:
    assert found([invoke("ann", "a"), ok("ann", "a", 2)], "a", "a") == {"twice"}


def test_an_unanswered_command_may_not_be_done_twice_either() -> None:
    assert found([invoke("ann", "a"), Unknown(client="ann", space=SPACE, command="a")], "a", "x", "a") == {"twice"}


def test_a_number_missing_in_the_journal_is_a_gap() -> None:
    evidence = Evidence(events=[], journals={SPACE: [(1, "a"), (3, "b")]})
    assert [violation.kind for violation in violations(evidence)] == ["gap"]


def test_a_number_missing_in_what_a_client_saw_is_a_gap() -> None:
    assert found([read("ann", 1, anew=True), saw("ann", (3, "c"))], "a", "b", "c") == {"gap"}


def test_an_entry_under_another_number_than_was_told_is_the_wrong_one() -> None:
    assert found([invoke("ann", "a"), ok("ann", "a", 2)], "a", "b") == {"wrong_seq"}


def test_a_repeat_has_to_get_the_first_answer() -> None:
    twice = [invoke("ann", "a"), ok("ann", "a", 1)]
    assert found([*twice, ok("ben", "a", 2)], "a") == {"another_answer"}
    refused = Refused(client="ben", space=SPACE, command="a", reason="internal")
    assert found([*twice, refused], "a") == {"another_answer"}
    assert found([*twice, ok("ben", "a", 1)], "a") == set()


def test_a_refused_command_may_not_have_happened() -> None:
    refused = Refused(client="ann", space=SPACE, command="a", reason="not_allowed")
    assert found([invoke("ann", "a"), refused], "a") == {"refused_but_done"}


def test_what_was_acknowledged_before_another_was_sent_comes_before_it() -> None:
    events = [invoke("ann", "a"), ok("ann", "a", 2), invoke("ben", "b"), ok("ben", "b", 1)]
    assert found(events, "b", "a") == {"reordered"}


def test_commands_that_overlap_may_come_in_either_order() -> None:
    events = [invoke("ann", "a"), invoke("ben", "b"), ok("ann", "a", 2), ok("ben", "b", 1)]
    assert found(events, "b", "a") == set()


def test_who_was_told_a_number_may_not_read_less() -> None:
    assert found([invoke("ann", "a"), ok("ann", "a", 1), read("ann", 0)], "a") == {"stale_read"}


def test_who_saw_a_number_may_not_read_less() -> None:
    assert found([read("ann", 0, anew=True), saw("ann", (1, "a"), (2, "b")), read("ann", 1)], "a", "b") == {
        "stale_read"
    }


def test_a_reader_has_to_find_what_was_known_when_they_asked_and_not_what_came_meanwhile() -> None:
    ask, answer = Ask(client="ann", space=SPACE, reading=1), Read(client="ann", space=SPACE, reading=1, seq=0)
    told = [invoke("ann", "a"), ok("ann", "a", 1)]
    assert found([ask, *told, answer], "a") == set()
    assert found([*told, ask, answer], "a") == {"stale_read"}


def test_a_read_without_the_effect_of_its_own_number_is_stale() -> None:
    events = [invoke("ann", "a"), ok("ann", "a", 1), invoke("ann", "b"), ok("ann", "b", 2), read("ann", 2, "by a")]
    assert found(events, "a", "b") == {"stale_read"}


def test_an_entry_that_a_client_saw_and_that_never_was_is_a_phantom() -> None:
    assert found([read("ann", 0, anew=True), saw("ann", (1, "z"))], "a") == {"phantom"}
    assert found([read("ann", 1, anew=True), saw("ann", (2, "z"))], "a") == {"phantom"}


def test_a_value_that_was_read_and_never_written_is_a_phantom() -> None:
    assert found([invoke("ann", "a"), ok("ann", "a", 1), read("ann", 1, "by z")], "a") == {"phantom"}


def test_a_snapshot_from_beyond_the_journal_is_a_phantom() -> None:
    assert found([read("ann", 2)], "a") == {"phantom"}


def test_clients_that_hold_different_things_in_the_end_diverged() -> None:
    assert found([], "a", held=[held("ann", 1, t="x"), held("ben", 1, t="y")]) == {"diverged"}
    assert found([], "a", held=[held("ann", 1, t="x"), held("fresh", 0, t="x")]) == {"diverged"}


def test_what_verify_finds_counts() -> None:
    evidence = Evidence(events=[], journals={}, altered=[(SPACE, "entry 3: its hash does not fit what it says")])
    assert [violation.kind for violation in violations(evidence)] == ["altered"]


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    with History(tmp_path / "history.jsonl") as history:
        for event in GOOD:
            history.note(event)
        events = history.events()
    assert [event.client for event in events] == [event.client for event in GOOD]
    assert found(events, "a", "b") == set()

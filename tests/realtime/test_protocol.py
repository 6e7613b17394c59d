"""The state machine of a connection: every kind of bad input has its close code or its coded answer."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.ids import new_id
from server.realtime.protocol import (
    HEARTBEAT,
    HELLO_WITHIN,
    MOST_MESSAGES,
    MOST_SEATS,
    SILENCE,
    Appear,
    Beat,
    Close,
    CloseCode,
    Consequence,
    Echo,
    Enqueue,
    Greet,
    LeaveSeat,
    Protocol,
    Send,
    TakeSeat,
)
from shared_schema.base import Author
from shared_schema.board import MoveTask
from shared_schema.frames import Refused, Where
from shared_schema.refusals import Invalid

AUTHOR = Author(kind="person", id="0198c0de-0000-7000-8000-000000000001")
SPACE = "0198c0de-0000-7000-8000-0000000000aa"
OTHER = "0198c0de-0000-7000-8000-0000000000bb"
TASK = "0198c0de-0000-7000-8000-0000000000cc"
HELLO = {"t": "hello", "protocol": 1}
WATCH = {"t": "watch", "space": SPACE, "since": 7, "head": "0123456789abcdef"}
MOVE = {"verb": "task.move", "task": TASK, "column": OTHER}


def fresh() -> Protocol:
    return Protocol(AUTHOR, at=100.0)


def greeted() -> Protocol:
    protocol = fresh()
    assert say(protocol, HELLO) == [Greet()]
    return protocol


def say(protocol: Protocol, *messages: dict[str, Any]) -> list[Consequence]:
    return protocol.text(json.dumps(messages[0] if len(messages) == 1 else messages))


def do(**changed: Any) -> dict[str, Any]:
    return {"t": "do", "id": new_id(), "space": SPACE, "command": MOVE, **changed}


# --- what is well formed ---------------------------------------------------------------------------------------------


def test_a_watch_takes_a_seat_and_an_unwatch_leaves_it() -> None:
    protocol = greeted()
    assert say(protocol, WATCH) == [TakeSeat(SPACE, 7, "0123456789abcdef")]
    assert say(protocol, {"t": "unwatch", "space": SPACE}) == [LeaveSeat(SPACE)]
    assert say(protocol, {"t": "unwatch", "space": SPACE}) == []


def test_a_watch_without_anything_held_is_fresh() -> None:
    (seat,) = say(greeted(), {"t": "watch", "space": SPACE, "since": 0})
    assert isinstance(seat, TakeSeat)
    assert seat.fresh


def test_a_command_is_enqueued_as_the_person_of_the_session() -> None:
    message = do(expects={"column": SPACE}, only_if={"title": "x"})
    (enqueue,) = say(greeted(), message)
    assert isinstance(enqueue, Enqueue)
    request = enqueue.request
    assert request.author == AUTHOR
    assert (request.id, request.space) == (message["id"], SPACE)
    assert request.command == MoveTask(task=TASK, column=OTHER)
    assert (request.expects, request.only_if) == ({"column": SPACE}, {"title": "x"})


def test_messages_of_one_frame_take_effect_in_order() -> None:
    consequences = say(fresh(), HELLO, WATCH, do(), {"t": "ping"})
    assert [type(consequence) for consequence in consequences] == [Greet, TakeSeat, Enqueue, Echo]


def test_presence_counts_only_where_the_person_has_a_seat() -> None:
    protocol = greeted()
    here = {"t": "presence", "space": SPACE, "where": {"task": TASK, "writing": True}}
    assert say(protocol, here) == []
    say(protocol, WATCH)
    assert say(protocol, here) == [Appear(SPACE, Where(task=TASK, writing=True))]
    assert say(protocol, {"t": "presence", "space": SPACE}) == [Appear(SPACE, None)]


def test_a_seat_that_was_taken_away_can_be_asked_for_again() -> None:
    protocol = greeted()
    say(protocol, WATCH)
    protocol.seat_taken_away(SPACE)
    assert say(protocol, {"t": "unwatch", "space": SPACE}) == []
    assert say(protocol, WATCH) == [TakeSeat(SPACE, 7, "0123456789abcdef")]


# --- what is not -----------------------------------------------------------------------------------------------------

DEEP = "[" * 100_000
MALFORMED = {
    "nothing": "",
    "no JSON": "{",
    "prose": "hello",
    "number": "1",
    "null": "null",
    "deep": DEEP,
    "deep inside a command": json.dumps(do())[:-1] + ', "expects": {"a": ' + DEEP,
    "lone surrogate": '{"t": "unwatch", "space": "\\ud800"}',
    "two documents": '{"t": "ping"} {"t": "ping"}',
    "array in array": '[[{"t": "ping"}]]',
    "no tag": '{"space": "x"}',
    "unknown message": '{"t": "shout"}',
    "message of the server": json.dumps({"t": "entries", "space": SPACE, "entries": [], "head": ""}),
    "unknown field": '{"t": "ping", "loud": true}',
    "wrong type": json.dumps({**WATCH, "since": "7"}),
    "seq below zero": json.dumps({**WATCH, "since": -1}),
    "missing field": json.dumps({"t": "watch", "space": SPACE}),
    "space is no id": json.dumps({**WATCH, "space": "../etc/passwd"}),
    "id in capitals": json.dumps({**WATCH, "space": SPACE.upper()}),
    "head too long": json.dumps({**WATCH, "head": "0" * 17}),
    "command id is no id": json.dumps(do(id="1")),
    "command missing": json.dumps({"t": "do", "id": TASK, "space": SPACE}),
    "author in the envelope": json.dumps(do(by=TASK)),
    "expects is no object": json.dumps(do(expects=[1])),
    "expects holds an object": json.dumps(do(expects={"a": {"b": 1}})),
    "unknown field in where": json.dumps({"t": "presence", "space": SPACE, "where": {"title": "secret"}}),
    "hello twice": json.dumps(HELLO),
    "too many messages": json.dumps([{"t": "ping"}] * (MOST_MESSAGES + 1)),
}


@pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED.keys())
def test_frm2_a_malformed_frame_closes_and_changes_nothing(frame: str) -> None:
    protocol = greeted()
    assert protocol.text(frame) == [Close(CloseCode.MALFORMED)]
    assert say(protocol, do()) == []


def test_a_malformed_message_takes_its_whole_frame_along() -> None:
    assert greeted().text(json.dumps([do(), {"t": "shout"}])) == [Close(CloseCode.MALFORMED)]


def test_a_binary_frame_closes() -> None:
    protocol = greeted()
    assert protocol.binary() == [Close(CloseCode.MALFORMED)]
    assert protocol.binary() == []


@pytest.mark.parametrize("message", [WATCH, {"t": "ping"}, do()], ids=["watch", "ping", "do"])
def test_hello_comes_first(message: dict[str, Any]) -> None:
    assert say(fresh(), message) == [Close(CloseCode.MALFORMED)]


def test_another_protocol_closes() -> None:
    assert say(fresh(), {"t": "hello", "protocol": 2}) == [Close(CloseCode.PROTOCOL)]


def test_nothing_after_the_end_of_a_frame_that_closes_takes_effect() -> None:
    assert say(fresh(), {"t": "hello", "protocol": 2}, WATCH) == [Close(CloseCode.PROTOCOL)]


def test_seats_are_bounded_and_watching_again_takes_no_further_one() -> None:
    protocol = greeted()
    for number in range(MOST_SEATS):
        say(protocol, {**WATCH, "space": f"0198c0de-0000-7000-8000-{number:012d}"})
    assert say(protocol, {**WATCH, "space": f"0198c0de-0000-7000-8000-{0:012d}"}) != [Close(CloseCode.MALFORMED)]
    assert say(protocol, WATCH) == [Close(CloseCode.MALFORMED)]


INVALID: dict[str, tuple[Any, str, str]] = {
    "unknown verb": ({"verb": "task.explode"}, "unknown_verb", "verb"),
    "no verb": ({"task": TASK}, "missing", "verb"),
    "unknown field": ({**MOVE, "author": TASK}, "unknown_field", "author"),
    "wrong type": ({**MOVE, "task": 5}, "type", "task"),
    "missing": ({"verb": "task.move", "task": TASK}, "missing", "column"),
    "no id": ({**MOVE, "column": "Erledigt"}, "shape", "column"),
    "long title": (
        {"verb": "task.create", "id": TASK, "column": OTHER, "title": "a" * 10_000},
        "too_long",
        "title",
    ),
    "control characters": (
        {"verb": "task.create", "id": TASK, "column": OTHER, "title": "a\u0000b"},
        "shape",
        "title",
    ),
    "no object": (5, "type", ""),
}


@pytest.mark.parametrize(("command", "problem", "field"), INVALID.values(), ids=INVALID.keys())
def test_frm1_a_bad_command_is_refused_and_the_connection_lives(command: Any, problem: str, field: str) -> None:
    protocol = greeted()
    message = do(command=command)
    (answer,) = say(protocol, message)
    assert isinstance(answer, Send)
    assert isinstance(answer.message, Refused)
    assert answer.message.id == message["id"]
    assert answer.message.reason == Invalid(field=field, problem=cast(Any, problem))
    assert say(protocol, {"t": "ping"}) == [Echo()]


# --- time ------------------------------------------------------------------------------------------------------------


def test_without_hello_in_time_the_connection_ends() -> None:
    protocol = fresh()
    assert protocol.tick(100 + HELLO_WITHIN - 1, heard=True) == []
    assert protocol.tick(100 + HELLO_WITHIN, heard=True) == [Close(CloseCode.SILENT)]


def test_seat5_a_quiet_connection_is_asked_once_a_heartbeat_and_given_up_after_the_silence() -> None:
    protocol = greeted()
    asked = [at for at in range(100, 100 + int(SILENCE)) if protocol.tick(at, heard=False) == [Beat()]]
    assert asked == [100 + HEARTBEAT, 100 + 2 * HEARTBEAT]
    assert protocol.tick(100 + SILENCE, heard=False) == [Close(CloseCode.SILENT)]
    assert protocol.tick(100 + 2 * SILENCE, heard=False) == []


def test_a_sign_of_life_is_enough() -> None:
    protocol = greeted()
    for at in range(100, 400):
        protocol.tick(at, heard=at % 20 == 0)
    assert not protocol.closed


# --- anything --------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
VALID = [
    json.dumps(message).encode() for message in (HELLO, WATCH, do(), {"t": "presence", "space": SPACE, "where": {}})
]


@given(JSON)
def test_any_json_is_taken_or_closes(value: Any) -> None:
    greeted().text(json.dumps(value))


@given(st.sampled_from(VALID), st.data())
def test_any_mutation_of_a_message_is_taken_or_closes(frame: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(frame) - 1))
    mutated = frame[:at] + data.draw(st.binary(max_size=3)) + frame[at + data.draw(st.integers(0, 3)) :]
    greeted().text(mutated)

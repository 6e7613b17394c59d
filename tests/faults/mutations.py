"""What a good client says, changed: bytes lost, doubled, swapped and flipped, values of another kind."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from server.core.ids import new_id
from shared_schema.base import Id
from tests.faults.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

Strategy = st.SearchStrategy[bytes]

STRANGE: list[Any] = [None, True, -1, 0, 1.5, 2**64, "", "x", "\0", "\ud83d", "ß" * 300, [], {}, [[]], {"t": "ping"}]
"""Values that do not belong where they come to stand."""


def good_messages(space: Id, column: Id) -> list[Any]:
    """One of each kind, as a client sends them."""
    task = new_id()
    create = {"verb": "task.create", "id": task, "column": column, "title": "Gemeint"}
    edit = {"verb": "task.edit", "task": task, "title": "Anders"}
    return [
        {"t": "hello", "protocol": 1, "client": "x"},
        {"t": "watch", "space": space, "since": 3, "head": "0123456789abcdef", "viewer": 1},
        {"t": "unwatch", "space": space},
        {"t": "do", "id": task, "space": space, "command": create},
        {"t": "do", "id": new_id(), "space": space, "command": edit, "expects": {"title": "Gemeint"}},
        {"t": "do", "id": new_id(), "space": space, "command": edit, "only_if": {"title": "Anders"}},
        {"t": "presence", "space": space, "where": {"task": task, "writing": True}},
        [{"t": "ping"}, {"t": "unwatch", "space": space}],
    ]


def mutated_messages(space: Id, column: Id) -> Strategy:
    """The text of a message: with another value somewhere in it, or with its bytes changed."""
    good = st.sampled_from(good_messages(space, column))
    encoded = good.map(lambda message: json.dumps(message).encode())
    return st.one_of(good.flatmap(_other_value), encoded.flatmap(_other_bytes), st.binary(max_size=300))


def mutated_streams(space: Id, column: Id) -> Strategy:
    """Bytes on the wire: good and odd frames in any order, and then with their bytes changed."""
    messages = [frame(json.dumps(message).encode()) for message in good_messages(space, column)]
    opcodes = st.sampled_from([CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG, 3, 11])
    odd = st.builds(
        frame,
        st.binary(max_size=200),
        opcodes,
        final=st.booleans(),
        reserved=st.sampled_from([0, 0, 0, 1, 4]),
        masked=st.sampled_from([True, True, True, False]),
        announced=st.sampled_from([None, None, None, 0, 125, 65_535, 65_537, 2**63 - 1]),
    )
    several = st.lists(st.one_of(st.sampled_from(messages), odd), min_size=1, max_size=6).map(b"".join)
    return st.one_of(several, several.flatmap(_other_bytes))


@st.composite
def _other_value(draw: st.DrawFn, message: Any) -> bytes:
    """Some value is replaced, left out, or stands under another name; wherever in the message it may be."""
    copy = json.loads(json.dumps(message))
    holder: Any = draw(st.sampled_from(list(_holders(copy))))
    key: Any = draw(st.sampled_from(list(holder) if isinstance(holder, dict) else list(range(len(holder)))))
    match draw(st.sampled_from(["replace", "leave out", "rename"])):
        case "leave out":
            del holder[key]
        case "rename" if isinstance(holder, dict):
            holder[draw(st.text(max_size=20))] = holder.pop(key)
        case _:
            holder[key] = draw(st.sampled_from(STRANGE))
    return json.dumps(copy).encode()


def _holders(value: Any) -> Any:
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


@st.composite
def _other_bytes(draw: st.DrawFn, data: bytes) -> bytes:
    """A stretch is lost, doubled, moved to the end or made of other bytes; once or a few times."""
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, max(len(data) - 1, 0)))
        end = draw(st.integers(begin, min(begin + 20, len(data))))
        before, stretch, after = data[:begin], data[begin:end], data[end:]
        match draw(st.sampled_from(["lose", "double", "move", "flip"])):
            case "lose":
                data = before + after
            case "double":
                data = before + stretch + stretch + after
            case "move":
                data = before + after + stretch
            case _:
                data = before + draw(st.binary(min_size=len(stretch), max_size=len(stretch))) + after
    return data

"""P17: bad frames harm nobody. Spoken by hand to a real process, below the messages and in them.

Another person watches the same board all the while, and gets nothing but what is in the journal.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from msgspec import Struct

from shared_schema.base import FRAME_LIMIT, Id
from tests.faults.figures import record
from tests.faults.mutations import mutated_messages, mutated_streams
from tests.faults.places import Place, prepare
from tests.faults.raw import BINARY, CLOSE, CONTINUATION, PING, Raw, Watcher, create, first, frame, handshake, text
from tests.faults.scenes import form, process_of
from tests.support.commands import Serving

MUTATED = form(500, 50_000)
"""Of each kind: messages in good frames, and streams of bytes."""
FLOOD = 30_000_000
"""Bytes sent by one who never reads."""
BOUNDED = 15_000_000
"""Bytes by which the process may grow in a flood: half of it, and many times what one connection may hold."""


class House(Struct):
    """A process that serves a hall, and a person who watches the board from beginning to end."""

    serving: Serving
    place: Place
    watcher: Watcher

    def visitor(self) -> Raw:
        return Raw(self.serving.port).opened(self.place.cookies[1])

    @property
    def space(self) -> Id:
        return first(self.place)

    @property
    def rss(self) -> int:
        assert self.serving.process is not None
        size: int = psutil.Process(self.serving.process.pid).memory_info().rss
        return size

    def works(self) -> None:
        """A command of the watcher is accepted and shown to it, and nothing that came before is missing."""
        answer = self.watcher.do(self.space, create(self.place, "Unbeirrt"))
        self.watcher.upto(answer["seqs"][self.space])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests of this file: what one leaves behind is what the next one finds."""
    with running_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@contextmanager
def running_house(folder: Path) -> Iterator[House]:
    """At the end the process must have lived through all of it, and its log must not know of a single mistake."""
    url = f"sqlite:///{folder}/korridor.db"
    place = asyncio.run(prepare(url, people=2, spaces=1))
    with process_of(url) as serving:
        with Watcher(serving.port).watching(first(place), place.cookies[0]) as watcher:
            yield House(serving, place, watcher)
        code, _, log = serving.stop()
    assert (code, log) == (0, "")


# --- below the messages ----------------------------------------------------------------------------------------------

BROKEN = {
    "unmasked": (frame(b"{}", masked=False), 1002),
    "reserved bit": (frame(b"{}", reserved=4), 1002),
    "unknown opcode": (frame(b"{}", 3), 1002),
    "unknown control opcode": (frame(b"", 11), 1002),
    "fragmented ping": (frame(b"", PING, final=False), 1002),
    "long ping": (frame(b"x" * 126, PING), 1002),
    "continuation of nothing": (frame(b"{}", CONTINUATION), 1002),
    "message within a message": (frame(b"{", final=False) + frame(b"{}"), 1002),
    "close of one byte": (frame(b"\x03", CLOSE), 1002),
    "close with a code that is none": (frame((999).to_bytes(2, "big"), CLOSE), 1002),
    "close with a code that is never sent": (frame((1005).to_bytes(2, "big"), CLOSE), 1002),
    "close with a reason that is no text": (frame((1000).to_bytes(2, "big") + b"\xff", CLOSE), 1007),
    "text that is no text": (frame(b'{"t":"ping\xff"}'), 1007),
    "no text in fragments": (frame(b'{"\xc3', final=False) + frame(b'{"}', CONTINUATION), 1007),
    "oversized": (frame(b" " * (FRAME_LIMIT + 1)), 1009),
    "oversized in fragments": (frame(b" " * 40_000, final=False) + frame(b" " * 40_000, CONTINUATION), 1009),
    "announced beyond all bounds": (frame(announced=2**62), 1009),
    "announced as negative": (frame(announced=2**63 + 5), 1009),
    "binary": (frame(b"\x00", BINARY), 4400),
}


@pytest.mark.parametrize("name", BROKEN)
def test_p17_a_broken_frame_ends_its_own_connection_with_its_code(house: House, name: str) -> None:
    broken, code = BROKEN[name]
    with house.visitor() as visitor:
        visitor.send(broken)
        assert visitor.closed() == code
    house.works()


def test_p17_a_message_in_fragments_with_a_ping_between_is_one(house: House) -> None:
    new = create(house.place, "Größer")
    said = json.dumps({"t": "do", "id": new["id"], "space": house.space, "command": new}, ensure_ascii=False)
    middle = said.encode().index("ß".encode()) + 1  # in the middle of a letter
    with house.visitor() as visitor:
        visitor.send(frame(said.encode()[:middle], final=False), frame(b"still here", PING))
        assert visitor.pong(b"still here")
        visitor.send(frame(said.encode()[middle:], CONTINUATION))
        assert visitor.hear("accepted")["id"] == new["id"]
    house.works()


@pytest.mark.parametrize("cut", [1, 3, 8, 40], ids=lambda cut: f"after {cut} bytes")
def test_p17_a_frame_that_breaks_off_ends_with_its_connection(house: House, cut: int) -> None:
    with house.visitor() as visitor:
        visitor.send(text({"t": "watch", "space": house.space, "since": 0})[:cut])
        visitor.finish()
        assert visitor.gone()
    house.works()


# --- messages --------------------------------------------------------------------------------------------------------

UNREADABLE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "a number": b"7",
    "an unknown message": b'{"t":"dance"}',
    "no message": b'{"space":"x"}',
    "an unknown field": b'{"t":"ping","loud":true}',
    "a wrong type": b'{"t":"watch","space":7,"since":0}',
    "a negative number": b'{"t":"watch","space":"x","since":-1}',
    "a number beyond all bounds": b'{"t":"watch","space":"x","since":' + b"9" * 5_000 + b"}",
    "no number": b'{"t":"watch","space":"x","since":NaN}',
    "half a surrogate": b'{"t":"presence","space":"\\ud800"}',
    "deep arrays": b"[" * 60_000,
    "deep objects": b'{"t":"do","command":' + b'{"a":' * 9_000,
    "too many": json.dumps([{"t": "ping"}] * 257).encode(),
    "hello again": b'{"t":"hello","protocol":1}',
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_p17_a_message_that_cannot_be_read_closes_as_malformed(house: House, name: str) -> None:
    with house.visitor() as visitor:
        visitor.send(frame(UNREADABLE[name]))
        assert visitor.closed() == 4400
    house.works()


def test_p17_messages_in_another_order_close_as_malformed(house: House) -> None:
    with Raw(house.serving.port) as visitor:
        visitor.send(handshake(house.serving.port, house.place.cookies[1]))
        assert visitor.response() == 101
        visitor.send(text({"t": "watch", "space": house.space, "since": 0}), text({"t": "hello", "protocol": 1}))
        assert visitor.closed() == 4400
    house.works()


def test_p17_a_doubled_command_has_one_effect_and_two_answers(house: House) -> None:
    new = create(house.place, "Doppelt")
    do = text({"t": "do", "id": new["id"], "space": house.space, "command": new})
    with house.visitor() as visitor:
        visitor.send(do, do)
        assert visitor.hear("accepted") == visitor.hear("accepted")
    house.works()
    assert [one for one in house.watcher.commands if one == new["id"]] == [new["id"]]


@pytest.mark.parametrize("since", [2**31, 2**63 - 1, 2**63, 2**64 - 1])
def test_p17_a_number_from_the_far_future_is_behind(house: House, since: int) -> None:
    with house.visitor() as visitor:
        visitor.send(text({"t": "watch", "space": house.space, "since": since, "head": "0" * 16}))
        assert visitor.hear("behind")["space"] == house.space
    house.works()


# --- floods ----------------------------------------------------------------------------------------------------------


def _flood(visitor: Raw, block: bytes) -> None:
    """Sends without ever reading, until the server takes no more or all is sent."""
    visitor.socket.settimeout(2)
    try:
        for _ in range(FLOOD // len(block)):
            visitor.socket.sendall(block)
    except OSError:
        pass


def test_p17_who_pings_without_reading_costs_bounded_memory(house: House) -> None:
    before = house.rss
    with house.visitor() as visitor:
        _flood(visitor, frame(b"x" * 125, PING) * 500)
        assert house.rss - before < BOUNDED
        house.works()


def test_p17_a_message_in_endless_fragments_ends(house: House) -> None:
    with house.visitor() as visitor:
        visitor.send(frame(b"{", final=False), frame(b"", CONTINUATION, final=False) * 5_000)
        assert visitor.closed() == 1009
    house.works()


def test_p17_a_head_without_end_is_turned_away(house: House) -> None:
    before = house.rss
    with Raw(house.serving.port) as visitor:
        visitor.send(b"GET /health HTTP/1.1\r\nHost: x\r\n")
        _flood(visitor, b"X-More: " + b"x" * 60_000 + b"\r\n")
        assert house.rss - before < BOUNDED
    house.works()


# --- mutations -------------------------------------------------------------------------------------------------------

ENDS = {1002, 1007, 1009, 4400, 4409}
"""Codes with which what was mutated may end its connection."""
MANY = settings(max_examples=MUTATED, database=None, deadline=None, suppress_health_check=list(HealthCheck))


def test_p17_mutated_messages_are_answered_or_end_their_connection(house: House) -> None:
    open_ones: list[Raw] = []

    @MANY
    @given(mutated_messages(house.space, house.place.boards[house.space]))
    def holds(message: bytes) -> None:
        visitor = open_ones.pop() if open_ones else house.visitor()
        visitor.send(frame(message), text({"t": "ping"}))
        code = visitor.alive_or_closed()
        if code is None:
            open_ones.append(visitor)
        else:
            visitor.socket.close()
            assert code in ENDS
        house.watcher.catch_up()

    holds()
    for visitor in open_ones:
        visitor.socket.close()
    house.works()
    record("P17 mutated messages", frames=MUTATED, exceptions=0)


def test_p17_mutated_bytes_are_answered_or_end_their_connection(house: House) -> None:
    @MANY
    @given(mutated_streams(house.space, house.place.boards[house.space]))
    def holds(stream: bytes) -> None:
        with house.visitor() as visitor:
            visitor.send(stream)
            visitor.finish()
            assert visitor.closed() != 1011  # any other may be the answer to a close that came out of it
        house.watcher.catch_up()

    holds()
    house.works()
    record("P17 mutated bytes", streams=MUTATED, exceptions=0)

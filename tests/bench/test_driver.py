"""The load driver counts right, and a run in miniature goes through the whole product."""

from __future__ import annotations

import asyncio
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import halls, report
from bench.data import WRITERS, Ground, make_ground
from bench.driver import MARK, Failed, Tally, frame
from bench.figures import quantile
from bench.loads import flood, pace, padded, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the driver asks Linux which sockets have something")


def messages(number: int) -> bytes:
    """Frames as a server sends them: a header, then text that ends with a brace."""
    texts = [b'{"t":"entries","entries":[{%b%036d"}]}' % (MARK, one) for one in range(number)]
    return b"".join(b"\x81" + bytes((len(text),)) + text for text in texts)


@given(number=st.integers(1, 12), cuts=st.lists(st.integers(1, 800), max_size=30))
def test_a_tally_counts_each_marker_once_wherever_the_reads_cut(number: int, cuts: list[int]) -> None:
    text = messages(number)
    buffer = bytearray(len(text))
    tally = Tally(buffer)
    edges = [0, *sorted({cut for cut in cuts if cut < len(text)}), len(text)]
    for start, end in pairwise(edges):
        buffer[: end - start] = text[start:end]
        tally.heard(7, end - start)
    assert tally.count == number
    assert tally.bytes == len(text)


def test_reads_of_several_sockets_do_not_mix() -> None:
    buffer = bytearray(100)
    tally = Tally(buffer)
    for number, part in ((1, MARK[:4]), (2, MARK[4:]), (2, b"}"), (1, MARK[4:] + b"}")):
        buffer[: len(part)] = part
        tally.heard(number, len(part))
    assert tally.count == 1


@pytest.mark.parametrize("size", [0, 125, 126, 65_535])
def test_a_frame_is_masked_and_says_its_length(size: int) -> None:
    made = frame(b"x" * size)
    assert made[0] == 0x81
    assert made[1] & 0x80
    assert made.endswith(b"\0\0\0\0" + b"x" * size)


def test_padded_messages_have_the_size_that_was_asked_for() -> None:
    id, text = next(padded(500))
    assert len(text) == 500
    assert MARK + id.encode() in text


def test_a_quantile_is_the_value_below_which_that_share_lies() -> None:
    samples = [float(one) for one in range(100)]
    assert [quantile(samples, share) for share in (0.5, 0.95, 0.99)] == [50, 95, 99]


def test_the_table_says_what_was_missed() -> None:
    figures = {
        "machine": {"cpu": "c", "cores": 2, "system": "s", "date": "d", "postgresql": None, "load_before": 0.1}
        | dict.fromkeys(("python", "uvicorn", "websockets", "sqlalchemy"), "1"),
        "latency": {"seats_200": {"p50_ms": 5.1, "p99_ms": 9.0}, "bare_broadcast": {"p99_ms": 3.0}},
    }
    lines = {line.split()[0]: line for line in report.table(figures).splitlines()[4:]}
    assert "MISSED" in lines["latency.seats_200.p50_ms"]
    assert "reached" in lines["latency.seats_200.p99_ms"]


# --- in miniature ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ground, str, Path]:
    folder = tmp_path_factory.mktemp("bench")
    url = f"sqlite:///{folder}/ground.db"
    return asyncio.run(make_ground(url)), url, folder


def test_every_entry_reaches_every_seat_and_every_command_is_acknowledged(ground: tuple[Ground, str, Path]) -> None:
    made, url, folder = ground
    with halls.product(url, folder, made.people[:WRITERS]) as (child, browsers):
        with halls.product_hall(child, browsers, made.hall, 40) as hall:
            assert flood(hall, 0.3, warm=0.1).per_s > 0  # raises if one delivery is missing or comes twice
            samples = pace(hall, 0.3)
            assert len(samples) == 6 * 40
            assert min(one.took for one in samples) > 0
        with halls.writers_in(browsers, made.networks) as (seats, writers):
            done = write(seats, writers, child.cpu, 0.3, warm=0.1)
        assert len(done.waits) >= WRITERS


def test_the_bare_server_sends_what_comes_to_all(tmp_path: Path) -> None:
    with halls.bare(tmp_path) as (child, port), halls.bare_hall(child, port, 10, 300) as hall:
        assert flood(hall, 0.2, warm=0.1).bytes_each >= 300


def test_a_refusal_ends_a_run(ground: tuple[Ground, str, Path]) -> None:
    made, url, folder = ground
    with halls.product(url, folder, made.people[:2]) as (child, browsers):
        foreign = made.networks[5]  # somebody of the area may read it, and no more
        with halls.product_hall(child, browsers[1:], foreign, 1) as hall, pytest.raises(Failed):
            flood(hall, 0.3, warm=0.1)

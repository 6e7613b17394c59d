"""The file that backups and exports are: what goes in comes out, and whatever is missing or altered is noticed."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from random import Random

import msgspec
import pytest

from server.core.archive import FORMAT, Archive, Header, SpaceRows, Unreadable, Values, write_archive

HEADER = Header(korridor="0.1.0", holds="instance", schema="0001", instance=None, at="2026-11-16T09:00:00.000000Z")
SECOND = "0190a000-0000-7000-8000-000000000002"


def space_row(id: str, seq: int) -> Values:
    return {
        "id": id,
        "kind": "network",
        "area": "0190a000-0000-7000-8000-000000000001",
        "seq": seq,
        "head": bytes(range(32)),
        "at": "2026-11-16T09:00:00.000000Z",
    }


def entry_row(space: str, seq: int, payload: bytes, fingerprint: bytes | None = None) -> Values:
    return {
        "space": space,
        "seq": seq,
        "at": "2026-11-16T09:00:00.000000Z",
        "by_kind": "person",
        "by_id": f"{seq:036}",
        "by_for": None,
        "verb": "task.edit",
        "about": f"{seq:036}",
        "command": f"{seq:036}",
        "payload": payload,
        "salt": b"{not an object",
        "hash": bytes(32),
        "fingerprint": fingerprint,
    }


FIRST = "0190a000-0000-7000-8000-000000000001"
FOLLOW_UP = {"space": FIRST, "seq": 2, "at": "2026-11-16T09:00:00.000000Z"}
PAYLOADS = (
    b'{"changes":[]}',
    b'{"spaces" :  [ ]}',
    '{"title":"Straße „am Wehr“"}'.encode(),
    b'{"broken\n":1}',
    b"\xff\xfe damaged",
    b"",
)


def written(payloads: tuple[bytes, ...] = PAYLOADS) -> bytes:
    """An archive of two spaces, the second one without entries and entities."""
    target = io.BytesIO()
    entries = [entry_row(FIRST, number + 1, payload, b"f" * 32) for number, payload in enumerate(payloads)]
    body = {"space": FIRST, "kind": "task", "id": SECOND, "body": b'{"kind":"task"}'}
    first = SpaceRows(space=space_row(FIRST, len(entries)), journal=entries, entities=[body], follow_ups=[FOLLOW_UP])
    write_archive(target, HEADER, [first, SpaceRows(space=space_row(SECOND, 0), journal=(), entities=())])
    return target.getvalue()


def read(archive: bytes) -> Iterator[tuple[Values, list[Values], list[Values], list[Values]]]:
    for space in Archive(io.BytesIO(archive)).spaces():
        yield space.space, list(space.journal), list(space.entities), list(space.follow_ups)


def test_what_goes_in_comes_out_byte_for_byte() -> None:
    (first, entries, bodies, left), second = read(written())
    assert first == space_row(FIRST, len(PAYLOADS))
    assert entries == [entry_row(FIRST, n + 1, payload, b"f" * 32) for n, payload in enumerate(PAYLOADS)]
    assert bodies == [{"space": FIRST, "kind": "task", "id": SECOND, "body": b'{"kind":"task"}'}]
    assert left == [FOLLOW_UP]
    assert second == (space_row(SECOND, 0), [], [], [])


def test_people_can_read_it_with_the_usual_tools() -> None:
    lines = gzip.decompress(written()).decode(errors="replace").splitlines()
    assert lines[0].startswith('{"korridor":"0.1.0","holds":"instance"')
    assert '"payload":{"title":"Straße „am Wehr“"}' in lines[4]
    counts = {"spaces": 2, "entries": len(PAYLOADS), "entities": 1, "beside": 0}
    assert msgspec.json.decode(lines[-1])["counts"] == counts


def test_who_does_not_read_a_space_to_its_end_finds_the_next_one() -> None:
    ids = [space.space["id"] for space in Archive(io.BytesIO(written())).spaces()]
    assert ids == [FIRST, SECOND]


def test_a_file_that_was_cut_anywhere_is_noticed() -> None:
    whole = written()
    for length in range(len(whole)):
        with pytest.raises(Unreadable):
            list(read(whole[:length]))


def test_every_single_flipped_byte_is_noticed() -> None:
    whole = written()
    for place in range(10, len(whole)):  # before that stands what gzip says of the file, such as its time
        flipped = bytearray(whole)
        flipped[place] ^= 0xFF
        with pytest.raises(Unreadable):
            list(read(bytes(flipped)))


def test_lines_that_are_missing_twice_there_or_changed_are_noticed_behind_a_sound_compression() -> None:
    lines = gzip.decompress(written()).splitlines(keepends=True)
    assert len(list(read(gzip.compress(b"".join(lines))))) == 2
    dice = Random(7)
    for place in range(1, len(lines)):
        for other in (b"", lines[place] * 2, lines[place].replace(b"1", b"2"), dice.randbytes(20) + b"\n"):
            with pytest.raises(Unreadable):
                list(read(gzip.compress(b"".join([*lines[:place], other, *lines[place + 1 :]]))))


def test_what_follows_behind_the_end_is_noticed() -> None:
    with pytest.raises(Unreadable):
        list(read(written() + b"more"))
    with pytest.raises(Unreadable):
        list(read(written() + written()))


@pytest.mark.parametrize(
    "content", [b"", b"hello\n", gzip.compress(b"hello\n", mtime=0), gzip.compress(b'{"a":1}\n', mtime=0)]
)
def test_what_is_something_else_is_said(content: bytes) -> None:
    with pytest.raises(Unreadable, match="is no backup and no export"):
        Archive(io.BytesIO(content))


def test_a_newer_format_is_refused_by_its_header_alone() -> None:
    newer = {**msgspec.to_builtins(HEADER), "korridor": "9.0.0", "format": FORMAT + 1}
    with pytest.raises(Unreadable, match=r"newer Korridor: install 9\.0\.0 or later"):
        Archive(io.BytesIO(gzip.compress(msgspec.json.encode(newer) + b"\n\x00 whatever comes then")))

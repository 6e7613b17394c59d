"""The recorded vectors, which the client's tests replay: they are fresh, and every verb is in them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from shared_schema.base import Viewer
from shared_schema.journal import Entry, Hidden
from tests.convergence import record
from tests.convergence.furnished import verb
from tests.support.builders import COMMANDS
from tests.support.mirrors import Mirror, by_key


def test_see2_the_vectors_are_what_would_be_recorded_now() -> None:
    assert list(record.stale()) == [], "run python -m tests.convergence.record"


def test_a_stale_vector_is_found(tmp_path: Path) -> None:
    for name, text in record.record().items():
        (tmp_path / name).write_text(text + "\n", encoding="utf-8")
    assert list(record.stale(tmp_path)) == []
    altered = (tmp_path / "guest.json").read_text(encoding="utf-8").replace("Zeile", "Seil", 1)
    (tmp_path / "guest.json").write_text(altered, encoding="utf-8")
    (tmp_path / "screen.json").unlink()
    assert set(record.stale(tmp_path)) == {"guest.json", "screen.json"}


def test_every_verb_is_recorded() -> None:
    assert record.verbs((record.FOLDER / "moderator.json").read_text(encoding="utf-8")) == set(map(verb, COMMANDS))


@pytest.mark.parametrize("viewer", list(Viewer))
def test_see2_the_reducer_here_replays_them_too(viewer: Viewer) -> None:
    name = str(viewer.name).lower()
    vectors = msgspec.json.decode((record.FOLDER / f"{name}.json").read_bytes())
    assert any(vector["entries"] for vector in vectors)
    for vector in vectors:
        mirror = Mirror(msgspec.json.encode(vector["snapshot"]))
        for entry in vector["entries"]:
            mirror.apply(msgspec.convert(entry, Entry | Hidden))
        result = Mirror(msgspec.json.encode(vector["result"]))
        assert (mirror.seq, mirror.held) == (result.seq, by_key(result.held.values()))

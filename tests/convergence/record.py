"""Records what the client's reducer must replay: `python -m tests.convergence.record` writes `tests/vectors/`.

One file a kind of viewer, one vector a space: a snapshot, the entries after it, and the snapshot they lead to. All
verbs come up. With `--check` nothing is written; stale files are named and are an error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from server.core.shown import shown, visible
from server.core.space import Space
from shared_schema.base import Id, Viewer
from shared_schema.frames import Snapshot
from shared_schema.journal import Entry
from tests.convergence.furnished import Furnished
from tests.support.builders import COMMANDS

FOLDER = Path(__file__).parents[1] / "vectors"
SEED = 2
TIMES = 2
"""How often each command is sent."""


@cache
def record() -> dict[str, str]:
    """The files by name, as they should stand in the folder."""
    furnished = Furnished(SEED, commands=30)
    before = {space.id: _all_snapshots(space) for space in furnished.spaces()}
    for command in COMMANDS:
        for _ in range(TIMES):
            furnished.anywhere(command)
    vectors: dict[Viewer, list[str]] = {viewer: [] for viewer in Viewer}
    for space in furnished.spaces():
        after = _all_snapshots(space)
        start = before.get(space.id) or _all_snapshots(Space(space.id, space.kind, space.area_id))
        for viewer in Viewer:
            vectors[viewer].append(_vector(start[viewer], furnished.journal(space), after[viewer]))
    return {f"{viewer.name.lower()}.json": _array(vectors[viewer]) for viewer in Viewer if viewer.name}


def _all_snapshots(space: Space) -> dict[Viewer, Snapshot]:
    return {viewer: _snapshot(space, viewer) for viewer in Viewer}


def _snapshot(space: Space, viewer: Viewer) -> Snapshot:
    """The head is made up: the chain has salts, and comes out differently each time."""
    entities = sorted(visible(space, viewer), key=lambda entity: (entity.__struct_config__.tag, entity.id))
    return Snapshot(
        space=space.id,
        seq=space.seq,
        head=f"{space.seq:016x}",
        viewer=viewer,
        entities=tuple(entities),  # type: ignore[arg-type]
    )


def _vector(start: Snapshot, journal: list[Entry], result: Snapshot) -> str:
    entries = [_json(shown(entry, start.viewer)) for entry in journal[start.seq :]]
    return f'{{"snapshot":{_lines(start)},\n"entries":{_array(entries)},\n"result":{_lines(result)}}}'


def _lines(snapshot: Snapshot) -> str:
    """A snapshot with a line for each entity, so that a change of one is a change of one line."""
    rest = msgspec.to_builtins(snapshot)
    entities = _array([_json(entity) for entity in snapshot.entities])
    del rest["entities"]
    return f'{_json(rest)[:-1]},"entities":{entities}}}'


def _array(items: list[str]) -> str:
    return "[" + ",\n".join(items) + "]"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def stale(folder: Path = FOLDER) -> Iterator[str]:
    """Names of files that are not what would be recorded now."""
    for name, text in record().items():
        file = folder / name
        if not file.exists() or file.read_text(encoding="utf-8") != text + "\n":
            yield name


def verbs(text: str) -> set[Id]:
    """The verbs of all entries of a file."""
    vectors = msgspec.json.decode(text)
    return {entry["verb"] for vector in vectors for entry in vector["entries"] if entry["shown"]}


def main() -> int:
    if sys.argv[1:] == ["--check"]:
        found = list(stale())
        if found:
            print(f"stale: {', '.join(found)}. Run python -m tests.convergence.record.", file=sys.stderr)
        return 1 if found else 0
    FOLDER.mkdir(exist_ok=True)
    for name, text in record().items():
        (FOLDER / name).write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

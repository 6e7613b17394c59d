"""P19: beyond the window of events, and after a backup was put back, a client begins with a fresh snapshot. What it
holds is never continued with entries of another past: there is no mixed state.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct
from sqlalchemy import make_url

from server.core.commands import Request
from server.core.ids import new_id
from server.core.ledger import short
from server.realtime.rings import LENGTH
from shared_schema.base import SYSTEM
from shared_schema.board import CreateTask
from shared_schema.frames import Accepted
from tests.faults.places import Place, prepare, stored
from tests.faults.raw import Raw, Watcher, create, first, text
from tests.faults.scenes import process_of
from tests.support.areas import running_kernel
from tests.support.commands import Serving
from tests.support.mirrors import Mirror
from tests.support.servers import Postgres

FEW = 300
"""Entries that fit into one frame of what may wait for a client: of more, a snapshot is the shorter reply."""


class Stand(Struct, frozen=True):
    """What a client holds of the first board: the number and the head, and what a browser keeps its snapshot by."""

    seq: int
    head: str
    etag: str = ""


def write(place: Place, entries: int) -> Stand:
    """Puts tasks on the first board of a database that nobody serves. Answers where it stands then."""

    async def on_their_way() -> Stand:
        space = first(place)
        async with running_kernel(place.url) as kernel:
            creates = [CreateTask(id=new_id(), column=place.boards[space], title="Vorher") for _ in range(entries)]
            requests = [Request(id=new_id(), space=space, command=create, author=SYSTEM) for create in creates]
            answers = await asyncio.gather(*map(kernel.submit, requests))
            assert all(isinstance(answer, Accepted) for answer in answers), answers[0]
            await kernel.followed()
            found = await kernel.space(space)
            assert found is not None
            return Stand(found.seq, short(found.head))

    return asyncio.run(on_their_way())


class Visitor(Raw):
    """A person at a process that serves a place."""

    def __init__(self, serving: Serving, place: Place) -> None:
        super().__init__(serving.port)
        self.place, self.space, self.url = place, first(place), serving.url
        self.opened(place.cookies[0])

    def returns(self, with_: Stand) -> dict[str, Any]:
        """What somebody is told who comes back with this: `entries` or `behind`."""
        # Up and away before: what is still on its way to the old seat is no answer.
        self.send(text({"t": "unwatch", "space": self.space}), text({"t": "ping"}))
        while all(message["t"] != "pong" for message in self.messages()):
            pass
        self.send(text({"t": "watch", "space": self.space, "since": with_.seq, "head": with_.head}))
        while True:
            for message in self.messages():
                if message["t"] in ("entries", "behind"):
                    return message

    def polls(self, with_: Stand) -> int:
        """The status that somebody gets who comes back by long poll."""
        answer = self._get("entries", after=with_.seq, head=with_.head)
        return answer.status_code

    def snapshot(self, known: str = "") -> httpx.Response:
        """The board, unless this browser says that it holds it."""
        return self._get("snapshot", headers={"If-None-Match": known} if known else {})

    def stands(self) -> Stand:
        answer = self.snapshot()
        return Stand(answer.json()["seq"], answer.json()["head"], answer.headers["etag"])

    def writes(self, title: str) -> int:
        """Puts a task on the board, as soon as that can be written; answers with the number of its entry."""
        id, command = new_id(), create(self.place, title)
        while (answer := self.do(self.space, command, id=id))["t"] == "refused":
            assert answer["reason"] == {"reason": "unavailable"}
        seq: int = answer["seqs"][self.space]
        return seq

    def _get(self, path: str, headers: dict[str, str] | None = None, **asked: str | int) -> httpx.Response:
        headers = {"Cookie": self.place.cookies[0], **(headers or {})}
        return httpx.get(f"{self.url}/api/spaces/{self.space}/{path}", headers=headers, params=asked)


# --- beyond the window -----------------------------------------------------------------------------------------------


def test_p19_seat2_who_returns_within_the_window_gets_every_entry_and_beyond_it_a_snapshot(database_url: str) -> None:
    place = asyncio.run(prepare(database_url, people=1, spaces=1))
    old = write(place, 1)
    within = write(place, LENGTH - FEW + 1)
    now = write(place, FEW)
    with process_of(database_url) as serving, Visitor(serving, place) as visitor:
        assert visitor.returns(old) == {"t": "behind", "space": visitor.space, "seq": now.seq}
        assert visitor.polls(old) == 410
        got = visitor.returns(within)
        assert [entry["seq"] for entry in got["entries"]] == list(range(within.seq + 1, now.seq + 1))
        assert got["head"] == now.head == visitor.stands().head
        assert visitor.polls(within) == 200


# --- a backup was put back -------------------------------------------------------------------------------------------


def test_p19_seat2_a_backup_put_back_while_the_server_was_down_is_noticed(sqlite_url: str, tmp_path: Path) -> None:
    place = asyncio.run(prepare(sqlite_url, people=1, spaces=1))
    saved = write(place, 3)
    file = Path(make_url(sqlite_url).database or "")
    shutil.copy(file, tmp_path / "backup")
    with process_of(sqlite_url) as serving, Visitor(serving, place) as visitor:
        for number in range(3):
            visitor.writes(f"Geht verloren {number}")
        lost = visitor.stands()
        serving.stop()
    for old in file.parent.glob(f"{file.name}-*"):
        old.unlink()
    shutil.copy(tmp_path / "backup", file)
    with process_of(sqlite_url) as serving, Visitor(serving, place) as visitor:
        assert visitor.returns(lost)["t"] == "behind", "a number from the future"
        assert visitor.polls(lost) == 410
        assert visitor.returns(saved)["entries"] == [], "what the backup holds can be continued"
        while visitor.writes("Kommt stattdessen") < lost.seq:
            pass
        assert visitor.returns(lost)["t"] == "behind", "the same number, but another past"
        assert visitor.polls(lost) == 410
        assert visitor.snapshot(known=lost.etag).status_code == 200
        assert len(visitor.returns(saved)["entries"]) == lost.seq - saved.seq


# --- under a process that runs ---------------------------------------------------------------------------------------

Restore = Callable[[], None]


def by_dump(postgres: Postgres, url: str, folder: Path) -> Restore:
    """A dump that is read into the same database, while its users stay connected."""
    dump = folder / "dump"
    run(postgres, "pg_dump", "--format=custom", "--file", dump, url)
    return lambda: run(postgres, "pg_restore", "--clean", "--if-exists", "--single-transaction", "--dbname", url, dump)


def by_exchange(postgres: Postgres, url: str, folder: Path) -> Restore:
    """A copy that takes the place of the database; whoever was connected is thrown out."""
    name = make_url(url).database
    postgres.sql(f"CREATE DATABASE {name}_saved TEMPLATE {name}")

    def restore() -> None:
        postgres.sql(f"DROP DATABASE {name} WITH (FORCE)")
        postgres.sql(f"ALTER DATABASE {name}_saved RENAME TO {name}")

    return restore


def run(postgres: Postgres, program: str, *arguments: str | Path) -> None:
    done = subprocess.run([postgres.programs / program, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("way", [by_dump, by_exchange], ids=lambda way: way.__name__)
def test_p19_seat2_a_backup_put_back_under_running_processes_is_noticed(
    postgres: Postgres, postgres_url: str, tmp_path: Path, way: Callable[[Postgres, str, Path], Restore]
) -> None:
    place = asyncio.run(prepare(postgres_url, people=2, spaces=1))
    saved = write(place, 3)
    restore = way(postgres, postgres_url, tmp_path)
    space = first(place)
    with process_of(postgres_url) as one, process_of(postgres_url) as other:
        watchers = [Watcher(serving.port).watching(space, place.cookies[1]) for serving in (one, other)]
        with Visitor(one, place) as visitor, watchers[0], watchers[1]:
            for number in range(3):
                visitor.writes(f"Geht verloren {number}")
            lost = visitor.stands()
            for watcher in watchers:
                watcher.upto(lost.seq)
            restore()
            for watcher in watchers:
                assert watcher.hear("behind")["seq"] == saved.seq
            goes_on([one, other], place, saved, watchers)
    assert asyncio.run(stored(place)).altered == []


def goes_on(processes: list[Serving], place: Place, saved: Stand, watchers: list[Watcher]) -> None:
    """Everybody begins anew where the backup stands, and then sees the same again, whoever writes it."""
    visitors = [Visitor(process, place) for process in processes]
    assert [visitor.stands().head for visitor in visitors] == [saved.head] * 2
    mirrors = [Mirror(visitor.snapshot().content) for visitor in visitors]
    for watcher in watchers:
        watcher.watch_on(first(place), saved.seq)
    seqs = [visitor.writes("Kommt stattdessen") for visitor in visitors * 2]
    assert seqs == list(range(saved.seq + 1, saved.seq + 5))
    for watcher in watchers:
        watcher.upto(seqs[-1])
    assert watchers[0].commands[-4:] == watchers[1].commands[-4:]
    for visitor in visitors:
        visitor.socket.close()
    assert mirrors[0].held == mirrors[1].held

"""P14: a full disk fails closed. Nothing is acknowledged that is not written, people are told, reading goes on, and
writing comes back by itself once there is room.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from msgspec import Struct, field

from server.core import journal
from server.core.database import open_database
from server.core.ids import new_id
from shared_schema.base import Id
from tests.faults.figures import record
from tests.faults.places import Place, prepare
from tests.faults.raw import Raw, create, first
from tests.faults.scenes import process_of
from tests.support.commands import Serving, korridor
from tests.support.disks import Disk, Limited, SmallDisk, may_mount, mounted
from tests.support.servers import Postgres

COMMANDS = 40
"""Before the disk is full, and after it is free again."""
AT_MOST = 2_000
"""Commands until a full disk must have been noticed."""
RESUMES_WITHIN = 100.0
"""Seconds; ten are promised."""
TEXT = "Z" * 10_000


class Writer(Struct):
    """Writes long comments, one after the other; knows what became of each."""

    socket: Raw
    place: Place
    task: Id
    seq: int = 0
    accepted: list[Id] = field(default_factory=list)
    refused: list[Id] = field(default_factory=list)

    def write(self) -> bool:
        """Whether it was accepted; else it was refused because nothing can be written, and for no other reason."""
        command = {"verb": "comment.add", "id": new_id(), "task": self.task, "text": TEXT}
        id = new_id()
        answer = self.socket.do(first(self.place), command, id=id)
        if answer["t"] == "accepted":
            self.seq = answer["seqs"][first(self.place)]
            self.accepted.append(id)
            return True
        assert answer["reason"] == {"reason": "unavailable"}
        self.refused.append(id)
        return False


def journal_of(url: str, place: Place) -> list[Id]:
    """The commands in the journal of the board, in order."""

    async def read() -> list[Id]:
        database = open_database(url)
        try:
            return [one.entry.command for one in await database.read(journal.entries_after, first(place), 0, 100_000)]
        finally:
            await database.close()

    return asyncio.run(read())


def fails_closed(url: str, place: Place, serving: Serving, disk: Disk, recover: Callable[[], None]) -> float:
    """Fills the disk under a writer and frees it again. Answers with the seconds that writing took to come back."""
    with Raw(serving.port).opened(place.cookies[0]) as socket, Raw(serving.port).opened(place.cookies[1]) as onlooker:
        task = create(place, "Platz")
        assert socket.do(first(place), task)["t"] == "accepted"
        writer = Writer(socket, place, task["id"])
        assert all(writer.write() for _ in range(COMMANDS))
        disk.fill()
        assert not all(writer.write() for _ in range(AT_MOST))
        assert onlooker.hear("state")["writing"] == "paused"
        assert not any(writer.write() for _ in range(5))
        reads(serving, place, place.cookies[1], writer.seq)
        disk.free()
        recover()
        took = resumes(writer)
        while onlooker.hear("state")["writing"] != "ok":
            pass
        assert all(writer.write() for _ in range(COMMANDS))
    found = journal_of(url, place)
    assert [command for command in found if command in {*writer.accepted}] == writer.accepted
    assert not {*found} & {*writer.refused}
    return took


def reads(serving: Serving, place: Place, cookie: str, seq: int) -> None:
    """A snapshot stands at the last entry that was acknowledged."""
    answer = httpx.get(f"{serving.url}/api/spaces/{first(place)}/snapshot", headers={"Cookie": cookie})
    assert answer.status_code == 200
    assert answer.json()["seq"] == seq


def resumes(writer: Writer) -> float:
    begin = time.monotonic()
    while not writer.write():
        assert time.monotonic() - begin < RESUMES_WITHIN, "writing did not come back"
        time.sleep(0.05)
    return time.monotonic() - begin


def is_whole(url: str) -> None:
    done = korridor("verify", KORRIDOR_DATABASE_URL=url)
    assert done.returncode == 0, done.stdout + done.stderr


def limited(folder: Path, serving: Serving) -> Limited:
    assert serving.process is not None
    return Limited(folder, serving.process.pid)


@contextmanager
def disk_of(kind: str, folder: Path) -> Iterator[tuple[Path, Callable[[Serving], Disk]]]:
    """A folder for a database, and how it becomes a disk once a process serves it."""
    if kind == "mounted":
        with mounted(folder / "disk", megabytes=12) as disk:
            yield disk.folder, lambda _: disk
    else:
        yield folder, lambda serving: limited(folder, serving)


@pytest.mark.parametrize("kind", ["limited", *(["mounted"] if may_mount() else [])])
def test_p14_cmd7_sqlite_on_a_full_disk_fails_closed_and_comes_back(tmp_path: Path, kind: str) -> None:
    with disk_of(kind, tmp_path) as (folder, disk):
        url = f"sqlite:///{folder}/korridor.db"
        place = asyncio.run(prepare(url, people=2, spaces=1))
        with process_of(url) as serving:
            took = fails_closed(url, place, serving, disk(serving), recover=lambda: None)
            code, _, log = serving.stop()
        assert (code, log) == (0, "")
        is_whole(url)
    record(f"P14 disk full, SQLite, {kind}", resumes_s=round(took, 2))


@pytest.mark.skipif(not may_mount(), reason="PostgreSQL's data can be given a small disk by root alone")
def test_p14_cmd7_postgres_on_a_full_disk_fails_closed_and_comes_back() -> None:
    postgres = Postgres(durable=True)
    with mounted(postgres.folder / "disk", megabytes=160) as disk:
        move_data(postgres, disk)
        with postgres, postgres.database() as url:
            place = asyncio.run(prepare(url, people=2, spaces=1))
            with process_of(url) as serving:
                took = fails_closed(url, place, serving, disk, recover=lambda: start_again(postgres))
                code, _, log = serving.stop()
            assert (code, log) == (0, "")
            is_whole(url)
    record("P14 disk full, PostgreSQL", resumes_s=round(took, 2))


def move_data(postgres: Postgres, disk: SmallDisk) -> None:
    subprocess.run(["cp", "-a", postgres.data, disk.folder], check=True)
    postgres.data = disk.folder / "data"


def start_again(postgres: Postgres) -> None:
    """As an operator would: PostgreSQL ends itself when it cannot write its log ahead. Otherwise it goes on alone."""
    if not postgres.answers():
        postgres.kill()
        postgres.start()

"""The commands of an operator, as processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sqlite3
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server import __version__
from server.core.ids import new_id
from tests.support.commands import Serving, korridor
from tests.support.servers import free_port


def test_the_version_is_said() -> None:
    done = korridor("--version")
    assert done.stdout.strip() == f"korridor, version {__version__}"


def test_a_wrong_setting_is_answered_with_a_sentence_and_code_2(sqlite_url: str) -> None:
    done = korridor("migrate", KORRIDOR_DATABASE_URL=sqlite_url, PORT="http")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "PORT must be a number from 0 to 65535.\n"


def test_a_misspelt_setting_is_pointed_out(sqlite_url: str) -> None:
    done = korridor("migrate", KORRIDOR_DATABASE_URL=sqlite_url, KORRIDOR_SESION_DAYS="3")
    assert done.returncode == 0
    assert "Did you mean KORRIDOR_SESSION_DAYS?" in done.stderr


def test_migrate_makes_a_database_and_does_no_harm_twice(database_url: str) -> None:
    for _ in range(2):
        done = korridor("migrate", KORRIDOR_DATABASE_URL=database_url)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", [("verify",), ("export", "x", "nowhere"), ("backup", "nowhere"), ("import", "-")])
def test_reading_needs_a_database(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = korridor(*command, KORRIDOR_DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
    assert (done.returncode, done.stderr) == (1, f"There is no database at {tmp_path}/none.db.\n")
    assert not (tmp_path / "none.db").exists()


def test_a_database_that_cannot_be_used_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "korridor.db").write_bytes(b"this is no database, whatever its name says" * 100)
    for command in ("serve", "verify"):
        done = korridor(command, KORRIDOR_DATABASE_URL=f"sqlite:///{tmp_path}/korridor.db", PORT="0")
        assert done.returncode == 1
        assert done.stderr == "The database cannot be used: file is not a database\n", command


def test_an_unreachable_database_is_said_without_its_password() -> None:
    url = f"postgresql://korridor:secret@127.0.0.1:{free_port()}/korridor"
    for command in ("serve", "verify"):
        done = korridor(command, KORRIDOR_DATABASE_URL=url, PORT="0")
        assert done.returncode == 1
        assert done.stderr.startswith("The database cannot be used: ")
        assert "secret" not in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_taken_port_is_said_before_anything_is_done(tmp_path: Path, sqlite_url: str) -> None:
    with Serving(sqlite_url) as serving:
        done = korridor("serve", KORRIDOR_DATABASE_URL=f"sqlite:///{tmp_path}/other.db", PORT=str(serving.port))
    assert done.returncode == 1
    assert f"port {serving.port}" in done.stderr
    assert "PORT" in done.stderr
    assert not (tmp_path / "other.db").exists()


def test_while_a_server_runs_on_sqlite_nobody_else_writes_and_everybody_reads(sqlite_url: str, tmp_path: Path) -> None:
    with Serving(sqlite_url, "--demo"):
        for command in (["serve"], ["migrate"], ["seed"], ["restore", "-"], ["import", "-"]):
            done = korridor(*command, KORRIDOR_DATABASE_URL=sqlite_url, PORT="0")
            assert done.returncode == 1
            assert done.stderr.startswith("Another Korridor is running on "), command
        for command in (["verify"], ["backup", f"{tmp_path}/backup"]):
            assert korridor(*command, KORRIDOR_DATABASE_URL=sqlite_url).returncode == 0, command
    assert korridor("migrate", KORRIDOR_DATABASE_URL=sqlite_url).returncode == 0, "the lock died with its process"


def test_a_demo_says_how_to_sign_in_and_is_seeded_once(database_url: str) -> None:
    people = []
    for _ in range(2):
        with Serving(database_url, "--demo") as serving:
            people.append(_get(serving, "/api/demo/people"))
            code, said, complained = serving.stop()
        assert (code, _events(complained)) == (0, ["budgets_off", "started", "stopping", "stopped"])
        assert f"Korridor läuft: {serving.url} – wählen Sie dort eine Person aus." in said
        assert f"Korridor is running: {serving.url} – choose a person there." in said
    assert people[0] == people[1]
    assert len(people[0]) > 30


def test_two_that_start_at_once_on_an_empty_postgres_both_serve(postgres_url: str) -> None:
    pair = Serving(postgres_url), Serving(postgres_url)
    with ThreadPoolExecutor() as threads, contextlib.ExitStack() as running:
        list(threads.map(running.enter_context, pair))
        assert all(serving.answers() for serving in pair)


def test_seed_writes_the_demo_once(sqlite_url: str) -> None:
    first = korridor("seed", KORRIDOR_DATABASE_URL=sqlite_url)
    second = korridor("seed", KORRIDOR_DATABASE_URL=sqlite_url)
    assert (first.returncode, first.stderr) == (0, "")
    assert (second.returncode, second.stdout) == (1, "")
    assert "nothing was changed" in second.stderr


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_stop_it_asks_sockets_to_come_back_and_ends_in_order(sqlite_url: str, by: signal.Signals) -> None:
    with Serving(sqlite_url, "--demo") as serving:
        cookie = _sign_in(serving, _get(serving, "/api/demo/people")[0]["person"])
        socket = await connect(
            f"ws://127.0.0.1:{serving.port}/ws",
            origin=serving.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie},
            proxy=None,
        )
        await socket.send('{"t":"hello","protocol":1}')
        await socket.recv()
        code, _, complained = serving.stop(by)
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    assert socket.close_code == 1012
    during = ["signed_in", "socket_opened", "stopping", "socket_closed", "stopped"]
    assert (code, _events(complained)) == (0, ["budgets_off", "started", *during])


async def test_told_to_stop_under_load_it_loses_nothing_that_it_acknowledged(database_url: str) -> None:
    with Serving(database_url, "--demo") as serving:
        person = next(one for one in _get(serving, "/api/demo/people") if one["role"] == "coordination")
        cookie = _sign_in(serving, person["person"])
        async with httpx.AsyncClient(
            base_url=serving.url, headers={"Origin": serving.url, "Cookie": cookie}, timeout=30
        ) as browser:
            spaces = (await browser.get("/api/overview")).json()["spaces"]
            space = next(one["id"] for one in spaces if one["space_kind"] == "network")
            board = (await browser.get(f"/api/spaces/{space}/snapshot")).json()
            column = next(one["id"] for one in board["entities"] if one["kind"] == "column")
            quiet = (await browser.get(f"/api/spaces/{spaces[0]['id']}/snapshot")).json()
            accepted: list[str] = []
            writers = [asyncio.create_task(_write(browser, space, column, accepted)) for _ in range(8)]
            poll = asyncio.create_task(
                browser.get(f"/api/spaces/{quiet['space']}/entries?after={quiet['seq']}&wait=25")
            )
            while len(accepted) < 40:
                await asyncio.wait(writers, timeout=0.01)
            code, _, _ = await asyncio.to_thread(serving.stop)
            await asyncio.wait(writers)
            waited = await poll
    assert code == 0
    assert waited.status_code in (200, 410), "who was waiting got an answer"
    assert not [writer.exception() for writer in writers if writer.exception()]
    with Serving(database_url, "--demo") as serving:
        async with httpx.AsyncClient(base_url=serving.url, headers={"Cookie": cookie}, timeout=30) as browser:
            page = (await browser.get(f"/api/spaces/{space}/entries?after={board['seq']}&limit=1000")).json()
    written = [entry["command"] for entry in page["entries"]]
    assert set(accepted) <= set(written)
    assert len(written) == len(set(written))


async def _write(browser: httpx.AsyncClient, space: str, column: str, accepted: list[str]) -> None:
    """Creates tasks one after the other until the server is gone."""
    while True:
        command = {"verb": "task.create", "id": new_id(), "column": column, "title": "Unter Last"}
        id = new_id()
        try:
            answer = await browser.post(f"/api/spaces/{space}/commands", json={"id": id, "command": command})
        except httpx.TransportError:
            return
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 200:
            accepted.append(id)


def test_verify_names_the_place_that_was_altered(sqlite_url: str) -> None:
    korridor("seed", KORRIDOR_DATABASE_URL=sqlite_url)
    whole = korridor("verify", KORRIDOR_DATABASE_URL=sqlite_url)
    assert whole.returncode == 0
    assert len(whole.stdout.splitlines()) == 11
    space = whole.stdout.split()[1].rstrip(":")

    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as database:
        database.execute("UPDATE journal SET at = '2020-01-01T00:00:00.000000Z' WHERE space = ? AND seq = 5", [space])
    altered = korridor("verify", KORRIDOR_DATABASE_URL=sqlite_url)
    assert altered.returncode == 1
    assert f"space {space}, entry 5: " in altered.stdout


def _events(log: str) -> list[str]:
    return [json.loads(line)["event"] for line in log.splitlines()]


def _get(serving: Serving, path: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(serving.url + path, timeout=10) as answer:  # noqa: S310
        found: list[dict[str, str]] = json.load(answer)
        return found


def _sign_in(serving: Serving, person: str) -> str:
    request = urllib.request.Request(  # noqa: S310
        f"{serving.url}/api/demo/sign-in",
        json.dumps({"person": person}).encode(),
        {"Origin": serving.url, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        cookie: str = answer.headers["set-cookie"]
        return cookie.partition(";")[0]

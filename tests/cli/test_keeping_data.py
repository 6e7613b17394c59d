"""Backup, restore, export and import as an operator runs them: what is said, and what is there afterwards."""

from __future__ import annotations

import gzip
import json
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import environment, korridor


@pytest.fixture(scope="module")
def seeded_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that holds the demo area; for reading."""
    url = f"sqlite:///{tmp_path_factory.mktemp('seeded')}/korridor.db"
    assert korridor("seed", KORRIDOR_DATABASE_URL=url).returncode == 0
    return url


@pytest.fixture(scope="module")
def backed_up(seeded_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    file = tmp_path_factory.mktemp("backup") / "korridor.backup"
    assert korridor("backup", str(file), KORRIDOR_DATABASE_URL=seeded_url).returncode == 0
    return file


def area_of(url: str) -> str:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        area: str = database.execute("SELECT id FROM spaces WHERE kind = 'area'").fetchone()[0]
        return area


def network_of(url: str) -> str:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        network: str = database.execute("SELECT id FROM spaces WHERE kind = 'network'").fetchone()[0]
        return network


def test_a_backup_restores_into_an_empty_database_of_either_kind(
    database_url: str, seeded_url: str, backed_up: Path
) -> None:
    restored = korridor("restore", str(backed_up), KORRIDOR_DATABASE_URL=database_url)
    assert (restored.returncode, restored.stderr) == (0, "")
    assert restored.stdout.startswith("11 spaces, ")
    verified = [korridor("verify", KORRIDOR_DATABASE_URL=url) for url in (seeded_url, database_url)]
    assert verified[0].stdout == verified[1].stdout
    assert korridor("verify", "--backup", str(backed_up)).stdout == verified[0].stdout
    again = korridor("restore", str(backed_up), KORRIDOR_DATABASE_URL=database_url)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "The database holds data; a backup is restored into an empty one.\n"


def test_only_its_owner_may_read_a_backup_and_it_replaces_none_by_itself(seeded_url: str, tmp_path: Path) -> None:
    file = tmp_path / "korridor.backup"
    file.write_text("of yesterday")
    refused = korridor("backup", str(file), KORRIDOR_DATABASE_URL=seeded_url)
    assert refused.returncode == 1
    assert refused.stderr == f"{file} cannot be written: it exists already, and --force was not given.\n"
    assert file.read_text() == "of yesterday"
    forced = korridor("backup", "--force", str(file), KORRIDOR_DATABASE_URL=seeded_url)
    assert (forced.returncode, forced.stderr) == (0, "")
    assert forced.stdout.endswith(f" entries written to {file}.\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file], "nothing else is left"


def test_a_backup_goes_through_pipes(seeded_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "server.cli"]
    written = subprocess.run(
        [*command, "backup", "-"], env=environment(KORRIDOR_DATABASE_URL=seeded_url), capture_output=True, check=True
    )
    for arguments, url in ((["restore", "-"], f"sqlite:///{tmp_path}/korridor.db"), (["verify", "--backup", "-"], "")):
        read = subprocess.run(
            [*command, *arguments],
            env=environment(**({"KORRIDOR_DATABASE_URL": url} if url else {})),
            input=written.stdout,
            capture_output=True,
        )
        assert (read.returncode, read.stderr) == (0, b"")


def test_a_file_that_cannot_be_written_is_said(seeded_url: str, tmp_path: Path) -> None:
    done = korridor("backup", str(tmp_path / "nowhere" / "backup"), KORRIDOR_DATABASE_URL=seeded_url)
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path}/nowhere/backup cannot be written: No such file or directory.\n"
    with Path("/dev/full").open("wb") as disk:
        full = subprocess.run(
            [sys.executable, "-m", "server.cli", "backup", "-"],
            env=environment(KORRIDOR_DATABASE_URL=seeded_url),
            stdout=disk,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (full.returncode, full.stderr) == (1, "The file cannot be written: No space left on device.\n")


@pytest.mark.parametrize("command", [["verify", "--backup"], ["restore"]])
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, backed_up: Path, command: list[str]) -> None:
    file = tmp_path / "file"
    whole = backed_up.read_bytes()
    lines = gzip.decompress(whole).splitlines(keepends=True)
    newer = json.dumps({**json.loads(lines[0]), "schema": "9999", "korridor": "9.9.0"}).encode() + b"\n"
    for content, sentence in (
        (b"hello", "is no backup and no export of Korridor."),
        (whole[:-1000], "is not whole: its end is missing."),
        (whole[:-1] + b"\xff", "is damaged."),
        (
            gzip.compress(newer + b"".join(lines[1:])),
            "was written by a newer Korridor: install 9.9.0 or later to read it.",
        ),
    ):
        file.write_bytes(content)
        done = korridor(*command, str(file), KORRIDOR_DATABASE_URL=f"sqlite:///{tmp_path}/korridor.db")
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{file} {sentence}\n")


def test_a_restore_that_is_killed_leaves_an_empty_database(database_url: str, backed_up: Path) -> None:
    whole = backed_up.read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "restore", "-"],
        env=environment(KORRIDOR_DATABASE_URL=database_url),
        stdin=subprocess.PIPE,
    )
    assert process.stdin is not None
    # All but the end, which decides that it is whole: what a pipe cannot hold has been read when this returns.
    process.stdin.write(whole[:-20])
    process.stdin.flush()
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdin.close()
    restored = korridor("restore", str(backed_up), KORRIDOR_DATABASE_URL=database_url)
    assert (restored.returncode, restored.stderr) == (0, "")
    assert korridor("verify", KORRIDOR_DATABASE_URL=database_url).returncode == 0


def test_an_area_moves_with_its_spaces_into_another_database(sqlite_url: str, seeded_url: str, tmp_path: Path) -> None:
    file = tmp_path / "area"
    exported = korridor("export", area_of(seeded_url), str(file), KORRIDOR_DATABASE_URL=seeded_url)
    assert (exported.returncode, exported.stderr) == (0, "")
    assert korridor("verify", "--export", str(file)).returncode == 0
    assert korridor("migrate", KORRIDOR_DATABASE_URL=sqlite_url).returncode == 0
    imported = korridor("import", str(file), KORRIDOR_DATABASE_URL=sqlite_url)
    assert (imported.returncode, imported.stderr) == (0, "")
    assert imported.stdout.startswith("11 spaces, ")
    again = korridor("import", str(file), KORRIDOR_DATABASE_URL=sqlite_url)
    assert again.returncode == 1
    assert "already" in again.stderr


def test_a_space_without_its_area_is_not_imported(sqlite_url: str, seeded_url: str, tmp_path: Path) -> None:
    file, network = tmp_path / "network", network_of(seeded_url)
    exported = korridor("export", network, str(file), KORRIDOR_DATABASE_URL=seeded_url)
    assert exported.stdout.startswith("1 space, ")
    assert korridor("migrate", KORRIDOR_DATABASE_URL=sqlite_url).returncode == 0
    done = korridor("import", str(file), KORRIDOR_DATABASE_URL=sqlite_url)
    assert done.returncode == 1
    assert done.stderr == f"The area of space {network} is not in this database, or does not know the space.\n"


def test_a_database_that_is_not_up_to_date_is_told_what_to_do(sqlite_url: str, tmp_path: Path) -> None:
    Path(sqlite_url.removeprefix("sqlite:///")).touch()
    done = korridor("backup", str(tmp_path / "backup"), KORRIDOR_DATABASE_URL=sqlite_url)
    assert done.returncode == 1
    assert done.stderr.endswith("Bring it up to date by `korridor migrate` first.\n")
    assert not (tmp_path / "backup").exists()


def test_export_of_a_space_that_is_not_there_is_said(seeded_url: str, tmp_path: Path) -> None:
    done = korridor("export", "nowhere", str(tmp_path / "x"), KORRIDOR_DATABASE_URL=seeded_url)
    assert (done.returncode, done.stderr) == (1, "There is no space nowhere.\n")
    assert list(tmp_path.iterdir()) == []

"""Starting, killing and stopping the servers that `services.py` finds.

Each server is a child of the test process, so that a test may kill it and start it again on the same data and port.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import psutil

from tests.support.services import ensure_postgres, ensure_redis

STARTS_WITHIN = 90.0  # seconds; half a second is usual, a machine with two cores that is busy otherwise needs more
STOPS_WITHIN = 20.0

# As root the server must run as somebody else: PostgreSQL refuses root. `nobody` is on every machine.
UNPRIVILEGED = "nobody" if os.geteuid() == 0 else None


class FailedToStart(Exception):
    """A server that was found but did not come up; carries the end of its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def others_may_enter(folder: Path) -> bool:
    """Whether an unprivileged user can reach this folder at all."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in (folder, *folder.parents))


class Server:
    """A child process with data, a port and a log. Also a context that starts and disposes of it."""

    title: str

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="korridor-", dir="/tmp"))
        self.log = self.folder / "log"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        if UNPRIVILEGED:
            shutil.chown(self.folder, UNPRIVILEGED)
        atexit.register(self.dispose)

    def command(self) -> list[str | Path]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.title} is not running"
        return self._process.pid

    def start(self) -> None:
        """Returns once the server answers. After `stop` or `kill` it comes back with its data and port."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, user=UNPRIVILEGED, cwd=self.folder
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self.log.read_text(errors="replace")[-2000:]
                self.kill()
                raise FailedToStart(f"{self.title} did not start:\n{said}")
            time.sleep(0.01)

    def stop(self) -> None:
        """An orderly end, as an operator would do it."""
        self._end(self.orderly)

    orderly = signal.SIGTERM

    def kill(self) -> None:
        """`kill -9`: nothing is flushed, nobody is told."""
        self._end(signal.SIGKILL)

    def _end(self, by: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(by)
        try:
            self._process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def dispose(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.dispose)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.dispose()


class Postgres(Server):
    """A cluster of its own on loopback. `durable` keeps fsync on, for tests that kill it."""

    title = "PostgreSQL"
    orderly = signal.SIGINT  # "fast": ends the sessions and shuts down cleanly

    def __init__(self, *, durable: bool = False) -> None:
        super().__init__()
        self.durable = durable
        self.programs = self._reachable(ensure_postgres().path)
        self.data = self.folder / "data"
        made = subprocess.run(
            [
                self.programs / "initdb",
                "-D",
                self.data,
                "-U",
                "korridor",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ],
            capture_output=True,
            text=True,
            user=UNPRIVILEGED,
            cwd=self.folder,
        )
        if made.returncode != 0:
            raise FailedToStart(f"initdb failed:\n{made.stderr}")

    def _reachable(self, programs: Path) -> Path:
        """The programs find their libraries by relative path; where `nobody` may not go they move, all together."""
        if UNPRIVILEGED is None or others_may_enter(programs):
            return programs
        copy = self.folder / "programs"
        shutil.copytree(programs.parent, copy, symlinks=True)
        return copy / programs.name

    def command(self) -> list[str | Path]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 100,
            "shared_buffers": "64MB",
            **({} if self.durable else {"fsync": "off", "full_page_writes": "off"}),
        }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.programs / "postgres", "-D", self.data, *flags]

    def answers(self) -> bool:
        return self._psql("SELECT 1").returncode == 0

    def _psql(self, sql: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.programs / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql, self.url("postgres")],
            capture_output=True,
            text=True,
            timeout=STARTS_WITHIN,
            env={"PATH": os.environ["PATH"], "PGCONNECT_TIMEOUT": "5"},
        )

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """As long as it is open, all connections stay and nothing is answered."""
        processes = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    def url(self, database: str) -> str:
        return f"postgresql://korridor@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str) -> str:
        """What `psql` prints for a statement in the database `postgres`."""
        done = self._psql(statement)
        if done.returncode != 0:
            raise RuntimeError(f"{statement}: {done.stderr}")
        return done.stdout.strip()

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database that is gone afterwards, whoever is still connected."""
        name = f"t_{uuid4().hex}"
        # A copy by files is quicker than through the write-ahead log while nobody else writes.
        self.sql(f"CREATE DATABASE {name} STRATEGY file_copy")
        try:
            yield self.url(name)
        finally:
            if self._process is not None:
                self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class Redis(Server):
    """A Valkey or Redis on loopback that keeps what it acknowledged, so that a test may kill it."""

    title = "Valkey or Redis"

    def __init__(self) -> None:
        super().__init__()
        self.program = ensure_redis().path
        if UNPRIVILEGED and not others_may_enter(self.program.parent):
            self.program = Path(shutil.copy2(self.program, self.folder))

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str | Path]:
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
        }
        return [self.program, *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(b"PING\r\n")
                return line.recv(7) == b"+PONG\r\n"
        except OSError:
            return False

"""Korridor's own commands, run as an operator runs them: as processes, by their environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.support.servers import STARTS_WITHIN, STOPS_WITHIN, FailedToStart, free_port

ROOT = Path(__file__).parents[2]


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without settings of its own, with the given ones."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KORRIDOR_")}
    return inherited | {"PYTHONPATH": str(ROOT)} | settings


def korridor(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
    )


class Serving:
    """`korridor serve` as a process, or another program that serves. Also a context that starts it and ends it."""

    def __init__(
        self,
        database_url: str,
        *arguments: str,
        port: int | None = None,
        program: Sequence[str] = ("server.cli", "serve"),
        **settings: str,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [sys.executable, "-m", *program, *arguments]
        # A few clients of a test do the work of many people, so that budgets are off unless a test is about them.
        settings = {"KORRIDOR_BUDGETS": "0", "KORRIDOR_DATABASE_URL": database_url, "PORT": str(self.port), **settings}
        self._environment = environment(**settings)
        self.process: subprocess.Popen[bytes] | None = None
        # Files, because nobody reads while it runs: a full pipe would stop a process that has much to complain of.
        self._said, self._complained = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115 (see __exit__)

    def start(self) -> None:
        """Returns once it answers."""
        self.process = subprocess.Popen(
            self._command, env=self._environment, stdout=self._said, stderr=self._complained, stdin=subprocess.DEVNULL
        )
        deadline = time.monotonic() + STARTS_WITHIN
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                self.process.wait()
                raise FailedToStart("\n".join(self.told()))
            time.sleep(0.02)

    def told(self) -> tuple[str, str]:
        """What it said on standard output and on standard error, in all its runs."""
        said, complained = (_written(file.fileno()) for file in (self._said, self._complained))
        return said, complained

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self, by: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Ends it; answers its exit code and what it said on standard output and standard error."""
        assert self.process is not None
        self.process.send_signal(by)
        code = self.process.wait(STOPS_WITHIN)
        return code, *self.told()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._said.close()
        self._complained.close()


def _written(file: int) -> str:
    """All that a file holds. The child shares the place at which is written, so that it must not be moved."""
    return os.pread(file, os.fstat(file).st_size, 0).decode(errors="replace")

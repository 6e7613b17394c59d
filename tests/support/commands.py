"""Korridor's own commands, run as an operator runs them: as processes, by their environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
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
    """`korridor serve` as a process. Also a context that starts it and ends it."""

    def __init__(self, database_url: str, *arguments: str, port: int | None = None, **settings: str) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments
        # A few clients of a test do the work of many people, so that budgets are off unless a test is about them.
        settings = {"KORRIDOR_BUDGETS": "0", "KORRIDOR_DATABASE_URL": database_url, "PORT": str(self.port), **settings}
        self._environment = environment(**settings)
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns once it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve", *self._arguments],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + STARTS_WITHIN
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise FailedToStart("\n".join(self.process.communicate()))
            time.sleep(0.02)

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
        said, complained = self.process.communicate(timeout=STOPS_WITHIN)
        return self.process.returncode, said, complained

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

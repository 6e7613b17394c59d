"""The machine: which core does what, children that end with their context, and what stands above the figures."""

from __future__ import annotations

import gc
import os
import platform
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tests.support.services import find_chromium, find_postgres

SERVER_CORE, DRIVER_CORE = 0, 1
"""The server has a core for itself. The driver shares the other one with PostgreSQL."""
STARTS_WITHIN = 60.0
STOPS_WITHIN = 15.0
SOCKETS = 8_192
"""Open files that 2,000 seats need, on either side, with room."""
PACKAGES = ("litestar", "uvicorn", "uvloop", "msgspec", "sqlalchemy", "asyncpg", "websockets")


class CannotMeasure(Exception):
    """This machine or this checkout does not allow it; the message says what is missing."""


NICE = -15
"""Server and driver go before what else the machine does, where they may."""


CORES = os.sched_getaffinity(0) if sys.platform == "linux" else set()
"""Those that this process could use when it began."""


def pin(core: int | None, pid: int = 0) -> None:
    """Binds a process to one core (None: to none) and puts it first there; with 0 this one and whatever it starts."""
    os.sched_setaffinity(pid, CORES if core is None else {core})
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, pid, NICE)


def prepare_driver() -> None:
    """Gives this process its core and enough open files."""
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        raise CannotMeasure("Measuring needs Linux and two cores: one for the server, one for the driver.")
    allow_sockets()
    pin(DRIVER_CORE)


def allow_sockets() -> None:
    """Raises the number of open files of this process as far as 2,000 seats need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < SOCKETS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(SOCKETS, hard), hard))


@contextmanager
def calm() -> Iterator[None]:
    """No collection of garbage while something is timed."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Child:
    """A Python process of ours on the server's core. Leaving the context ends it."""

    def __init__(self, module: str, *args: str, log: Path) -> None:
        self._command = [sys.executable, "-m", module, *args]
        self._log = log

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            # In a group of its own: Ctrl+C reaches the driver, and the driver ends its children.
            self._process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._seen = psutil.Process(self._process.pid)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def port(self) -> int:
        """The port that the child serves on; it prints it once it does."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(b"port "):
                return int(line.split()[1])
        said = self._log.read_text(errors="replace")[-2000:]
        raise CannotMeasure(f"{' '.join(self._command[1:])} did not start:\n{said}")

    def cpu(self) -> float:
        """Seconds of processor time that the child has used."""
        times = self._seen.cpu_times()
        return float(times.user + times.system)

    def resident(self) -> int:
        """Bytes of memory that the child holds."""
        return int(self._seen.memory_info().rss)


def cpu_of_tree(pid: int) -> float:
    """Seconds of processor time of a process that runs already, of its children, and of those that have ended."""
    process = psutil.Process(pid)
    used = 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            used += times.user + times.system + times.children_user + times.children_system
    return used


def pin_tree(pid: int, core: int | None) -> None:
    """Binds a process that runs already, and its children; or lets them go where they like."""
    process = psutil.Process(pid)
    for one in (process, *process.children(recursive=True)):
        pin(core, one.pid)


def describe() -> dict[str, object]:
    """What the figures were measured on, and when."""
    postgres, chromium = find_postgres(), find_chromium()
    return {
        "date": time.strftime("%Y-%m-%d %H:%M %z"),
        "cpu": _cpu_name(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": postgres.name if postgres else None,
        "chromium": chromium.name if chromium else None,
        **{name: version(name) for name in PACKAGES},
        "load_before": round(os.getloadavg()[0], 2),
    }


def _cpu_name() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())

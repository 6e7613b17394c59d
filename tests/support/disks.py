"""A disk of the test's own that runs full when it is told to, and is empty again when it is told to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psutil

BLOCK = 4_096


class Disk(Protocol):
    """Where a database lies."""

    folder: Path

    def fill(self) -> None:
        """From now on nothing on it can grow."""

    def free(self) -> None:
        """There is room again."""


class SmallDisk:
    """A file system of its own in memory. Its files share it with a ballast that grows to fill it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as ballast, suppress(OSError):
            while True:
                ballast.write(bytes(BLOCK))

    def free(self) -> None:
        self._ballast.unlink()


class Limited:
    """Without the right to mount anything: files of these processes may not grow, as on a disk with a quota."""

    def __init__(self, folder: Path, process: int) -> None:
        self.folder = folder
        self._process = psutil.Process(process)

    def fill(self) -> None:
        self._limit(max(file.stat().st_size for file in self.folder.iterdir()))

    def free(self) -> None:
        self._limit(psutil.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        self._process.rlimit(psutil.RLIMIT_FSIZE, (size, psutil.RLIM_INFINITY))


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """A small disk at this folder, which is made for it."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", folder], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def may_mount() -> bool:
    """Whether this user may: root may, unless it is root of a container that was denied it."""
    if os.geteuid() != 0:
        return False
    return (
        subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode
        == 0
    )

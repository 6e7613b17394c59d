"""How long `make run` takes until the first page: from a bare clone, and again."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bench.machine import STOPS_WITHIN, CannotMeasure
from tests.support.servers import free_port

CHECKOUT = Path(__file__).parents[1]
FIRST_WITHIN, AGAIN_WITHIN = 600.0, 60.0


def start(folder: Path, *, first: bool) -> dict[str, Any]:
    """Seconds to the first page. `first`: in a new clone of this checkout's last commit, where nothing is installed."""
    database = f"sqlite:///{folder}/start.db"
    if not first:
        _until_page(CHECKOUT, database, FIRST_WITHIN, folder)  # seeds the demo area
        return {"again_s": round(_until_page(CHECKOUT, database, AGAIN_WITHIN, folder), 2)}
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", CHECKOUT, clone], check=True)
    took = {"first_s": _until_page(clone, database, FIRST_WITHIN, folder)}
    took["again_s"] = _until_page(clone, database, AGAIN_WITHIN, folder)
    return {name: round(seconds, 2) for name, seconds in took.items()}


def _until_page(checkout: Path, database: str, within: float, folder: Path) -> float:
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "KORRIDOR_DATABASE_URL": database}
    with (folder / "make.log").open("wb") as log:
        begun = time.perf_counter()
        process = subprocess.Popen(
            ["make", "run"], cwd=checkout, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            while not _page(port):
                if process.poll() is not None or time.perf_counter() - begun > within:
                    said = (folder / "make.log").read_text(errors="replace")[-2000:]
                    raise CannotMeasure(f"make run did not come to a page:\n{said}")
                time.sleep(0.02)
            return time.perf_counter() - begun
        finally:
            _end(process)


def _page(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=5) as answer:
            return bool(answer.status == 200 and b"<html" in answer.read())
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends make and what it started: they have a process group of their own."""
    for by in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, by)
        try:
            process.wait(STOPS_WITHIN)
            return
        except subprocess.TimeoutExpired:
            continue

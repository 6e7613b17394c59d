"""What an operator installs holds everything a server needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from server import __version__

ROOT = Path(__file__).parents[1]


def test_the_wheel_holds_the_client_the_texts_the_demo_and_the_migrations(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    if not (ROOT / "web" / "dist" / "index.html").is_file():
        assert done.returncode != 0, "a wheel without the client would be of no use"
        return
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob(f"korridor-{__version__}-*.whl")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {
        "server/client/index.html",
        "server/client/service-worker.js",
        "server/demo/scenario.json",
        "server/migrations/script.py.mako",
        "server/migrations/versions/0001_first_tables.py",
        "shared_schema/texts/de/templates.json",
    } <= names
    assert not any(name.startswith(("tests/", "bench/", "tools/", "web/")) for name in names)

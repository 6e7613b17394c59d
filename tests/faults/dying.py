"""`korridor migrate` with the steps in a folder, killed from within at a point of the way.

`python -m tests.faults.dying FOLDER POINT`: before the statement of this number, at `commit`, `after` it, or `never`.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from server import cli, migrations

BEYOND = 3
"""The exit code where there are fewer statements than that. It ends before COMMIT, too, and so changes nothing."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(point: str) -> None:
    """Arranges for the end. Alembic's own statements count as well."""
    if point == "commit":
        event.listen(Engine, "commit", lambda _: die())
    elif point.isdigit():
        numbers = count(1)
        event.listen(Engine, "commit", lambda _: os._exit(BEYOND))

        @event.listens_for(Engine, "before_cursor_execute")
        def before(*_: Any) -> None:
            if next(numbers) == int(point):
                die()


def main() -> None:
    folder, point = sys.argv[1:]
    migrations.HERE = Path(folder)
    die_at(point)
    cli.main(["migrate"], standalone_mode=False)
    if point == "after":
        die()


if __name__ == "__main__":
    main()

"""`korridor` on a machine whose clock is wrong: `python -m tests.faults.shifted FILE serve`.

FILE holds by how many seconds, and may change while it runs. What monotonic clocks measure is right all the same.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any


def wrong_from_now_on(file: Path) -> None:
    """Every clock that this version of Korridor looks at is ahead by what the file says."""
    right = time.time
    time.time = lambda: right() + float(file.read_text())

    class Wrong(datetime):
        """Makes moments as the real one does; only `now` is another."""

        def __new__(cls, *parts: Any, **more: Any) -> Any:
            return datetime(*parts, **more)  # noqa: DTZ001 (the caller's business)

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=float(file.read_text()))

    for name, module in list(sys.modules.items()):
        if name.startswith("server.") and getattr(module, "datetime", None) is datetime:
            module.datetime = Wrong  # type: ignore[attr-defined]


if __name__ == "__main__":
    # `serving` brings everything along whose clock is to be wrong.
    from server import cli, serving  # noqa: F401

    wrong_from_now_on(Path(sys.argv[1]))
    cli.main(sys.argv[2:])

"""One line of JSON for each thing worth knowing. Ids and counts only: no names, no texts, no tokens, no addresses.

log.info("signed_in", extra={"person": person})

Of an exception the log says where it happened and of what kind it was. Not its words: those of libraries, and of
PostgreSQL, quote what somebody wrote.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

_OWN: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""What every record has; the rest is the `extra` of the call."""


class JsonLines(logging.Formatter):
    """A record as one line. JSON in ASCII escapes line breaks and whatever else strangers may have sent."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "event": record.getMessage().partition("\n")[0],  # asyncio shows whole tasks below it
            **{name: value for name, value in record.__dict__.items() if name not in _OWN},
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["trace"] = "".join(_trace(record.exc_info[1], set()))
        return json.dumps(line, default=str)


def _trace(error: BaseException, told: set[int]) -> Iterator[str]:
    """Where an exception comes from, after those that led to it and before those that it holds."""
    told.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in told:
        yield from _trace(before, told)
        yield "which led to:\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{_kind(error)}\n"
    for inner in getattr(error, "exceptions", ()):
        if id(inner) not in told:
            yield from _trace(inner, told)


def _kind(error: BaseException) -> str:
    """The class of an exception, and the code by which systems and databases name theirs."""
    codes = (getattr(error, name, None) for name in ("errno", "sqlstate", "sqlite_errorname"))
    return " ".join([type(error).__qualname__, *(str(code) for code in codes if isinstance(code, int | str))])


def configure(level: str) -> None:
    """Sends everything from this level on to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # These speak of every connection and every statement; only their complaints are worth a line.
    for chatty in ("uvicorn", "websockets", "sqlalchemy", "alembic", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # What would be written past the log is a line of it, too.
    logging.captureWarnings(True)
    sys.excepthook = lambda _, error, __: _uncaught(error)
    threading.excepthook = lambda uncaught: _uncaught(uncaught.exc_value)


def _uncaught(error: BaseException | None) -> None:
    logging.getLogger("korridor").critical("uncaught", exc_info=error)

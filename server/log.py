"""One line of JSON for each thing worth knowing. Ids and counts only: no names, no texts, no tokens, no addresses.

log.info("signed_in", extra=fields(person=person))
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec


class JsonLines(logging.Formatter):
    """A record as one line; line breaks in what is logged are escaped by JSON itself."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "from": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def fields(**values: Any) -> dict[str, Any]:
    """What a line says besides its event, as `extra=` of a logging call."""
    return {"fields": values}


def configure(level: str) -> None:
    """Sends everything from this level on to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # These speak of every connection and every statement; only their complaints are worth a line.
    for chatty in ("uvicorn", "websockets", "sqlalchemy", "alembic", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)

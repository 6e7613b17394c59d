"""The log: one line of JSON for each event, whatever is in it."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from server.log import JsonLines


def line(record: logging.LogRecord) -> dict[str, object]:
    text = JsonLines().format(record)
    assert "\n" not in text
    assert "\r" not in text
    decoded: dict[str, object] = json.loads(text)
    return decoded


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "korridor.people", "msg": message, "levelname": "INFO", "created": 0.5})
    made.__dict__.update(extra)
    return made


def test_an_event_is_a_line_with_its_fields_in_utc() -> None:
    assert line(record("signed_in", person="p", spaces=3)) == {
        "at": "1970-01-01T00:00:00.500+00:00",
        "level": "info",
        "from": "korridor.people",
        "event": "signed_in",
        "person": "p",
        "spaces": 3,
    }


@pytest.mark.parametrize("text", ["a\r\nb", '"}\n{"level":"error"', "\x00", "\u2028", "\ud800"])
def test_nothing_that_is_logged_can_begin_a_line_of_its_own(text: str) -> None:
    assert line(record("turned_away", origin=text))["event"] == "turned_away"


def test_what_json_does_not_know_is_written_as_text() -> None:
    assert line(record("x", error=ValueError("no"), kind=int))["error"] == "no"


def test_a_failure_brings_its_trace_on_the_same_line() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        failed = record("internal", exc_info=sys.exc_info())
    assert "ValueError: first" in str(line(failed)["trace"])

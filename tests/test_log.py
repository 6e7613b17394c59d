"""The log: one line of JSON for each event, whatever is in it."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Literal

import msgspec
import pytest
from sqlalchemy import create_engine
from sqlalchemy import text as statement

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


CANARY = "Kanarienvogel"


def failing(how: Callable[[], object]) -> str:
    """The trace that is logged of a failure."""
    try:
        how()
    except BaseException:
        return str(line(record("internal", exc_info=sys.exc_info()))["trace"])
    raise AssertionError("it did not fail")


def quoting() -> None:
    raise ValueError(f"no date: {CANARY}")


def chained() -> None:
    try:
        quoting()
    except ValueError as error:
        raise KeyError(CANARY) from error


def grouped() -> None:
    raise BaseExceptionGroup(CANARY, [KeyError(CANARY), ExceptionGroup(CANARY, [OSError(28, CANARY)])])


def of_sqlite() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f'SELECT "{CANARY}" FROM "{CANARY}"')


def of_a_statement() -> None:
    engine = create_engine("sqlite://", hide_parameters=True)
    try:
        with engine.connect() as connection:
            connection.execute(statement("SELECT :a FROM b"), {"a": CANARY})
    finally:
        engine.dispose()


def of_decoding() -> None:
    msgspec.json.decode(f'"{CANARY}"', type=Literal["Amsel"])


FAILURES: dict[Callable[[], object], tuple[str, ...]] = {
    quoting: ("in quoting", "ValueError"),
    chained: ("in quoting", "ValueError", "which led to", "in chained", "KeyError"),
    grouped: ("in grouped", "BaseExceptionGroup", "KeyError", "ExceptionGroup", "OSError 28"),
    of_sqlite: ("OperationalError SQLITE_ERROR",),
    of_a_statement: ("OperationalError SQLITE_ERROR", "which led to", "OperationalError"),
    of_decoding: ("ValidationError",),
}


@pytest.mark.parametrize("how", FAILURES)
def test_of_a_failure_the_log_says_where_and_of_what_kind_but_not_in_which_words(how: Callable[[], object]) -> None:
    trace = failing(how)
    assert re.search(".*".join(FAILURES[how]), trace, re.DOTALL)
    assert CANARY not in trace


def test_what_leads_in_a_circle_ends() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert (
        line(record("internal", exc_info=(ValueError, first, None)))["trace"] == "KeyError\nwhich led to:\nValueError\n"
    )


def test_a_task_that_nobody_awaited_is_not_shown() -> None:
    said = record(f"Task exception was never retrieved\nfuture: <Task exception=KeyError('{CANARY}')>")
    assert line(said)["event"] == "Task exception was never retrieved"


def test_what_nobody_caught_is_a_line_too() -> None:
    """In a process of its own: this one belongs to the test runner."""
    program = f"""
import threading, warnings
from server import log
log.configure("info")
warnings.warn("deprecated")
thread = threading.Thread(target=lambda: [].remove({CANARY!r} + "s"))
thread.start()
thread.join()
raise ValueError({CANARY!r} + "s")
"""
    done = subprocess.run([sys.executable, "-W", "always", "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    lines = [json.loads(one) for one in done.stderr.splitlines()]
    assert [one["level"] for one in lines] == ["warning", "critical", "critical"]
    assert CANARY + "s" not in done.stderr

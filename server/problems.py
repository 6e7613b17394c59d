"""Every way in which a request can fail, as one shape: `Problem`, on every route.

A refusal carries its coded reason. A mistake of ours is logged under a reference, and only the reference is shown.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from typing import Any
from uuid import uuid4

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from sqlalchemy.exc import InterfaceError, OperationalError

from server.core.commands import invalid
from shared_schema.frames import Problem
from shared_schema.refusals import (
    AnyReason,
    Internal,
    Invalid,
    NotAllowed,
    NotFound,
    Refusal,
    TooManyTries,
    Unavailable,
    WeakPassword,
    WrongCode,
    WrongPasskey,
    WrongPassword,
)

log = logging.getLogger("korridor.http")

RETRY_AFTER = "2"
"""Seconds; the committer probes a paused database every second."""

_STATUS: dict[type, int] = {
    Invalid: 400,
    NotAllowed: 403,
    NotFound: 404,
    TooManyTries: 429,
    Unavailable: 503,
    WrongPassword: 403,
    WrongCode: 403,
    WrongPasskey: 403,
    WeakPassword: 422,
    Internal: 500,
}
WHOLE_BODY = "data"
"""What Litestar calls the body when it is wrong as a whole."""
_MISSING = re.compile(r"Missing required \w+ parameter '(\w+)'")


def status_of(reason: AnyReason) -> int:
    """The HTTP status of a refusal; what contradicts the present state is a conflict."""
    return _STATUS.get(type(reason), 409)


def problem_of(error: Exception) -> Problem:
    """What the caller gets to know of an exception."""
    match error:
        case Refusal():
            return Problem(status=status_of(error.reason), reason=error.reason)
        case ValidationException():
            return Problem(status=400, reason=_invalid(error))
        case HTTPException() if error.status_code == 400:
            return Problem(status=400, reason=Invalid(field="", problem="type"))
        case HTTPException() if error.status_code < 500:
            return Problem(status=error.status_code)
        case _ if _unreachable(error):
            log.error("database_unreachable", exc_info=error)
            return Problem(status=503, reason=Unavailable())
    reference = uuid4().hex[:12]
    log.error("internal", exc_info=error, extra={"reference": reference})
    return Problem(status=500, reason=Internal(reference=reference))


def _unreachable(error: Exception) -> bool:
    """Whether the database is the cause. SQLite calls our own mistakes in SQL operational errors, too."""
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.Error) and original.sqlite_errorcode == sqlite3.SQLITE_ERROR:
        return False
    return isinstance(error, (OperationalError, InterfaceError, OSError, TimeoutError))


def _invalid(error: ValidationException) -> Invalid:
    """Where a request is not well formed. Litestar tells it in two ways: as a list, or in a sentence."""
    if missing := _MISSING.match(error.detail):
        return Invalid(field=missing[1], problem="missing")
    first: Any = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    reason = invalid(str(first.get("message", error.detail)))
    key = str(first.get("key", ""))
    return Invalid(field=reason.field or (key if key != WHOLE_BODY else ""), problem=reason.problem)


def answer(problem: Problem, headers: dict[str, str] | None = None) -> Response[bytes]:
    """The response that carries a problem. Never stored: it may be gone a moment later."""
    known = {"Cache-Control": "no-store", **(headers or {})}
    if isinstance(problem.reason, TooManyTries):
        known["Retry-After"] = str(problem.reason.seconds)
    elif problem.status == 503:
        known["Retry-After"] = RETRY_AFTER
    return Response(msgspec.json.encode(problem), status_code=problem.status, media_type=MediaType.JSON, headers=known)


def handle(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The app's only exception handler."""
    allowed = getattr(error, "headers", None) or {}
    return answer(problem_of(error), {name: value for name, value in allowed.items() if name.lower() == "allow"})

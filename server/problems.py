"""Every way in which a request can fail, as one shape: `Problem`, on every route.

A refusal carries its coded reason. A mistake of ours is logged under a reference, and only the reference is shown.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from sqlalchemy.exc import InterfaceError, OperationalError

from server.core.commands import invalid
from server.log import fields
from shared_schema.frames import Problem
from shared_schema.refusals import (
    AnyReason,
    Internal,
    Invalid,
    NotAllowed,
    NotFound,
    Refusal,
    Unavailable,
)

log = logging.getLogger("korridor.http")

RETRY_AFTER = "2"
"""Seconds; the committer probes a paused database every second."""

_STATUS: dict[type, int] = {Invalid: 400, NotAllowed: 403, NotFound: 404, Unavailable: 503, Internal: 500}
_CANNOT_REACH = (OperationalError, InterfaceError, OSError, TimeoutError)


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
        case HTTPException() if error.status_code < 500:
            return Problem(status=error.status_code)
        case msgspec.DecodeError() | SerializationException():
            return Problem(status=400, reason=Invalid(field="", problem="type"))
        case _ if isinstance(error, _CANNOT_REACH):
            log.error("database_unreachable", exc_info=error)
            return Problem(status=503, reason=Unavailable())
    reference = uuid4().hex[:12]
    log.error("internal", exc_info=error, extra=fields(reference=reference))
    return Problem(status=500, reason=Internal(reference=reference))


def _invalid(error: ValidationException) -> Invalid:
    first: Any = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    reason = invalid(str(first.get("message", error.detail)))
    return Invalid(field=reason.field or str(first.get("key", "")), problem=reason.problem)


def answer(problem: Problem, headers: dict[str, str] | None = None) -> Response[bytes]:
    """The response that carries a problem. Never stored: it may be gone a moment later."""
    known = {"Cache-Control": "no-store", **(headers or {})}
    if problem.status == 503:
        known["Retry-After"] = RETRY_AFTER
    return Response(msgspec.json.encode(problem), status_code=problem.status, media_type=MediaType.JSON, headers=known)


def handle(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The app's only exception handler."""
    allowed = getattr(error, "headers", None) or {}
    return answer(problem_of(error), {name: value for name, value in allowed.items() if name.lower() == "allow"})

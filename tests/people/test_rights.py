"""The page of rights is what the rules say, and every command and every route has one."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from litestar.handlers import HTTPRouteHandler

from server.core.commands import OPERATIONS, handles
from shared_schema.base import Command
from shared_schema.journal import AnyCommand
from tests.convergence.furnished import verb
from tests.people.rights import PAGE, page, sentence
from tests.support.instances import running_instance


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text() == page(), "run `make rights`"


def test_every_command_but_the_founding_one_stands_in_a_table() -> None:
    told = set(re.findall(r"^\| `([a-z_.]+)`", PAGE.read_text(), re.MULTILINE))
    assert told == {verb(command) for command in get_args(AnyCommand)} - {"area.found"}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: verb(operation.command))
def test_every_rule_is_a_sentence(operation: object) -> None:
    for needs in (getattr(operation, "needs", None), getattr(operation, "needs_there", None)):
        assert needs is None or re.fullmatch(r"[A-Z].*\.", sentence(needs))


def test_a_command_without_a_rule_does_not_register() -> None:
    class Unruled(Command, frozen=True, kw_only=True, tag="test.unruled"):
        pass

    with pytest.raises(TypeError):
        handles(Unruled)  # type: ignore[call-arg]


OPEN = {
    *("/", "/{path:path}", "/health", "/health/live", "/health/ready"),
    *("/api/demo/people", "/api/demo/sign-in"),
    *("/api/sign-in", "/api/sign-in/ask", "/api/sign-in/look", "/api/sign-in/password", "/api/sign-in/second"),
    *("/api/sign-in/passkey", "/api/sign-in/passkey/new"),
    *("/api/join", "/api/join/look"),
    *("/api/setup", "/api/setup/look", "/api/setup/try-mail"),
}
"""All that answers somebody who is not signed in."""


async def test_what_is_open_to_everybody_is_open_on_purpose(sqlite_url: str) -> None:
    async with running_instance(sqlite_url) as instance:
        handlers = [
            handler
            for route in instance.korridor.litestar.routes
            for handler in getattr(route, "route_handlers", ())
            if isinstance(handler, HTTPRouteHandler)
        ]
        unlocked = {path for handler in handlers if handler.opt.get("exclude_from_auth") for path in handler.paths}
    assert unlocked == OPEN

"""Nobody may what nobody allowed: rules of commands and routes, said once, and the page that tells them."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar, get
from litestar.handlers import HTTPRouteHandler

from server.core.commands import OPERATIONS, handles
from server.who import Who, hold_rules, only
from shared_schema.base import Command
from tests.support.instances import running_instance
from tests.support.routes import OPEN
from tools import rights


def test_the_page_of_rights_is_fresh() -> None:
    assert rights.TARGET.read_text(encoding="utf-8") == rights.page(), "run make rights"


def test_every_rule_is_a_sentence() -> None:
    said = {rights.verb(command): rights.sentence(operation.needs) for command, operation in OPERATIONS.items()}
    assert all(text.endswith(".") and len(text.split()) > 4 for text in said.values()), said


def test_a_command_without_a_rule_does_not_register() -> None:
    class Silent(Command, frozen=True, kw_only=True, tag="test.silent"):
        pass

    anything: Any = handles
    with pytest.raises(TypeError, match="needs"):
        anything(Silent)(lambda *_: [])
    assert Silent not in OPERATIONS


def test_an_app_with_a_route_that_does_not_say_who_does_not_start() -> None:
    @get("/silent")
    async def silent() -> None: ...

    @get("/open", opt={"exclude_from_auth": True})
    async def open_to_all() -> None: ...

    @get("/own", opt=only(Who.ONESELF))
    async def own() -> None: ...

    hold_rules(Litestar([open_to_all, own], openapi_config=None))
    with pytest.raises(TypeError, match=r"GET /silent$"):
        hold_rules(Litestar([open_to_all, own, silent], openapi_config=None))


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

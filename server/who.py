"""Who may use a route. Every route says it, and an app with a route that does not say it does not start."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

from litestar import Litestar
from litestar.handlers import BaseRouteHandler


class Who(StrEnum):
    """The rules of routes, as sentences; the route itself asks what the sentence says."""

    HOLDS = "Whoever holds the token of a link that is still good; all others get the same answer."
    SOCKET = "Whoever is signed in and comes from our own pages; each space is asked for anew."
    ANYBODY = "Anybody, signed in or not: it tells nothing that stands in a space."
    ONESELF = "Whoever is signed in, and only about themselves."
    SEES = "Whoever sees the space, and of it what they see. For all others it is not there."
    ACTS = "Whoever sees the space, as far as the rule of the command lets them."
    INVITES = "Moderators of the space and their deputies."
    ERASES = "The coordination, for everybody of their area; everybody, for themselves."
    COORDINATES = "The coordination, for the area that they are signed in to."


def only(who: Who) -> dict[str, Any]:
    """What a route says in its `opt`."""
    return {"who": who}


def rule_of(handler: BaseRouteHandler) -> Who | None:
    """The rule that a route says, if it says one. Those that only say that nobody has to sign in are for anybody."""
    who = handler.opt.get("who")
    if isinstance(who, Who):
        return who
    return Who.ANYBODY if handler.opt.get("exclude_from_auth") else None


def rules_of(app: Litestar) -> Iterator[tuple[str, str, Who | None]]:
    """Path, methods and rule of every route, in order."""
    for route in sorted(app.routes, key=lambda one: one.path):
        for handler in _handlers(route):
            methods = " ".join(sorted(getattr(handler, "http_methods", ("socket",))))
            if methods != "OPTIONS":  # Litestar's own, which says the methods of a path
                yield route.path, methods, rule_of(handler)


def _handlers(route: Any) -> tuple[BaseRouteHandler, ...]:
    many = getattr(route, "route_handlers", None)
    return tuple(many) if many else (route.route_handler,)


def hold_rules(app: Litestar) -> None:
    """Refuses an app with a route that does not say who may use it."""
    silent = [f"{methods} {path}" for path, methods, who in rules_of(app) if who is None]
    if silent:
        raise TypeError(f"routes that do not say who may use them: {', '.join(silent)}")


__all__: Final = ["Who", "hold_rules", "only", "rule_of", "rules_of"]

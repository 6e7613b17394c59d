"""Writes docs/rights.md: every right as a sentence, and who may what, found out by asking the rules themselves."""

from __future__ import annotations

import asyncio
import inspect
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from server.app import running
from server.core.commands import OPERATIONS, SYSTEM_ACTOR, Actor, Needs
from server.core.ids import derived_id
from server.core.space import Space
from server.migrations import migrate
from server.people.access import AS_PARTICIPANT, IN_OTHER_SPACES, IN_THE_AREA
from server.settings import Settings
from server.who import rules_of
from shared_schema.base import PUBLIC, Author, Command, Entity, Id, Viewer
from shared_schema.board import Comment, Ownership, Task
from shared_schema.people import Organisation

from .samples import sample

TARGET: Final = Path(__file__).parents[1] / "docs" / "rights.md"


def id_of(name: str) -> Id:
    return derived_id("rights", name)


class Column(Struct, frozen=True):
    """One kind of person, and as whom the rules are asked."""

    title: str
    actor: Actor


def _person(viewer: Viewer | None, area_role: str = "member") -> Actor:
    return Actor(author=Author(kind="person", id=id_of("me")), viewer=viewer, area_role=area_role)


COLUMNS: Final = (
    Column("Coordination", _person(Viewer.MODERATOR, "coordination")),
    Column("Moderator, deputy", _person(Viewer.MODERATOR)),
    Column("Member, coach", _person(Viewer.MEMBER)),
    Column("Guest", _person(Viewer.GUEST, "guest")),
    Column("Reader", _person(Viewer.READER, "reader")),
    Column("No access", _person(None, "administrator")),
    Column("System", SYSTEM_ACTOR),
)


def space_of(owner: Id) -> Space:
    """A space in which everything that has an owner, an author or a contact is this person's."""
    space = Space(id_of("space"), "network", id_of("area"))
    now = datetime(2026, 11, 16, tzinfo=UTC)
    known: dict[str, Any] = {"to": PUBLIC}
    things: tuple[Entity, ...] = (
        Task(id=id_of("task"), column=id_of("column"), place="a", title="Aufgabe",
             created_at=now, created_by=owner, **known),
        Ownership(id=id_of("task"), task=id_of("task"), person=owner, **known),
        Comment(id=id_of("comment"), task=id_of("task"), author=owner, at=now, text="Wort", **known),
        Organisation(id=id_of("organisation"), name="Verein", sector="civil", contact=owner, **known),
    )  # fmt: skip
    space.load(things)
    return space


def allowed(command: type[Command], needs: Needs, actor: Actor) -> str:
    """Whether the rule lets them: with everything ("yes"), with what is their own ("own"), or not ("–")."""
    if actor.viewer is None:
        return "–"
    for whose, answer in ((id_of("other"), "yes"), (actor.person, "own")):
        space = space_of(whose)
        asked = sample(command, lambda field, whose=whose: whose if field in ("person", "owner") else id_of(field))  # type: ignore[misc]
        if needs(space, actor, asked):
            return answer
    return "–"


def sentence(rule: Any) -> str:
    """The right as its function says it."""
    said = inspect.getdoc(rule)
    if not said:
        raise TypeError(f"{rule.__name__} does not say in a sentence who may")
    return " ".join(said.split("\n\n")[0].split())


def verb(command: type[Command]) -> str:
    return str(command.__struct_config__.tag)


# --- the page --------------------------------------------------------------------------------------------------------

HEAD: Final = """# Who may do what

This page is written by `make rights` from the rules themselves, and a test keeps it fresh. A command without a rule is
not registered, and an app with a route without one does not start: what nobody allowed is denied.

Roles reach down, and nothing else does. The coordination moderates in every space of its area. What somebody is in a
network as moderator, deputy, member or coach, they are in its key projects too; guests and readers are not. Whoever is
coordination, steering, member or reader of the area reads its other spaces. Of several roles the strongest counts. A
role counts to its last day, and none counts after the last day of a person's access. An administrator sees no content.

What somebody may not see is not there for them: a thing that is hidden is refused exactly as one that does not exist.
"""


def render(routes: list[tuple[str, str, str]]) -> str:
    return "\n".join([HEAD, *_viewers(), *_sentences(), *_matrix(), *_routes(routes)]) + "\n"


def _viewers() -> Iterator[str]:
    yield from ("## What a role sees", "", "| Role | In the area | In a space |", "|---|---|---|")
    for role, here in IN_THE_AREA.items():
        yield f"| area: {role} | {_named(here)} | {_named(IN_OTHER_SPACES[role])} |"
    for part, viewer in AS_PARTICIPANT.items():
        yield f"| space: {part} | | {_named(viewer)} |"
    yield ""


def _named(viewer: Viewer | None) -> str:
    return "nothing" if viewer is None else f"as {str(viewer.name).lower()}"


def _sentences() -> Iterator[str]:
    yield from ("## The rule of each command", "", "| Command | Rule |", "|---|---|")
    for command, operation in _operations():
        there = f" There: {sentence(operation.needs_there)}" if operation.needs_there else ""
        yield f"| `{verb(command)}` | {sentence(operation.needs)}{there} |"
    yield ""


def _matrix() -> Iterator[str]:
    yield from ("## Who may", "", "*yes*: may; *own*: with what is their own only; –: may not.", "")
    yield "| Command | " + " | ".join(column.title for column in COLUMNS) + " |"
    yield "|---|" + "---|" * len(COLUMNS)
    for command, operation in _operations():
        cells = (allowed(command, operation.needs, column.actor) for column in COLUMNS)
        yield f"| `{verb(command)}` | " + " | ".join(cells) + " |"
    yield ""


def _routes(routes: list[tuple[str, str, str]]) -> Iterator[str]:
    yield from ("## Who may use a route", "", "| Route | Who |", "|---|---|")
    for path, methods, who in routes:
        yield f"| `{methods} {path}` | {who} |"


def _operations() -> list[tuple[type[Command], Any]]:
    return sorted(OPERATIONS.items(), key=lambda known: verb(known[0]))


async def _routes_of_an_app() -> list[tuple[str, str, str]]:
    """Every route of a demo instance, for it has those of all others."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/korridor.db", demo=True)
        await migrate(settings.database_url)
        async with running(settings) as korridor:
            found = [(path, methods, str(who)) for path, methods, who in rules_of(korridor.litestar)]
    return [one for one in found if not one[0].startswith("/assets/")]


def page() -> str:
    """The whole page as it should stand in docs/rights.md."""
    return render(asyncio.run(_routes_of_an_app()))


def main() -> int:
    fresh = page()
    if "--check" in sys.argv:
        stale = not TARGET.exists() or TARGET.read_text(encoding="utf-8") != fresh
        if stale:
            print("docs/rights.md is stale: run `make rights`", file=sys.stderr)
        return int(stale)
    TARGET.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

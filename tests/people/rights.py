"""Writes docs/rights.md from the rules themselves: each in its own sentence, and what it answers for each role.

`python -m tests.people.rights`, or `make rights`. Commands are made by the builders that every command has; the rule of
each is asked about them for everybody, so that the table says what holds and not what somebody once wrote down.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from pathlib import Path
from random import Random
from typing import Any, Final

from server.core.commands import OPERATIONS, Needs, Operation
from server.core.space import Space
from server.people import access
from shared_schema.base import Author, Command
from shared_schema.board import AddComment
from tests.convergence.furnished import Furnished, verb
from tests.support.worlds import id_of

PAGE: Final = Path(__file__).parents[2] / "docs" / "rights.md"
SAMPLES: Final = 240
"""Commands of each kind: of one's own and of others', on tasks that are shown to all and to few."""

IN_A_SPACE: Final = {
    "moderation": "mira",
    "deputy": "dora",
    "member": "max",
    "coach": "carla",
    "guest": "gus",
    "reader": "rita",
    "coordination": "jana",
    "member elsewhere": "otto",
    "guest elsewhere": "viola",
    "administrator": "adam",
}
"""Who stands for a role in the network of the tests; the last four take no part in it."""
IN_THE_AREA: Final = {
    "coordination": "jana",
    "steering": "dora",
    "member": "max",
    "reader": "rita",
    "guest": "gus",
    "administrator": "adam",
}

YES, NO, DEPENDS = "yes", "–", "depends"

INTRODUCTION: Final = """# Rights: who may do what

Written by `make rights` from the rules in `server/*/access.py`, by asking them; a test holds this page to them. A
command without a rule does not register, so that a server with one does not start. Whoever may not see a space or a
thing in it gets the same answer as if it were not there.

- **yes**: may always. **–**: never. **depends**: on what it is done to; the sentence of the rule says on what.
- What a rule does not forbid may still be impossible: the last moderator cannot leave, a full column takes no task.

## What a role reaches

- In a space one holds a role for an organisation. Holding several, one acts as the strongest of them:
  moderation, deputy, member, coach, guest, reader. Deputies have the same rights as moderators.
- Moderators, deputies, members and coaches of a network hold the same role in its key projects. Guests and readers stay
  where they were invited.
- The coordination of an area moderates in all of its spaces. Whoever is of the area, and no guest, reads the spaces in
  which they take no part, as far as something is visible to the area or to the public. Nothing else is inherited.
- An administrator runs the machine and sees no content.
- Every access can have a last day; the day after, nothing of the above holds.
"""


def page() -> str:
    """The whole page, in Markdown."""
    # One in which everything stands as it was furnished, and one in which much has happened.
    houses = (Furnished(1, commands=0), Furnished(1))
    for house in houses:
        _let_everybody_comment(house)
    area = [op for op in _operations() if _of_the_area(op)]
    space = [op for op in _operations() if not _of_the_area(op)]
    parts = [
        INTRODUCTION,
        "## In a committee, a network or a key project\n\n" + _table(houses, "network", IN_A_SPACE, space),
        "## In the area\n\n" + _table(houses, "area", IN_THE_AREA, area),
        "## The rules in their own words\n\n" + "\n".join(_sentences()) + "\n",
    ]
    return "\n".join(parts)


def _let_everybody_comment(house: Furnished) -> None:
    """What is one's own and what is not has to be there to be told apart."""
    for who in IN_A_SPACE.values():
        house.world.send(AddComment(id=id_of(f"comment by {who}"), task=id_of("one"), text="Gesehen"), who)


Made = list[tuple[Furnished, Command]]
"""Commands of a kind, each with where it was made."""


def answer(operation: Operation, to: str, who: str, made: Made) -> str:
    """What the rule of a command says to somebody, over all that was made of that kind."""
    said = {_says(operation, house, house.world[to], who, command) for house, command in made}
    return DEPENDS if len(said) == 2 else YES if said == {True} else NO


def _says(operation: Operation, house: Furnished, space: Space, who: str, command: Command) -> bool:
    area = house.world["area"]
    by = access.actor(space, area, Author(kind="person", id=id_of(who)), house.world.now)
    return by.viewer is not None and operation.needs(space.seen_by(by.viewer, area), by, command)


def samples(house: Furnished, command: type[Command], to: str) -> Made:
    """Commands of a kind that are sound in this space, made by everybody and by the system."""
    house.dice = Random(verb(command))  # another command in between changes no other line
    authors = (*IN_A_SPACE.values(), None)
    made: Made = []
    for number in range(SAMPLES):
        built = house.build(command, to, authors[number % len(authors)] if to != "area" else None)
        if built is not None and built.space == id_of(to):
            made.append((house, built.command))
    return made


def _operations() -> list[Operation]:
    return sorted(OPERATIONS.values(), key=lambda op: verb(op.command))


def _of_the_area(operation: Operation) -> bool:
    return verb(operation.command).split(".")[0] in {
        "area", "interest_group", "organisation", "person", "space", "goal", "listing",
    }  # fmt: skip


def _table(houses: Iterable[Furnished], to: str, roles: dict[str, str], operations: list[Operation]) -> str:
    lines = [f"| command | {' | '.join(roles)} |", "|---|" + "---|" * len(roles)]
    for operation in operations:
        made = [one for house in houses for one in samples(house, operation.command, to)]
        if made:
            cells = [answer(operation, to, who, made) for who in roles.values()]
            lines.append(f"| `{verb(operation.command)}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _sentences() -> Iterator[str]:
    rules: dict[Needs, list[str]] = {}
    for operation in _operations():
        for needs, where in ((operation.needs, ""), (operation.needs_there, " (in the other space)")):
            if needs is not None:
                rules.setdefault(needs, []).append(f"`{verb(operation.command)}`{where}")
    for needs, commands in sorted(rules.items(), key=lambda item: _named(item[0])):
        yield f"- **{sentence(needs)}** {', '.join(commands)}"


def sentence(needs: Any) -> str:
    """The right in words, as its function says it."""
    return " ".join(cleandoc(needs.__doc__ or "").split())


def _named(needs: Any) -> str:
    return f"{needs.__module__}.{needs.__qualname__}"


def main() -> int:
    fresh = page()
    if "--check" in sys.argv:
        return int(PAGE.read_text() != fresh)
    PAGE.write_text(fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Commands and who decides them: the registry of handlers, and the pure function that turns a command into changes.

A handler is pure and synchronous: it reads its space (and the area above it), and answers with changes or raises a
`Refusal`. It does not register without a rule of who may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar, cast

import msgspec
from msgspec import UNSET, Struct

from shared_schema.base import SYSTEM, Author, Command, Entity, Id, Scalar, SpaceKind, Viewer
from shared_schema.journal import AnyCommand, Change, Patch
from shared_schema.refusals import ChangedSince, Invalid, NotAllowed, NotFound, Refusal, TextChanged, TooMany

from .space import Space, kind_of

MOST_CHANGES = 500
"""Changes in one entry, so that a frame stays small and a batch short; hiding or moving one big thing may have more."""
MOST_CHANGES_WIDE = 20_000


class Actor(Struct, frozen=True, kw_only=True):
    """Who acts in a space: the author of the entry, as what they look at it, and their roles here and in the area."""

    author: Author
    viewer: Viewer | None
    role: str | None = None
    area_role: str | None = None

    @property
    def person(self) -> Id:
        return self.author.id

    @property
    def is_system(self) -> bool:
        return self.author.kind == "system"

    @property
    def moderates(self) -> bool:
        return self.viewer == Viewer.MODERATOR


SYSTEM_ACTOR = Actor(author=SYSTEM, viewer=Viewer.MODERATOR, role="system", area_role="system")


class Request(Struct, frozen=True, kw_only=True):
    """A command on its way: who sent it, to which space, with what it expects. `id` is the client's, once for good."""

    id: Id
    space: Id
    command: AnyCommand
    author: Author
    expects: dict[str, Scalar] = {}
    only_if: dict[str, Scalar] = {}


class Both(Struct, frozen=True):
    """What a command changes in its own space and in the other one."""

    here: list[Change]
    there: list[Change]


Needs = Callable[[Space, Actor, Any], bool]
Handler = Callable[..., list[Change] | Both]


class Operation(Struct, frozen=True, kw_only=True):
    """A registered handler with its rule and its shape."""

    command: type[Command]
    handler: Handler
    needs: Needs
    needs_there: Needs | None
    there: str | None
    founds: bool
    wide: bool


OPERATIONS: dict[type[Command], Operation] = {}
H = TypeVar("H", bound=Handler)


def handles(
    command: type[Command],
    *,
    needs: Needs,
    there: str | None = None,
    needs_there: Needs | None = None,
    founds: bool = False,
    wide: bool = False,
) -> Callable[[H], H]:
    """Registers the handler of a command.

    `needs(space, by, command)` says who may. `there` names the field with the id of a second space: the handler then
    gets it as `there` and answers `Both`, and `needs_there` is asked in that space. `founds`: the space that the
    command is sent to (or the second one) begins with it. `wide`: the entry may have 20,000 changes.
    """

    def register(handler: H) -> H:
        if command in OPERATIONS:
            raise TypeError(f"{command.__name__} has a handler already")
        if there is not None and needs_there is None and not founds:
            raise TypeError(f"{command.__name__} acts in two spaces and needs a rule for each")
        OPERATIONS[command] = Operation(
            command=command,
            handler=handler,
            needs=needs,
            needs_there=needs_there,
            there=there,
            founds=founds,
            wide=wide,
        )
        return handler

    return register


def operation(command: Command) -> Operation:
    return OPERATIONS[type(command)]


def second_space(command: Command) -> Id | None:
    """The id of the other space that a command concerns."""
    field = operation(command).there
    return None if field is None else cast(Id, getattr(command, field))


# --- founding --------------------------------------------------------------------------------------------------------

Founder = Callable[[Space, Any, Actor, datetime], list[Change]]
FOUNDERS: dict[SpaceKind, list[Founder]] = {}


def founds(*kinds: SpaceKind) -> Callable[[Founder], Founder]:
    """Registers the pure function that gives a new space of these kinds its first entities; each slice has its own."""

    def register(founder: Founder) -> Founder:
        for kind in kinds:
            FOUNDERS.setdefault(kind, []).append(founder)
        return founder

    return register


def found(kind: SpaceKind, space: Space, command: Command, by: Actor, now: datetime) -> list[Change]:
    """What a new space of this kind begins with, from every slice, in the order in which they registered."""
    return [change for founder in FOUNDERS.get(kind, []) for change in founder(space, command, by, now)]


# --- deciding --------------------------------------------------------------------------------------------------------


class Decision(Struct, frozen=True):
    """What an accepted command changes, here and there; `unseen` are the fields overwritten without being seen."""

    here: list[Change]
    there: list[Change]
    unseen: tuple[str, ...] = ()


def decide(
    request: Request, here: Space, by: Actor, now: datetime, there: Space | None = None, by_there: Actor | None = None
) -> Decision:
    """What the command changes, or a `Refusal`. Pure: looks at the spaces, the actor and the given moment only."""
    op = operation(request.command)
    _let_in(op.needs, here, by, request.command)
    if there is not None and by_there is not None and op.needs_there is not None:
        _let_in(op.needs_there, there, by_there, request.command)
    _hold_known_fields(request)
    target = _target(request.command, here)
    _hold_only_if(request, target)
    _hold_revision(request, target)
    answer = op.handler(here, request.command, by, now, *([] if there is None else [there]))
    both = answer if isinstance(answer, Both) else Both(answer, [])
    decision = Decision(_lean(both.here), _lean(both.there), _unseen(request, target, both.here))
    limit = MOST_CHANGES_WIDE if op.wide else MOST_CHANGES
    if max(len(decision.here), len(decision.there)) > limit:
        raise Refusal(TooMany(what="changes", limit=limit))
    return decision


def _let_in(needs: Needs, space: Space, by: Actor, command: Command) -> None:
    if by.viewer is None:
        raise Refusal(NotFound(kind="space", id=space.id))
    if not needs(space, by, command):
        raise Refusal(NotAllowed())


def _target(command: Command, space: Space) -> Entity | None:
    if command.on is None:
        return None
    cls, field = command.on
    return space.find(cls, getattr(command, field))


def _hold_known_fields(request: Request) -> None:
    """What an author expects is said of fields of the entity, and of nothing else that an object may have."""
    on = request.command.on
    known = on[0].__struct_fields__ if on else ()
    for where, names in (("expects", request.expects), ("only_if", request.only_if)):
        for name in names:
            if name not in known:
                raise Refusal(Invalid(field=f"{where}.{name}", problem="unknown_field"))


def _hold_only_if(request: Request, target: Entity | None) -> None:
    if not request.only_if:
        return
    now = {name: _plain(getattr(target, name, None)) for name in request.only_if}
    if now != request.only_if:
        raise Refusal(ChangedSince(now=now))


def _hold_revision(request: Request, target: Entity | None) -> None:
    """A long text is never overwritten by one who has not seen it."""
    revision = getattr(target, "revision", None)
    seen = (request.expects | request.only_if).get("revision", 0)
    if target is not None and revision is not None and seen != revision:
        text, by = getattr(target, "text", ""), getattr(target, "edited_by", "")
        raise Refusal(TextChanged(text=text, revision=revision, by=by))


def _unseen(request: Request, target: Entity | None, changes: Iterable[Change]) -> tuple[str, ...]:
    """Fields whose value at hand is not the one that the author saw, and that the command overwrites all the same."""
    if target is None or not request.expects:
        return ()
    kind = kind_of(target)
    written = {
        name
        for change in changes
        if isinstance(change, Patch) and change.id == target.id and change.kind == kind
        for name in change.fields
    }
    stale = {name for name, value in request.expects.items() if _plain(getattr(target, name, UNSET)) != value}
    return tuple(sorted(written & stale))


def _plain(value: Any) -> Scalar:
    return None if value is UNSET else cast(Scalar, msgspec.to_builtins(value))


def _lean(changes: list[Change]) -> list[Change]:
    """Without patches that change nothing."""
    return [change for change in changes if not (isinstance(change, Patch) and not change.fields)]


# --- reading what comes in -------------------------------------------------------------------------------------------

_decoder: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_PROBLEMS = (
    ("at `$.verb`", "unknown_verb"),
    ("Object contains unknown field", "unknown_field"),
    ("Object missing required field", "missing"),
    ("of length <=", "too_long"),
    ("of length >=", "too_short"),
    ("matching regex", "shape"),
)


def read_command(raw: bytes | msgspec.Raw) -> AnyCommand:
    """The command that stands in these bytes; refuses `invalid` and says where."""
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise Refusal(invalid(str(error))) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refusal(Invalid(field="", problem="type")) from None


def invalid(message: str) -> Invalid:
    """The coded reason for one of msgspec's messages, such as "Expected `str` of length <= 200 - at `$.title`"."""
    problem = next((code for sign, code in _PROBLEMS if sign in message), "type")
    path = message.rpartition("at `$.")[2].rstrip("`") if "at `$." in message else ""
    name = message.split("`")[1] if problem in ("unknown_field", "missing") else ""
    return Invalid(field=".".join(part for part in (path, name) if part), problem=cast(Any, problem))

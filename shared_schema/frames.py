"""What travels on the socket, and the shapes of what is read over HTTP.

Text frames of JSON; one frame holds one message or an array of them. Entries arrive in order and without holes.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta, Raw, Struct

from .base import GivenId, Id, Scalar, SpaceKind, Viewer
from .board import Comment, Description
from .journal import AnyCommand, AnyEntity, Entry, Hidden
from .people import Sector
from .refusals import AnyReason

# --- client to server ------------------------------------------------------------------------------------------------


class FromClient(Struct, frozen=True, kw_only=True, tag_field="t", forbid_unknown_fields=True):
    """A message a client may send."""


class Hello(FromClient, frozen=True, kw_only=True, tag="hello"):
    """The first message. `client` is an id of the tab, for the log."""

    protocol: int
    client: Annotated[str, Meta(max_length=64)] = ""


class Watch(FromClient, frozen=True, kw_only=True, tag="watch"):
    """Take a seat. `since` and `head` are what the client holds; without them it will fetch a snapshot first.

    `viewer` is the kind of viewer for whom that was made: a role may have changed while the client was away, and then
    what it holds cannot be continued (`behind`). 0 says nothing.
    """

    space: GivenId
    since: Annotated[int, Meta(ge=0)]
    head: Annotated[str, Meta(max_length=16)] = ""
    viewer: Annotated[int, Meta(ge=0, le=31)] = 0


class Unwatch(FromClient, frozen=True, kw_only=True, tag="unwatch"):
    space: GivenId


class Do(FromClient, frozen=True, kw_only=True, tag="do"):
    """Do this. `command` is decoded by its verb; `expects` merges, `only_if` refuses (see sync rules)."""

    id: GivenId
    space: GivenId
    command: Raw
    expects: dict[str, Scalar] | None = None
    only_if: dict[str, Scalar] | None = None


class Where(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where somebody is: on the board, or on a task, perhaps writing."""

    task: GivenId | None = None
    writing: bool = False


class SayPresence(FromClient, frozen=True, kw_only=True, tag="presence"):
    space: GivenId
    where: Where | None = None


class Ping(FromClient, frozen=True, kw_only=True, tag="ping"):
    pass


ClientMessage = Hello | Watch | Unwatch | Do | SayPresence | Ping

# --- server to client ------------------------------------------------------------------------------------------------


class ToClient(Struct, frozen=True, kw_only=True, tag_field="t"):
    """A message a client receives."""


class Welcome(ToClient, frozen=True, kw_only=True, tag="welcome"):
    """Another `schema` or `instance` than the client knows: reload, keep the outbox. `heartbeat` in seconds."""

    protocol: int
    schema: str
    instance: Id
    person: Id
    time: datetime
    heartbeat: int


class Entries(ToClient, frozen=True, kw_only=True, tag="entries"):
    """Contiguous and in order. `head` is the first 8 bytes (hex) of the chain's hash at the last of them."""

    space: Id
    entries: tuple[Entry | Hidden, ...]
    head: str


class Accepted(ToClient, frozen=True, kw_only=True, tag="accepted"):
    """The command is durable. `seqs`: the number of its entry in each space it concerns."""

    id: Id
    seqs: dict[Id, int]


class Refused(ToClient, frozen=True, kw_only=True, tag="refused"):
    id: Id
    reason: AnyReason


class PresentPerson(Struct, frozen=True, kw_only=True):
    person: Id
    where: Where | None = None


class Presence(ToClient, frozen=True, kw_only=True, tag="presence"):
    """Everybody who is here now. Fleeting: may be late, may be lost."""

    space: Id
    people: tuple[PresentPerson, ...]


class Behind(ToClient, frozen=True, kw_only=True, tag="behind"):
    """What this seat holds cannot be continued: fetch a snapshot (now at `seq`), then watch again."""

    space: Id
    seq: int


class Left(ToClient, frozen=True, kw_only=True, tag="left"):
    """The seat is taken away. The client wipes what it holds of this space."""

    space: Id
    reason: Literal["no_access", "ended", "signed_out"]


class State(ToClient, frozen=True, kw_only=True, tag="state"):
    """What the header says: whether other processes' changes come at once, and whether anything can be written."""

    relay: Literal["ok", "late"]
    writing: Literal["ok", "paused"]


class Pong(ToClient, frozen=True, kw_only=True, tag="pong"):
    time: datetime


ServerMessage = Welcome | Entries | Accepted | Refused | Presence | Behind | Left | State | Pong

# --- HTTP ------------------------------------------------------------------------------------------------------------


class Snapshot(Struct, frozen=True, kw_only=True):
    """A space as one kind of viewer sees it at `seq`: everything but cold kinds and what was put away."""

    space: Id
    seq: int
    head: str
    viewer: Viewer
    entities: tuple[AnyEntity, ...]


class RenderedComment(Struct, frozen=True, kw_only=True):
    comment: Comment
    html: str


class TaskPart(Struct, frozen=True, kw_only=True):
    """The cold part of a task at `seq`. `entities` holds the task and its parts when it was put away."""

    space: Id
    task: Id
    seq: int
    head: str
    description: Description | None
    description_html: str
    comments: tuple[RenderedComment, ...]
    entities: tuple[AnyEntity, ...] = ()


class Found(Struct, frozen=True, kw_only=True):
    """Tasks that a search found, each with its parts, the newest task first; `more` if there were too many."""

    space: Id
    entities: tuple[AnyEntity, ...]
    more: bool = False


class EntriesPage(Struct, frozen=True, kw_only=True):
    """Entries after a number (`space`, `seq`, `head` as of the last one), or the newest first when read backwards."""

    space: Id
    seq: int
    head: str
    entries: tuple[Entry | Hidden, ...]


class PostCommand(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a command sent by POST; the answer is `Accepted` or `Refused`."""

    id: GivenId
    command: Raw
    expects: dict[str, Scalar] | None = None
    only_if: dict[str, Scalar] | None = None


class SpaceLine(Struct, frozen=True, kw_only=True):
    """A space this person may open, and as what."""

    id: Id
    space_kind: SpaceKind
    name: str
    parent: Id | None
    viewer: Viewer
    role: str | None
    open_tasks: int
    my_tasks: int
    my_overdue: int


class WaitingTask(Struct, frozen=True, kw_only=True):
    """A task that waits for this person, in whichever space it lives."""

    space: Id
    task: Id
    title: str
    due: str | None
    column: str
    blocked_because: str | None


class Overview(Struct, frozen=True, kw_only=True):
    """What the first page shows: my spaces, and what waits for me."""

    spaces: tuple[SpaceLine, ...]
    waiting: tuple[WaitingTask, ...]


class Me(Struct, frozen=True, kw_only=True):
    """Who is signed in, and where. `area` is the id of the area's space."""

    person: Id
    name: str
    area: Id
    area_name: str
    area_role: str
    language: Literal["de", "en"]
    timezone: str
    instance: Id
    schema: str
    demo: bool


class DemoPerson(Struct, frozen=True, kw_only=True):
    """Somebody one may be in the demo. `moderates` names networks, `sector` is that of the organisation."""

    person: Id
    name: str
    organisation: str
    function: str
    role: str
    spaces: tuple[str, ...]
    moderates: tuple[str, ...] = ()
    sector: Sector | None = None


class Problem(Struct, frozen=True, kw_only=True):
    """The one shape of an HTTP answer that is not what was asked for; `reason` as in refusals where it is one."""

    status: int
    reason: AnyReason | None = None


@cache
def schema_name() -> str:
    """A short name of this generation of the vocabulary: it changes when any Struct or field does."""
    shape = msgspec.json.schema_components(
        (*get_args(ServerMessage), *get_args(ClientMessage), *get_args(AnyCommand)),
        ref_template="#/{name}",
    )
    return hashlib.sha256(msgspec.json.encode(shape)).hexdigest()[:12]

"""What every message is made of: ids, viewer kinds, entities, commands and the limits of what people may type.

Two rules hold throughout the vocabulary. What comes in is strict: commands refuse unknown fields, and every string in
them has a shape and a length. What is stored is forgiving: entities and entries ignore unknown fields, new fields have
defaults, and a tag is never used for a second meaning, so that whatever was ever written stays readable.
"""

from __future__ import annotations

from enum import IntFlag, StrEnum
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta, Struct

PROTOCOL: Final = 1
"""Version of the frames on the socket; a client that speaks another one reloads itself."""

# --- ids -------------------------------------------------------------------------------------------------------------

Id = str
"""A UUID in lower case. Whoever creates an entity makes its id: clients UUIDv7, the server UUIDv8 (`derived_id`)."""

GivenId = Annotated[
    str,
    Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z"),
]
"""An id as it comes in with a command: its shape is checked. Stored ids are not checked again."""

# --- text ------------------------------------------------------------------------------------------------------------

# Control characters and the marks that turn the direction of reading have no place in a line; a long text may break.
_LINE = r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+\Z"
_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*\Z"

Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=_LINE)]
Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=_LINE)]
Line = Annotated[str, Meta(min_length=1, max_length=500, pattern=_LINE)]
Text = Annotated[str, Meta(max_length=20_000, pattern=_TEXT)]
Paragraph = Annotated[str, Meta(min_length=1, max_length=10_000, pattern=_TEXT)]
# One @, no spaces and no control characters, a host with a dot or of this machine; the rest is for mail servers to say.
_EMAIL = r"^[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f-\x9f]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?\Z"

EmailAddress = Annotated[str, Meta(min_length=3, max_length=254, pattern=_EMAIL)]
ColourName = Literal["petrol", "green", "blue", "brown", "plum", "grey"]

FRAME_LIMIT: Final = 64 * 1024
"""Bytes of one frame on the socket, and of one command by HTTP. The longest text is well below it, even in UTF-8."""

# --- who may see -----------------------------------------------------------------------------------------------------


class Viewer(IntFlag):
    """The kinds of viewer. A person looks at a space as exactly one of them; `to` of an entity is a sum of them."""

    MODERATOR = 1
    MEMBER = 2
    GUEST = 4
    READER = 8
    SCREEN = 16


Audience = int
"""A sum of `Viewer` values. A plain number on the wire, because it stands on every entity and every change."""

MODERATORS: Final[Audience] = 1
SPACE: Final[Audience] = 1 | 2 | 4
AREA: Final[Audience] = 1 | 2 | 4 | 8
PUBLIC: Final[Audience] = 1 | 2 | 4 | 8 | 16


class Visibility(StrEnum):
    """What people choose; `AUDIENCES` says which kinds of viewer that is."""

    MODERATORS = "moderators"
    SPACE = "space"
    AREA = "area"
    PUBLIC = "public"


AUDIENCES: Final[dict[Visibility, Audience]] = {
    Visibility.MODERATORS: MODERATORS,
    Visibility.SPACE: SPACE,
    Visibility.AREA: AREA,
    Visibility.PUBLIC: PUBLIC,
}

# --- entities and commands -------------------------------------------------------------------------------------------

SpaceKind = Literal["area", "committee", "network", "key_project"]


class Entity(Struct, frozen=True, kw_only=True, tag_field="kind", gc=False):
    """Something that exists in a space. Frozen: a change makes a new one. It can be part of no cycle, so that the
    collector of garbage need not walk through a hundred thousand of them while people wait.

    `id` is unique among entities of its kind in its space, `to` are the kinds of viewer that may see it.
    """

    id: Id
    to: Audience

    cold: ClassVar[bool] = False
    """Cold kinds are left out of snapshots; they come with the part of the task that is open."""
    persons: ClassVar[tuple[str, ...]] = ()
    """Fields with the ids of persons: what belongs to somebody's own data is found by them."""
    texts: ClassVar[tuple[str, ...]] = ()
    """Fields with what somebody typed, and where a name may stand."""
    written_by: ClassVar[str | None] = None
    """The field with the person who typed the `texts`, if there is one."""
    own: ClassVar[str | None] = None
    """The field with the person whose this is: erasing them empties the fields named by `personal`."""
    personal: ClassVar[tuple[str, ...]] = ()
    indexed: ClassVar[tuple[str, ...]] = ()
    """Fields by which a space finds entities of this kind without looking through all of them."""


class Command(Struct, frozen=True, kw_only=True, tag_field="verb", forbid_unknown_fields=True):
    """Something a person wants, said as an intent. Its tag is the verb of the entry it becomes."""

    about: ClassVar[str | None] = None
    """The field with the id of the entity whose story this belongs to; None: the space itself."""
    on: ClassVar[tuple[type[Entity], str] | None] = None
    """Kind and field of the entity that `expects` and `only_if` speak of."""


class Author(Struct, frozen=True, kw_only=True, rename={"for_": "for"}):
    """Who did it, and for which organisation. `id` of the system is the nil UUID."""

    kind: Literal["person", "guest", "service", "system"]
    id: Id
    for_: Id | None = None


NIL: Final[Id] = "00000000-0000-0000-0000-000000000000"
SYSTEM: Final = Author(kind="system", id=NIL)

Scalar = str | int | float | bool | None
"""What a scalar field is on the wire; dates and times are strings there."""

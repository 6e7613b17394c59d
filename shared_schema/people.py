"""The directory: the area, its organisations and people, the list of its spaces, and who takes part in each space.

The area's space holds `Area`, `InterestGroup`, `Organisation`, `Person` and one `Listing` a space. Every other space
holds a `Profile` and one `Participant` per person and organisation, with the names copied, so that a space can be read
and decided alone.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from .base import Command, EmailAddress, Entity, GivenId, Id, Name, SpaceKind, Text

Sector = Literal["public", "private", "charitable", "civil", "academia"]
AreaRole = Literal["coordination", "steering", "member", "reader", "guest", "administrator"]
SpaceRole = Literal["moderator", "deputy", "member", "coach", "guest", "reader"]
# Only addresses that a browser opens as a page; nothing in it may end an attribute or a line.
WebAddress = Annotated[str, Meta(max_length=300, pattern=r"^https?://[^\s\x00-\x1f\x7f<>\"'`\\\\]+\Z")]
Template = Literal["network", "key_project", "event", "committee", "plain"]

# --- entities of the area --------------------------------------------------------------------------------------------


class Area(Entity, frozen=True, kw_only=True, tag="area"):
    """The cooperation area itself. Dates without a time belong to its time zone."""

    name: str
    claim: str = ""
    description: str = ""
    language: Literal["de", "en"] = "de"
    timezone: str = "Europe/Berlin"
    founded_on: date | None = None


class InterestGroup(Entity, frozen=True, kw_only=True, tag="interest_group"):
    """A group whose share of votes may be limited. `public` means municipalities and authorities."""

    name: str
    public: bool = False


class Organisation(Entity, frozen=True, kw_only=True, tag="organisation"):
    """A municipality, firm, charity, association or school that takes part in the area, until `left_on` if it left.

    `contact` is the person who keeps what it says of itself; name, address and website are what others are told.
    """

    persons = ("contact",)
    own = "contact"
    personal = ("contact_name", "contact_email")

    name: str
    sector: Sector
    interest_group: Id | None = None
    municipality: bool = False
    external_advisor: bool = False
    description: str = ""
    joined_on: date | None = None
    left_on: date | None = None
    contact: Id | None = None
    contact_name: str | None = None
    contact_email: str | None = None
    website: str | None = None


class Person(Entity, frozen=True, kw_only=True, tag="person"):
    """A person of the area; journals know persons only, never accounts. `promised` is the role that an invitation
    gives to a guest as soon as their e-mail address is confirmed. Of one who was `erased` nothing is left but the id,
    the organisation and the role."""

    persons = ("id",)
    own = "id"
    personal = ("name", "function")

    name: str
    role: AreaRole
    organisation: Id | None = None
    function: str = ""
    joined_on: date | None = None
    access_until: date | None = None
    promised: AreaRole | None = None
    erased: bool = False


class Listing(Entity, frozen=True, kw_only=True, tag="listing"):
    """One line in the area's list of spaces; its id is the space's id. A key project's `parent` is its network."""

    name: str
    space_kind: SpaceKind
    parent: Id | None = None
    purpose: str = ""
    founded_at: datetime | None = None


class Moderation(Entity, frozen=True, kw_only=True, tag="moderation"):
    """The area's note that a person moderates a space with no end set, so that their access does not end unnoticed."""

    indexed = ("space", "person")
    persons = ("person",)

    space: Id
    person: Id


# --- entities of every other space -----------------------------------------------------------------------------------


class Profile(Entity, frozen=True, kw_only=True, tag="profile"):
    """What a committee, network or key project says of itself; its id is the space's id."""

    name: str
    space_kind: SpaceKind
    area: Id
    parent: Id | None = None
    purpose: str = ""
    founded_at: datetime | None = None


class Participant(Entity, frozen=True, kw_only=True, tag="participant"):
    """A person's part in a space, for one organisation. `through` names the network that the role is inherited
    from: such a part stands beside one of their own, goes when the role there ends, and the strongest of all counts.
    `invitation` is what they came by, and `promised` the role that it gives once their address is confirmed. `until` is
    its last day."""

    indexed = ("person",)
    persons = ("person",)
    own = "person"
    personal = ("name", "function")

    person: Id
    name: str
    role: SpaceRole
    organisation: Id | None = None
    organisation_name: str = ""
    sector: Sector | None = None
    interest_group: Id | None = None
    function: str = ""
    voting: bool = True
    through: Id | None = None
    since: datetime | None = None
    invitation: Id | None = None
    promised: SpaceRole | None = None
    erased: bool = False
    until: date | None = None


class Trace(Entity, frozen=True, kw_only=True, tag="trace"):
    """Where others have written about a person who was erased: the name is to be taken out there by hand, because
    nobody's words are changed by anybody else. `on` is the task that it stands in or on, if it is one."""

    persons = ("person",)

    person: Id
    of: str
    entity: Id
    on: Id | None = None


# --- commands --------------------------------------------------------------------------------------------------------


class FoundArea(Command, frozen=True, kw_only=True, tag="area.found"):
    """Begins an area; the space the command is sent to does not exist yet. Only the system may."""

    name: Name
    claim: Annotated[str, Meta(max_length=300)] = ""
    description: Text = ""
    language: Literal["de", "en"] = "de"
    timezone: Annotated[str, Meta(min_length=1, max_length=60)] = "Europe/Berlin"
    founded_on: date | None = None


class AddInterestGroup(Command, frozen=True, kw_only=True, tag="interest_group.add"):
    about = "id"

    id: GivenId
    name: Name
    public: bool = False


class JoinOrganisation(Command, frozen=True, kw_only=True, tag="organisation.join"):
    """An organisation becomes part of the area."""

    about = "id"

    id: GivenId
    name: Name
    sector: Sector
    interest_group: GivenId | None = None
    municipality: bool = False
    external_advisor: bool = False
    description: Text = ""


class EditOrganisation(Command, frozen=True, kw_only=True, tag="organisation.edit"):
    """Says anew what an organisation is; name, sector and group go to every space by a command of the system."""

    about = "organisation"
    on = (Organisation, "organisation")

    organisation: GivenId
    name: Name | UnsetType = UNSET
    sector: Sector | UnsetType = UNSET
    interest_group: GivenId | None | UnsetType = UNSET
    municipality: bool | UnsetType = UNSET
    external_advisor: bool | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    contact: GivenId | None | UnsetType = UNSET
    contact_name: Name | None | UnsetType = UNSET
    contact_email: EmailAddress | None | UnsetType = UNSET
    website: WebAddress | None | UnsetType = UNSET


class EndOrganisation(Command, frozen=True, kw_only=True, tag="organisation.end"):
    """An organisation leaves the area, with this as its last day; None: it is part of it again."""

    about = "organisation"
    on = (Organisation, "organisation")

    organisation: GivenId
    left_on: date | None


class JoinPerson(Command, frozen=True, kw_only=True, tag="person.join"):
    """A person becomes part of the area, usually for an organisation."""

    about = "id"

    id: GivenId
    name: Name
    role: AreaRole
    organisation: GivenId | None = None
    function: Annotated[str, Meta(max_length=200)] = ""
    access_until: date | None = None


class EditPerson(Command, frozen=True, kw_only=True, tag="person.edit"):
    """Changes a person's name, function, role or last day in the area; every space follows by itself."""

    about = "person"
    on = (Person, "person")

    person: GivenId
    name: Name | UnsetType = UNSET
    function: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    role: AreaRole | UnsetType = UNSET
    access_until: date | None | UnsetType = UNSET


class ErasePerson(Command, frozen=True, kw_only=True, tag="person.erase"):
    """Forgets who a person is, for good: in every space, in every journal, with their account. What they did stays, as
    the doing of a former member."""

    about = "person"

    person: GivenId


class FoundSpace(Command, frozen=True, kw_only=True, tag="space.found"):
    """Founds a committee, network or key project. A key project belongs to a network (`parent`)."""

    about = "id"

    id: GivenId
    space_kind: Literal["committee", "network", "key_project"]
    name: Name
    purpose: Text = ""
    parent: GivenId | None = None
    template: Template = "plain"
    moderator: GivenId | None = None


class AddParticipant(Command, frozen=True, kw_only=True, tag="participant.add"):
    """Gives a person of the area a role in this space, with `until` as its last day. A coach needs one."""

    about = "person"

    person: GivenId
    role: SpaceRole
    organisation: GivenId | None = None
    voting: bool = True
    until: date | None = None


class ChangeParticipant(Command, frozen=True, kw_only=True, tag="participant.change"):
    about = "person"
    on = (Participant, "participant")

    participant: GivenId
    person: GivenId
    role: SpaceRole | UnsetType = UNSET
    voting: bool | UnsetType = UNSET
    until: date | None | UnsetType = UNSET


class RemoveParticipant(Command, frozen=True, kw_only=True, tag="participant.remove"):
    """Ends a person's part in this space. The last moderator cannot be removed."""

    about = "person"
    on = (Participant, "participant")

    participant: GivenId
    person: GivenId


class FollowDirectory(Command, frozen=True, kw_only=True, tag="participant.follow"):
    """Brings one person's part in this space in line with the area or the network above. Only the system may.

    With `through`: the person holds `role` for `organisation` in that network, or none any more. Without: their name or
    function is this now.
    """

    about = "person"

    person: GivenId
    through: GivenId | None = None
    role: SpaceRole | None = None
    organisation: GivenId | None = None
    voting: bool = True
    until: date | None = None
    name: Name | UnsetType = UNSET
    function: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET


class FollowOrganisation(Command, frozen=True, kw_only=True, tag="organisation.follow"):
    """Brings what a space knows of an organisation in line with the area. Only the system may."""

    about = "organisation"

    organisation: GivenId
    name: Name
    sector: Sector
    interest_group: GivenId | None = None


class FollowModeration(Command, frozen=True, kw_only=True, tag="moderation.follow"):
    """Notes in the area whether a person moderates a space with no end set. Only the system may."""

    about = "space"

    space: GivenId
    person: GivenId
    moderates: bool


class EditProfile(Command, frozen=True, kw_only=True, tag="profile.edit"):
    """Renames the space or says anew what it is for."""

    on = (Profile, "space")
    about = "space"

    space: GivenId
    name: Name | UnsetType = UNSET
    purpose: Text | UnsetType = UNSET


class FollowProfile(Command, frozen=True, kw_only=True, tag="listing.follow"):
    """Brings the area's list in line with what a space says of itself. Only the system may."""

    on = (Listing, "space")
    about = "space"

    space: GivenId
    name: Name
    purpose: Text = ""


PeopleEntity = Area | InterestGroup | Organisation | Person | Listing | Moderation | Profile | Participant | Trace
PeopleCommand = (
    FoundArea
    | AddInterestGroup
    | JoinOrganisation
    | EditOrganisation
    | EndOrganisation
    | JoinPerson
    | EditPerson
    | ErasePerson
    | FoundSpace
    | AddParticipant
    | ChangeParticipant
    | RemoveParticipant
    | FollowDirectory
    | FollowOrganisation
    | FollowModeration
    | EditProfile
    | FollowProfile
)

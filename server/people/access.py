"""Who looks at a space as what, and who may change the directory. Used for acting and for what is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import UNSET

from server.core.commands import SYSTEM_ACTOR, Actor
from server.core.space import Space
from shared_schema.base import Author, Command, Id, Viewer
from shared_schema.people import (
    AddParticipant,
    AreaRole,
    ChangeParticipant,
    EditOrganisation,
    ErasePerson,
    Organisation,
    Participant,
    Person,
    RemoveParticipant,
    SpaceRole,
)

from . import rules

RIGHTS_KINDS: Final = frozenset({"person", "participant"})
"""Kinds of entity by which a person's viewer kind is decided: after a change of these, seats are asked anew."""

AS_PARTICIPANT: Final[dict[SpaceRole, Viewer]] = {
    "moderator": Viewer.MODERATOR,
    "deputy": Viewer.MODERATOR,
    "member": Viewer.MEMBER,
    "coach": Viewer.MEMBER,
    "guest": Viewer.GUEST,
    "reader": Viewer.READER,
}
"""What a role in a space lets its holder see there. Deputies have the same rights as moderators."""

IN_THE_AREA: Final[dict[AreaRole, Viewer | None]] = {
    "coordination": Viewer.MODERATOR,
    "steering": Viewer.MEMBER,
    "member": Viewer.MEMBER,
    "reader": Viewer.READER,
    "guest": Viewer.GUEST,
    "administrator": None,
}
"""What a role in the area lets its holder see in the area's own space."""

IN_OTHER_SPACES: Final[dict[AreaRole, Viewer | None]] = {
    "coordination": Viewer.MODERATOR,
    "steering": Viewer.READER,
    "member": Viewer.READER,
    "reader": Viewer.READER,
    "guest": None,
    "administrator": None,
}
"""What a role in the area gives in every other space, to those who take no part there."""


def viewer_in(space: Space, area: Space, person: Id, now: datetime) -> Viewer | None:
    """A person sees a space as the strongest of their roles here and in the area; without access, not at all."""
    return _viewer(space, area, area.find(Person, person), space.where(Participant, person=person), now)


def _viewer(space: Space, area: Space, person: Person | None, parts: list[Participant], now: datetime) -> Viewer | None:
    if person is None or not rules.has_access(area, person, now):
        return None
    if space.id == area.id:
        return IN_THE_AREA[person.role]
    kinds = [AS_PARTICIPANT[part.role] for part in parts if rules.runs(area, part, now)]
    reaching_down = IN_OTHER_SPACES[person.role]
    return min([*kinds, *([] if reaching_down is None else [reaching_down])], default=None)


def actor(space: Space, area: Space, author: Author, now: datetime) -> Actor:
    """Who acts: the system may everything, a person acts as what they see the space, for the organisation they hold
    their strongest role for. Guests are marked as such in the journal."""
    if author.kind == "system":
        return SYSTEM_ACTOR
    person = area.find(Person, author.id)
    parts = [part for part in rules.parts_of(space, author.id) if rules.runs(area, part, now)]
    return Actor(
        author=Author(
            kind="guest" if person is not None and person.role == "guest" else "person",
            id=author.id,
            for_=_organisation(parts, person),
        ),
        viewer=_viewer(space, area, person, parts, now),
        role=parts[0].role if parts else None,
        area_role=person.role if person else None,
    )


def acts_for(space: Space, area: Space, person: Id) -> Id | None:
    """The organisation a person stands for here: that of their strongest part, else their own in the area."""
    return _organisation(rules.parts_of(space, person), area.find(Person, person))


def _organisation(parts: list[Participant], person: Person | None) -> Id | None:
    own = person.organisation if person else None
    return next((part.organisation for part in parts if part.organisation is not None), own)


def only_system(space: Space, by: Actor, command: Command) -> bool:
    """Only the system may: such commands follow from others, or from the calendar."""
    return by.is_system


def coordinates(space: Space, by: Actor, command: Command) -> bool:
    """The coordination keeps the directory, the goals and the list of spaces; so does the system that founds them."""
    return by.is_system or keeps_directory(by)


def keeps_directory(by: Actor) -> bool:
    """The coordination lets people in and ends their access."""
    return by.area_role == "coordination" and by.moderates


def may_erase(space: Space, by: Actor, command: ErasePerson) -> bool:
    """The coordination has people forgotten who ask for it; and everybody may ask for it themselves."""
    return by.is_system or keeps_directory(by) or (by.viewer is not None and command.person == by.person)


EDITABLE: Final = tuple(name for name in EditOrganisation.__struct_fields__ if name != "organisation")
OWN_WORDS: Final = frozenset({"description", "contact_name", "contact_email", "website"})
"""What an organisation's contact person says of it; what it is in the area is said by the coordination."""


def may_edit_organisation(space: Space, by: Actor, command: EditOrganisation) -> bool:
    """The coordination says what an organisation is. Its contact person keeps description, contact and website."""
    if coordinates(space, by, command):
        return True
    organisation = space.find(Organisation, command.organisation)
    said = {name for name in EDITABLE if getattr(command, name) is not UNSET}
    return organisation is not None and organisation.contact == by.person and said <= OWN_WORDS


def moderates_here(space: Space, by: Actor, command: Command) -> bool:
    """Moderators and their deputies shape their space: who takes part, its name and its purpose."""
    return by.moderates


def may_invite(space: Space, by: Actor, command: object) -> bool:
    """Moderators and their deputies invite into their space, and revoke invitations."""
    return by.moderates


def may_change_people(
    space: Space,
    by: Actor,
    command: AddParticipant | ChangeParticipant | RemoveParticipant,
) -> bool:
    """Moderators say who takes part in their space; and everybody may leave it."""
    if isinstance(command, RemoveParticipant) and command.person == by.person and by.viewer is not None:
        return True
    return by.moderates

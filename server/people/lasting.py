"""What an area must not lose: its coordination, the moderation of its spaces; and what must not last: coaching."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Final, TypeVar

from server.core.space import Space
from shared_schema.base import Id
from shared_schema.people import Moderation, Organisation, Participant, Person, SpaceRole
from shared_schema.refusals import (
    LastCoordination,
    LastModerator,
    ModeratesAlone,
    NeedsEnd,
    OrganisationLeft,
    Refusal,
)

from . import rules

T = TypeVar("T")

COACHING_MONTHS: Final = 18
"""The longest time that a coach accompanies a space: help from outside is to make itself superfluous."""


def hold_coordination(area: Space, before: Person, after: Person, now: datetime) -> None:
    """Refuses to take the last one who coordinates for good, and the last one who does so today."""
    others = [one for one in area.all(Person) if one.id != before.id]

    def for_good(one: Person) -> bool:
        return one.role == "coordination" and one.access_until is None and not one.erased

    def today(one: Person) -> bool:
        return one.role == "coordination" and rules.has_access(area, one, now) and not one.erased

    if _loses(before, after, others, for_good) or _loses(before, after, others, today):
        raise Refusal(LastCoordination())


def hold_moderation(space: Space, before: Participant, after: Participant | None, now: datetime) -> None:
    """Refuses to take the last one who moderates for good, who does so today, or who runs a space as deputy today."""
    area = space.area
    others = [part for part in space.all(Participant) if part.id != before.id]

    def for_good(part: Participant) -> bool:
        return part.role == "moderator" and part.until is None and rules.stays(area, part.person)

    def has(part: Participant, roles: tuple[SpaceRole, ...]) -> bool:
        person = area.lookup("person", part.person)
        held = part.role in roles and rules.runs(area, part, now) and not part.erased
        return held and isinstance(person, Person) and rules.has_access(area, person, now)

    counted: tuple[Callable[[Participant], bool], ...] = (
        for_good,
        lambda part: has(part, ("moderator",)),
        lambda part: has(part, ("moderator", "deputy")),
    )
    if any(_loses(before, after, others, counts) for counts in counted):
        raise Refusal(LastModerator())


def _loses(before: T, after: T | None, others: Iterable[T], counts: Callable[[T], bool]) -> bool:
    """Whether this is the last one that counts, and counts no more."""
    return counts(before) and (after is None or not counts(after)) and not any(map(counts, others))


def hold_spaces(area: Space, person: Person, until: date | None) -> None:
    """Refuses to end the access of somebody who alone moderates a space."""
    if until is None:
        return
    for held in sorted(area.where(Moderation, person=person.id), key=lambda one: one.space):
        others = (one.person for one in area.where(Moderation, space=held.space) if one.person != person.id)
        if rules.stays(area, person.id) and not any(rules.stays(area, one) for one in others):
            raise Refusal(ModeratesAlone(space=held.space))


def hold_end(space: Space, role: SpaceRole, until: date | None, now: datetime) -> None:
    """Refuses a coach without a last day, with one that has passed, or with one too far away."""
    today = rules.local_date(space.area, now)
    latest = months_after(today, COACHING_MONTHS)
    if role == "coach" and (until is None or not today <= until <= latest):
        raise Refusal(NeedsEnd(latest=latest))


def hold_active(area: Space, organisation: Id | None, now: datetime) -> None:
    """Refuses an organisation that has left the area."""
    left_on = None if organisation is None else area.get(Organisation, organisation).left_on
    if organisation is not None and left_on is not None and left_on < rules.local_date(area, now):
        raise Refusal(OrganisationLeft(organisation=organisation))


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of a month that is too short for it."""
    years, month = divmod(day.month - 1 + months, 12)
    for shorter in range(4):
        try:
            return date(day.year + years, month + 1, day.day - shorter)
        except ValueError:
            continue
    raise AssertionError("no month is shorter than 28 days")

"""The invented area as data: read from two files, moved to the present, its dates in texts written out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from importlib import resources
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from server.core.ids import derived_id
from shared_schema.base import Id
from shared_schema.corridor import Indicator
from shared_schema.people import Sector

AREA_NAME: Final = "selmachtal"
REFERENCE: Final = date(2026, 11, 16)
"""The Monday that the scenario is told from (`meta.referenceDate`)."""


def id_of(kind: str, name: str) -> Id:
    """The id of something in the scenario, such as `id_of("task", "mobilitaet-02")`. Kinds are those of the schema;
    of spaces `area`, `committee`, `network` and `key_project`."""
    return derived_id(AREA_NAME, kind, name)


class _Read(Struct, frozen=True, kw_only=True, rename="camel"):
    """Read from the files; what is not needed yet is passed over."""


class Home(_Read, frozen=True, kw_only=True):
    name: str
    claim: str
    description: str
    founded_on: date


class Group(_Read, frozen=True, kw_only=True):
    id: str
    name: str
    is_public: bool


class Organisation(_Read, frozen=True, kw_only=True):
    id: str
    name: str
    sector: Sector
    interest_group_id: str | None
    is_municipality: bool
    is_external_advisor: bool
    description: str
    joined_on: date


class Person(_Read, frozen=True, kw_only=True):
    id: str
    name: str
    organisation_id: str | None
    roles: tuple[str, ...]
    function: str
    access_until: date | None
    network_ids: tuple[str, ...]


class Corridor(_Read, frozen=True, kw_only=True):
    inside: tuple[str, ...]
    outside: tuple[str, ...]
    check_question: str


class Goal(_Read, frozen=True, kw_only=True):
    id: str
    number: int
    title: str
    statement: str
    corridor: Corridor
    indicator: Indicator


class Network(_Read, frozen=True, kw_only=True):
    id: str
    name: str
    purpose: str
    founded_on: date
    moderator_id: str
    deputy_id: str | None


class KeyProject(_Read, frozen=True, kw_only=True):
    id: str
    title: str
    summary: str
    network_id: str
    start: date


class Committee(_Read, frozen=True, kw_only=True):
    id: str
    name: str
    chair_id: str
    deputy_chair_id: str
    voting_member_ids: tuple[str, ...]
    advisory_member_ids: tuple[str, ...]


class Task(_Read, frozen=True, kw_only=True):
    id: str
    title: str
    network_id: str | None
    key_project_id: str | None
    goal_ids: tuple[str, ...]
    status: Literal["offen", "in_arbeit", "wartet", "erledigt"]
    created_at: date
    created_by: str
    assignee_id: str
    due: date
    completed_at: date | None
    completed_by: str | None
    visibility: Literal["intern", "netzwerk", "kooperationsraum", "oeffentlich"]


class Decision(_Read, frozen=True, kw_only=True):
    id: str
    date: date
    goal_ids: tuple[str, ...]


class Story(_Read, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that somebody did on a task on a day: exactly one of the last six is said."""

    on: date
    by: str
    describe: str | None = None
    check: tuple[str, ...] = ()
    tick: int = 0
    comment: str | None = None
    block: str | None = None
    help: str | None = None


class TaskStory(_Read, frozen=True, kw_only=True, forbid_unknown_fields=True):
    task: str
    stories: tuple[Story, ...]


class Guest(_Read, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody invited to one key project."""

    id: str
    name: str
    function: str
    space: str
    invited_on: date
    invited_by: str


class Hidden(_Read, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one task that only moderators see."""

    task: str
    on: date
    by: str


class Stories(_Read, frozen=True, kw_only=True, forbid_unknown_fields=True):
    guest: Guest
    hidden: Hidden
    tasks: tuple[TaskStory, ...]


class Scenario(_Read, frozen=True, kw_only=True):
    area: Home
    interest_groups: tuple[Group, ...]
    organisations: tuple[Organisation, ...]
    people: tuple[Person, ...]
    goals: tuple[Goal, ...]
    networks: tuple[Network, ...]
    key_projects: tuple[KeyProject, ...]
    steering_group: Committee
    tasks: tuple[Task, ...]
    decisions: tuple[Decision, ...]
    expected_overdue_task_ids: tuple[str, ...]
    reference: date
    stories: Stories


def monday(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def read(today: date) -> Scenario:
    """The scenario as if its reference date were the Monday of this week: all days move by whole weeks."""
    shift = monday(today) - REFERENCE
    told = _moved({**_file("scenario.json"), "stories": _file("stories.json")}, shift)
    for goal in told["goals"]:
        goal["indicator"]["readings"] = goal["indicator"].pop("points")
    return msgspec.convert({**told, "reference": REFERENCE + shift}, Scenario)


def _file(name: str) -> dict[str, Any]:
    text = (resources.files("server.demo") / name).read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


# --- days ------------------------------------------------------------------------------------------------------------

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PLACEHOLDER = re.compile(r"\{\{(\w+):(\d{4}-\d\d-\d\d)\}\}")
_MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)
_FORMS: Final[dict[str, Callable[[date], str]]] = {
    "day": lambda day: f"{day.day}. {_MONTHS[day.month - 1]} {day.year}",
    "day_month": lambda day: f"{day.day}. {_MONTHS[day.month - 1]}",
    "month": lambda day: f"{_MONTHS[day.month - 1]} {day.year}",
    "month_name": lambda day: _MONTHS[day.month - 1],
    "short": lambda day: f"{day:%d.%m.%Y}",
    "year": lambda day: str(day.year),
}
"""How a day stands in a text: `{{day:2027-03-13}}` is "13. März 2027". For a year alone take a day in its middle."""


def _moved(value: Any, shift: timedelta) -> Any:
    match value:
        case dict():
            return {name: _moved(one, shift) for name, one in value.items()}
        case list():
            return [_moved(one, shift) for one in value]
        case str() if _DAY.fullmatch(value):
            return (date.fromisoformat(value) + shift).isoformat()
        case str() if len(value) == len("2026-09-24T17:00:00+02:00") and _DAY.match(value):
            return (datetime.fromisoformat(value) + shift).isoformat()
        case str():
            return _PLACEHOLDER.sub(lambda found: _FORMS[found[1]](date.fromisoformat(found[2]) + shift), value)
    return value

"""The scenario told as commands, in the order of their days: who did what, in which space, and when.

The scenario knows days only. The times are made up, always the same, between 09:00 and 17:00 where the area is; on one
day people first found, join and create, then work, then finish.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from server.board.duties import PUT_AWAY_AFTER
from server.board.templates import first_column_id
from server.core.ids import derived_id
from server.people.lasting import COACHING_MONTHS, months_after
from shared_schema.base import SYSTEM, Author, Id, Visibility
from shared_schema.board import (
    AddChecklistLine,
    AddComment,
    AddHelper,
    BlockTask,
    CreateTask,
    DescribeTask,
    FinishTask,
    MoveTask,
    PutTaskAway,
    ShowTask,
    TickChecklistLine,
)
from shared_schema.corridor import SetGoal
from shared_schema.invitations import CreateInvitation
from shared_schema.journal import AnyCommand
from shared_schema.people import (
    AddInterestGroup,
    AddParticipant,
    AreaRole,
    FoundArea,
    FoundSpace,
    JoinOrganisation,
    JoinPerson,
    SpaceRole,
)

from .scenario import (
    AREA_NAME,
    Goal,
    KeyProject,
    Network,
    Organisation,
    Person,
    Scenario,
    Story,
    Task,
    id_of,
)

AREA: Final = id_of("area", AREA_NAME)
TIMEZONE: Final = "Europe/Berlin"
MOVED_AFTER: Final = timedelta(days=7)
"""The scenario does not say when somebody began with a task: a week after it was created."""

AREA_ROLES: Final[tuple[tuple[str, AreaRole], ...]] = (
    ("manager", "coordination"),
    ("steering", "steering"),
    ("admin", "administrator"),
    ("moderator", "member"),
    ("partner_rep", "member"),
    ("member", "member"),
    ("coach", "reader"),
    ("council_reader", "reader"),
    ("citizen", "reader"),
)
"""The role in the area is that of the first of a person's roles that stands here."""

VISIBILITY: Final = {
    "intern": Visibility.SPACE,
    "netzwerk": Visibility.SPACE,
    "kooperationsraum": Visibility.AREA,
    "oeffentlich": Visibility.PUBLIC,
}
COLUMNS: Final = {"offen": "open", "in_arbeit": "doing", "wartet": "waiting", "erledigt": "doing"}
"""The column to which the owner moves a task. A finished one was worked on before it was finished."""


class Step(Struct, frozen=True, kw_only=True):
    """One command of the history. `id` is derived from what it does, so that it has no effect when it comes again."""

    at: datetime
    space: Id
    author: Author
    command: AnyCommand

    @property
    def id(self) -> Id:
        return derived_id(AREA, "step", self.space, self.at.isoformat(), repr(self.command))


def history(scenario: Scenario) -> list[Step]:
    """Everything that happened in the area until the reference date, in the order of the days."""
    steps = [
        *_founding(scenario),
        *_directory(scenario),
        *_goals(scenario),
        *_spaces(scenario),
        *_guest(scenario),
        *_invitation(scenario),
        *(step for task in scenario.tasks for step in _task(scenario, task)),
    ]
    return sorted(steps, key=lambda step: step.at)


# --- when and who ----------------------------------------------------------------------------------------------------


def moment(day: date, hour: int, minute: int = 0, spread: str = "") -> datetime:
    """A time of a day in the area; `spread` moves it by up to 50 minutes, always the same for the same text."""
    more = sha256(spread.encode()).digest()[0] % 51 if spread else 0
    local = datetime.combine(day, time(hour), ZoneInfo(TIMEZONE)) + timedelta(minutes=minute + more)
    return local.astimezone(ZoneInfo("UTC"))


def person(name: str) -> Id:
    return id_of("person", name)


def by(name: str) -> Author:
    return Author(kind="person", id=person(name))


def mentions(text: str) -> str:
    """The text with the ids of those whom it mentions by their name in the scenario: `@[jana-wolfsteiner]`."""
    return re.sub(r"@\[([a-z-]+)\]", lambda found: f"@[{person(found[1])}]", text)


def space_of(task: Task) -> Id:
    """A task lives in its key project if it has one, else in its network, else in the committee."""
    if task.key_project_id is not None:
        return id_of("key_project", task.key_project_id)
    return id_of("network", task.network_id) if task.network_id is not None else id_of("committee", "lenkung")


def _coordinator(scenario: Scenario) -> str:
    return next(one.id for one in scenario.people if "manager" in one.roles)


# --- the area --------------------------------------------------------------------------------------------------------


def _founding(scenario: Scenario) -> Iterator[Step]:
    home, day = scenario.area, scenario.area.founded_on
    found = FoundArea(name=home.name, claim=home.claim, description=home.description, timezone=TIMEZONE, founded_on=day)
    yield Step(at=moment(day, 9), space=AREA, author=SYSTEM, command=found)
    for group in scenario.interest_groups:
        add = AddInterestGroup(id=id_of("interest_group", group.id), name=group.name, public=group.is_public)
        yield Step(at=moment(day, 9, 1), space=AREA, author=SYSTEM, command=add)


def _directory(scenario: Scenario) -> Iterator[Step]:
    """Organisations and their people; on the first day there is nobody yet who could let them in but the system."""
    first = scenario.area.founded_on
    for organisation in scenario.organisations:
        day = organisation.joined_on
        author = SYSTEM if day == first else by(_coordinator(scenario))
        yield Step(at=moment(day, 9, 5), space=AREA, author=author, command=_joining(organisation))
        for one in scenario.people:
            if one.organisation_id == organisation.id:
                yield Step(at=moment(day, 9, 10), space=AREA, author=author, command=_person(one))
    for one in scenario.people:
        if one.organisation_id is None:
            yield Step(at=moment(first, 9, 10), space=AREA, author=SYSTEM, command=_person(one))


def _joining(organisation: Organisation) -> JoinOrganisation:
    group = organisation.interest_group_id
    return JoinOrganisation(
        id=id_of("organisation", organisation.id),
        name=organisation.name,
        sector=organisation.sector,
        interest_group=None if group is None else id_of("interest_group", group),
        municipality=organisation.is_municipality,
        external_advisor=organisation.is_external_advisor,
        description=organisation.description,
    )


def _person(one: Person) -> JoinPerson:
    return JoinPerson(
        id=person(one.id),
        name=one.name,
        role=next(role for name, role in AREA_ROLES if name in one.roles),
        organisation=None if one.organisation_id is None else id_of("organisation", one.organisation_id),
        function=one.function,
        access_until=one.access_until,
    )


def _goals(scenario: Scenario) -> Iterator[Step]:
    """Goals are written down when they were decided, and again with each reading of their indicator."""
    for goal in scenario.goals:
        decided = min(decision.date for decision in scenario.decisions if goal.id in decision.goal_ids)
        days = [decided, *(one.date for one in goal.indicator.readings if decided < one.date <= scenario.reference)]
        for day in days:
            at = moment(day, 15, goal.number)
            yield Step(at=at, space=AREA, author=by(_coordinator(scenario)), command=_goal(goal, day))


def _goal(goal: Goal, day: date) -> SetGoal:
    read = tuple(reading for reading in goal.indicator.readings if reading.date <= day)
    return SetGoal(
        id=id_of("goal", goal.id),
        number=goal.number,
        title=goal.title,
        statement=goal.statement,
        inside=goal.corridor.inside,
        outside=goal.corridor.outside,
        check_question=goal.corridor.check_question,
        indicator=replace(goal.indicator, readings=read),
    )


# --- spaces ----------------------------------------------------------------------------------------------------------


def _spaces(scenario: Scenario) -> Iterator[Step]:
    yield from _committee(scenario)
    for network in scenario.networks:
        yield from _network(scenario, network)
    for project in scenario.key_projects:
        yield _project(scenario, project)


def _committee(scenario: Scenario) -> Iterator[Step]:
    """The steering group is founded with the area; its members come with their organisations."""
    committee = scenario.steering_group
    id = id_of("committee", committee.id)
    found = FoundSpace(id=id, space_kind="committee", name=committee.name, moderator=person(committee.chair_id))
    yield Step(at=moment(scenario.area.founded_on, 10), space=AREA, author=SYSTEM, command=found)
    joined = {one.id: one.joined_on for one in scenario.organisations}
    members = [*committee.voting_member_ids, *committee.advisory_member_ids]
    for one in (one for one in scenario.people if one.id in members and one.id != committee.chair_id):
        role: SpaceRole = "deputy" if one.id == committee.deputy_chair_id else "member"
        add = AddParticipant(person=person(one.id), role=role, voting=one.id in committee.voting_member_ids)
        at = moment(joined[one.organisation_id or ""], 10, 15)
        yield Step(at=at, space=id, author=by(committee.chair_id), command=add)


def _network(scenario: Scenario, network: Network) -> Iterator[Step]:
    id, day = id_of("network", network.id), network.founded_on
    found = FoundSpace(
        id=id,
        space_kind="network",
        name=network.name,
        purpose=network.purpose,
        moderator=person(network.moderator_id),
    )
    yield Step(at=moment(day, 10), space=AREA, author=SYSTEM, command=found)
    for one in scenario.people:
        if network.id in one.network_ids and one.id != network.moderator_id:
            role = _role(one, network)
            add = AddParticipant(person=person(one.id), role=role, until=_until(one, role, day))
            yield Step(at=moment(day, 10, 15), space=id, author=by(network.moderator_id), command=add)


def _until(one: Person, role: SpaceRole, day: date) -> date | None:
    """Coaches come for a time."""
    if role != "coach":
        return None
    latest = months_after(day, COACHING_MONTHS)
    return min(one.access_until or latest, latest)


def _role(one: Person, network: Network) -> SpaceRole:
    if one.id == network.deputy_id:
        return "deputy"
    return "coach" if "coach" in one.roles else "member"


def _project(scenario: Scenario, project: KeyProject) -> Step:
    """A project begins when it was decided, but not before its network; its people come from there."""
    founded = next(network.founded_on for network in scenario.networks if network.id == project.network_id)
    found = FoundSpace(
        id=id_of("key_project", project.id),
        space_kind="key_project",
        name=project.title,
        purpose=project.summary,
        parent=id_of("network", project.network_id),
    )
    return Step(at=moment(max(project.start, founded), 11), space=AREA, author=SYSTEM, command=found)


def _guest(scenario: Scenario) -> Iterator[Step]:
    guest = scenario.stories.guest
    join = JoinPerson(id=person(guest.id), name=guest.name, role="guest", function=guest.function)
    invite = AddParticipant(person=person(guest.id), role="guest", voting=False)
    space, author = id_of("key_project", guest.space), by(guest.invited_by)
    yield Step(at=moment(guest.invited_on, 9, 5), space=AREA, author=author, command=join)
    yield Step(at=moment(guest.invited_on, 9, 20), space=space, author=author, command=invite)


def _invitation(scenario: Scenario) -> Iterator[Step]:
    """An open invitation, to be seen and revoked. Nobody has its token: a seeded area has no back door."""
    network = next(one for one in scenario.networks if one.id == "mobilitaet")
    id = id_of("invitation", network.id)
    create = CreateInvitation(
        id=id,
        token_hash=2 * id.replace("-", ""),
        role="member",
        days=30,
        most_uses=20,
        note="Infoabend zum Rufbus",
    )
    at = moment(scenario.reference - timedelta(days=4), 9, 30)
    yield Step(at=at, space=id_of("network", network.id), author=by(network.moderator_id), command=create)


# --- tasks -----------------------------------------------------------------------------------------------------------


def _task(scenario: Scenario, task: Task) -> Iterator[Step]:
    yield _created(task)
    yield from _shown(scenario, task)
    yield from _begun(scenario, task)
    yield from _told(scenario, task)
    yield from _finished(scenario, task)


def _created(task: Task) -> Step:
    space = space_of(task)
    create = CreateTask(
        id=id_of("task", task.id),
        column=first_column_id(space, "open"),
        title=task.title,
        due=task.due,
        owner=person(task.assignee_id),
        goals=tuple(id_of("goal", goal) for goal in task.goal_ids),
        visibility=VISIBILITY[task.visibility],
    )
    return Step(at=moment(task.created_at, 9, 30, task.id), space=space, author=by(task.created_by), command=create)


def _shown(scenario: Scenario, task: Task) -> Iterator[Step]:
    hidden = scenario.stories.hidden
    if hidden.task == task.id:
        show = ShowTask(task=id_of("task", task.id), visibility=Visibility.MODERATORS)
        at = moment(hidden.on, 10, 30, task.id)
        yield Step(at=at, space=space_of(task), author=by(hidden.by), command=show)


def _begun(scenario: Scenario, task: Task) -> Iterator[Step]:
    day = min(task.created_at + MOVED_AFTER, scenario.reference)
    if task.status == "offen" or (task.completed_at is not None and day > task.completed_at):
        return
    space = space_of(task)
    move = MoveTask(task=id_of("task", task.id), column=first_column_id(space, COLUMNS[task.status]))
    yield Step(at=moment(day, 11, 30, task.id), space=space, author=by(task.assignee_id), command=move)


def _finished(scenario: Scenario, task: Task) -> Iterator[Step]:
    """Finished tasks, and the system that puts them away after a month."""
    if task.completed_at is None or task.completed_by is None:
        return
    id, space = id_of("task", task.id), space_of(task)
    at = moment(task.completed_at, 15, 30, task.id)
    yield Step(at=at, space=space, author=by(task.completed_by), command=FinishTask(task=id))
    if (at + PUT_AWAY_AFTER).date() < scenario.reference:
        yield Step(at=at + PUT_AWAY_AFTER, space=space, author=SYSTEM, command=PutTaskAway(task=id))


def _told(scenario: Scenario, task: Task) -> Iterator[Step]:
    """What people wrote and ticked on a task."""
    lines: list[Id] = []
    ticked = 0
    stories = (story for told in scenario.stories.tasks if told.task == task.id for story in told.stories)
    for number, story in enumerate(stories):
        id = derived_id(id_of("task", task.id), "story", str(number))
        if story.tick:
            commands: Iterable[AnyCommand] = _ticks(task, lines[ticked : ticked + story.tick])
            ticked += story.tick
        elif story.check:
            new = [derived_id(id, "line", str(line)) for line in range(len(story.check))]
            lines += new
            commands = _lines(task, new, story.check)
        else:
            commands = [_said(task, id, story)]
        # Two stories of one day follow each other a little later.
        at = moment(story.on, 12, 20 + number * 2, task.id)
        for command in commands:
            yield Step(at=at, space=space_of(task), author=by(story.by), command=command)


def _lines(task: Task, ids: list[Id], texts: tuple[str, ...]) -> Iterator[AnyCommand]:
    for id, text in zip(ids, texts, strict=True):
        yield AddChecklistLine(id=id, task=id_of("task", task.id), text=text)


def _ticks(task: Task, lines: list[Id]) -> Iterator[AnyCommand]:
    for line in lines:
        yield TickChecklistLine(task=id_of("task", task.id), line=line, done=True)


def _said(task: Task, id: Id, story: Story) -> AnyCommand:
    on = id_of("task", task.id)
    if story.describe is not None:
        return DescribeTask(task=on, text=story.describe)
    if story.comment is not None:
        return AddComment(id=id, task=on, text=mentions(story.comment))
    if story.block is not None:
        return BlockTask(task=on, reason=story.block)
    if story.help is not None:
        return AddHelper(task=on, person=person(story.help))
    raise ValueError(f"nothing happens on {task.id} on {story.on}")

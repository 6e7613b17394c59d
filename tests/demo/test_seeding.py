"""The demo area as people find it: real commands, real history, and who may see what of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.board.founding import board_id
from server.board.rules import columns_of
from server.board.views import overview
from server.core.journal import Committed
from server.core.kernel import Kernel
from server.core.moments import SetClock
from server.core.shown import shown
from server.core.space import Space
from server.core.verify import Difference, verify_database
from server.demo import seeding
from server.demo.history import history
from server.demo.scenario import Scenario, id_of, read
from server.people.access import viewer_in
from server.people.views import demo_people
from shared_schema.base import AREA, MODERATORS, PUBLIC, SPACE, Id, Viewer
from shared_schema.board import ChecklistLine, Column, Comment, Ownership, Task
from shared_schema.corridor import Goal
from shared_schema.people import Area, Listing, Organisation, Participant, Person, Profile
from tests.support.areas import running_kernel

from .conftest import NOW

SCENARIO = read(NOW.date())


async def the(kernel: Kernel, kind: str, name: str) -> Space:
    space = await kernel.space(id_of(kind, name))
    assert space is not None
    return space


async def area_of(kernel: Kernel) -> Space:
    return await the(kernel, "area", "selmachtal")


async def boards(kernel: Kernel) -> list[Space]:
    area = await area_of(kernel)
    found = [await kernel.space(id) for id in sorted(listing.id for listing in area.all(Listing))]
    return [space for space in found if space is not None]


async def tasks(kernel: Kernel) -> dict[Id, tuple[Space, Task]]:
    return {task.id: (space, task) for space in await boards(kernel) for task in space.all(Task)}


async def entries(kernel: Kernel) -> list[Committed]:
    spaces = [await area_of(kernel), *await boards(kernel)]
    return [one for space in spaces for one in await kernel.entries(space.id, 0, 10_000)]


# --- what is there ---------------------------------------------------------------------------------------------------


async def test_there_are_eleven_spaces(selmachtal: Kernel) -> None:
    kinds = Counter(space.kind for space in [await area_of(selmachtal), *await boards(selmachtal)])
    assert kinds == {"area": 1, "committee": 1, "network": 4, "key_project": 5}
    for space in await boards(selmachtal):
        assert space.get(Profile, space.id).area == seeding.AREA
        titles = [column.title for column in columns_of(space, board_id(space.id))]
        assert titles == ["Offen", "In Arbeit", "Wartet", "Erledigt"]


async def test_the_directory_is_whole(selmachtal: Kernel) -> None:
    area = await area_of(selmachtal)
    assert len(list(area.all(Organisation))) == len(SCENARIO.organisations)
    assert len(list(area.all(Person))) == len(SCENARIO.people) + 1
    roles = {one.id: area.get(Person, id_of("person", one.id)).role for one in SCENARIO.people}
    assert Counter(roles.values()) == {"coordination": 1, "steering": 13, "administrator": 1, "member": 13, "reader": 4}
    assert area.get(Person, id_of("person", "rosalie-brandl")).role == "guest"
    joined = {one.id: area.get(Organisation, id_of("organisation", one.id)).joined_on for one in SCENARIO.organisations}
    assert joined == {one.id: one.joined_on for one in SCENARIO.organisations}


async def test_every_task_lives_where_it_belongs(selmachtal: Kernel) -> None:
    found = await tasks(selmachtal)
    assert len(found) == len(SCENARIO.tasks) == 63
    for told in SCENARIO.tasks:
        space, task = found[id_of("task", told.id)]
        home = told.key_project_id or told.network_id or "lenkung"
        kind = "key_project" if told.key_project_id else "network" if told.network_id else "committee"
        assert space.id == id_of(kind, home)
        assert (task.title, task.due) == (told.title, told.due)
        assert task.created_by == id_of("person", told.created_by)
        assert task.created_at.date() == told.created_at
        assert space.get(Ownership, task.id).person == id_of("person", told.assignee_id)


async def test_columns_and_ends_follow_from_the_status(selmachtal: Kernel) -> None:
    titles = {"offen": "Offen", "in_arbeit": "In Arbeit", "wartet": "Wartet", "erledigt": "Erledigt"}
    found = await tasks(selmachtal)
    for told in SCENARIO.tasks:
        space, task = found[id_of("task", told.id)]
        assert space.get(Column, task.column).title == titles[told.status]
        done = (task.done_at.date() if task.done_at else None, task.done_by)
        assert done == (told.completed_at, id_of("person", told.completed_by) if told.completed_by else None)
        assert (task.blocked_because is not None) == (told.status == "wartet")


async def test_the_overdue_tasks_are_those_of_the_scenario(selmachtal: Kernel) -> None:
    reference = SCENARIO.reference
    overdue = {
        id
        for id, (_, task) in (await tasks(selmachtal)).items()
        if task.done_at is None and task.due is not None and task.due < reference
    }
    assert overdue == {id_of("task", name) for name in SCENARIO.expected_overdue_task_ids}


async def test_goals_have_their_latest_reading(selmachtal: Kernel) -> None:
    area = await area_of(selmachtal)
    for told in SCENARIO.goals:
        goal = area.get(Goal, id_of("goal", told.id))
        assert goal.indicator == told.indicator
        assert goal.number == told.number


async def test_visibility_is_that_of_the_scenario_and_one_task_is_hidden(selmachtal: Kernel) -> None:
    audiences = {"intern": SPACE, "netzwerk": SPACE, "kooperationsraum": AREA, "oeffentlich": PUBLIC}
    found = await tasks(selmachtal)
    hidden = SCENARIO.stories.hidden.task
    for told in SCENARIO.tasks:
        _, task = found[id_of("task", told.id)]
        assert task.to == (MODERATORS if told.id == hidden else audiences[told.visibility])


async def test_a_checklist_stands_where_the_stories_left_it(selmachtal: Kernel) -> None:
    rufbus = await the(selmachtal, "key_project", "rufbus")
    lines = rufbus.where(ChecklistLine, task=id_of("task", "mobilitaet-02"))
    assert (sum(line.done_at is not None for line in lines), len(lines)) == (38, 61)


async def test_long_finished_tasks_were_put_away_in_their_time(selmachtal: Kernel) -> None:
    for _, task in (await tasks(selmachtal)).values():
        if task.put_away_at is not None:
            assert task.done_at is not None
            assert task.put_away_at - task.done_at == timedelta(days=30)
        elif task.done_at is not None:
            assert task.done_at.date() > SCENARIO.reference - timedelta(days=32)


# --- who is who ------------------------------------------------------------------------------------------------------


async def viewers(kernel: Kernel, kind: str, name: str, people: Iterable[str]) -> dict[str, Viewer | None]:
    space, area = await the(kernel, kind, name), await area_of(kernel)
    return {one: viewer_in(space, area, id_of("person", one), NOW) for one in people}


async def test_the_committee_has_its_roles_and_votes(selmachtal: Kernel) -> None:
    committee = await the(selmachtal, "committee", "lenkung")
    parts = {part.person: part for part in committee.all(Participant)}
    told = SCENARIO.steering_group
    assert len(parts) == len(told.voting_member_ids) + len(told.advisory_member_ids)
    for name in told.voting_member_ids:
        role = {told.chair_id: "moderator", told.deputy_chair_id: "deputy"}.get(name, "member")
        assert (parts[id_of("person", name)].role, parts[id_of("person", name)].voting) == (role, True)
    for name in told.advisory_member_ids:
        assert (parts[id_of("person", name)].role, parts[id_of("person", name)].voting) == ("member", False)


async def test_projects_have_the_people_of_their_network(selmachtal: Kernel) -> None:
    for project in SCENARIO.key_projects:
        network = await the(selmachtal, "network", project.network_id)
        space = await the(selmachtal, "key_project", project.id)
        above = {(part.person, part.role) for part in network.all(Participant)}
        assert {(p.person, p.role) for p in space.all(Participant) if p.through == network.id} == above


async def test_people_see_the_rufbus_as_what_they_are(selmachtal: Kernel) -> None:
    seen = await viewers(
        selmachtal,
        "key_project",
        "rufbus",
        ["jana-wolfsteiner", "henrike-kesten", "petra-nussrainer", "ayse-demirkan", "renate-lachner"],
    )
    m, b, r = Viewer.MODERATOR, Viewer.MEMBER, Viewer.READER
    assert list(seen.values()) == [m, b, b, r, r]
    assert await viewers(selmachtal, "network", "ortsmitten", ["rosalie-brandl", "murat-aydogan"]) == {
        "rosalie-brandl": None,
        "murat-aydogan": None,
    }


async def test_the_guest_comments_and_never_gets_the_hidden_task(selmachtal: Kernel) -> None:
    rufbus = await the(selmachtal, "key_project", "rufbus")
    guest = id_of("person", "rosalie-brandl")
    assert any(comment.author == guest for comment in rufbus.all(Comment))
    said = [one.entry for one in await selmachtal.entries(rufbus.id, 0, 10_000) if one.entry.by.id == guest]
    assert {entry.by.kind for entry in said} == {"guest"}
    hidden = id_of("task", SCENARIO.stories.hidden.task)
    history = [one.entry for one in await selmachtal.entries(rufbus.id, 0, 10_000)]
    assert rufbus.get(Task, hidden).to == MODERATORS
    hiding = next(entry.seq for entry in history if entry.verb == "task.show")
    for entry in history[hiding:]:
        assert hidden not in repr(shown(entry, Viewer.GUEST))


async def test_one_may_be_anybody_who_has_access(selmachtal: Kernel) -> None:
    people = await demo_people(selmachtal.database, await area_of(selmachtal), NOW)
    assert len(people) == 33
    jana = next(one for one in people if one.person == id_of("person", "jana-wolfsteiner"))
    assert (jana.organisation, jana.role, len(jana.spaces)) == ("Stadt Brachtenau", "coordination", 10)


async def test_the_first_page_of_the_coordination_shows_every_space(selmachtal: Kernel) -> None:
    page = await overview(selmachtal.database, await area_of(selmachtal), id_of("person", "jana-wolfsteiner"), NOW)
    assert len(page.spaces) == 11
    mine = [task for task in SCENARIO.tasks if task.assignee_id == "jana-wolfsteiner" and task.status != "erledigt"]
    assert len(page.waiting) == len(mine)


# --- how it came about -----------------------------------------------------------------------------------------------


async def test_the_history_tells_when_and_by_whom(selmachtal: Kernel) -> None:
    rufbus = await the(selmachtal, "key_project", "rufbus")
    task = id_of("task", "mobilitaet-02")
    story = [
        one.entry
        for one in reversed(await selmachtal.entries_before(rufbus.id, None, task, 500))
        if one.entry.about == task
    ]
    assert [entry.verb for entry in story][:3] == ["task.create", "task.describe", "checklist_line.add"]
    told = next(one for one in SCENARIO.tasks if one.id == "mobilitaet-02")
    move = next(entry for entry in story if entry.verb == "task.move")
    assert move.at.date() == told.created_at + timedelta(days=7)
    assert move.by.id == id_of("person", told.assignee_id)
    assert move.by.for_ == id_of("organisation", "wiesenlohr")


async def test_founding_comes_from_the_system_and_nothing_else_but_what_follows(selmachtal: Kernel) -> None:
    verbs = {one.entry.verb for one in await entries(selmachtal) if one.entry.by.kind == "system"}
    assert verbs == {
        *("area.found", "interest_group.add", "organisation.join", "person.join", "space.found"),
        *("participant.follow", "moderation.follow", "task.put_away"),
    }


async def test_nothing_is_dated_later_than_now_or_runs_back(selmachtal: Kernel) -> None:
    for space in [await area_of(selmachtal), *await boards(selmachtal)]:
        times = [one.entry.at for one in await selmachtal.entries(space.id, 0, 10_000)]
        assert times == sorted(times)
        assert times[-1] <= NOW
    area = await area_of(selmachtal)
    assert area.get(Area, area.id).founded_on == SCENARIO.area.founded_on


async def test_the_chain_is_whole_and_replays_to_the_entities(selmachtal: Kernel) -> None:
    outcomes = await selmachtal.database.read(lambda connection: list(verify_database(connection)))
    assert len(outcomes) == 11
    assert not [outcome for outcome in outcomes if isinstance(outcome, Difference)]


# --- seeding itself --------------------------------------------------------------------------------------------------


async def test_a_database_that_holds_the_area_is_left_alone(selmachtal: Kernel) -> None:
    before = [one.head for one in await entries(selmachtal)]
    assert await seeding.is_seeded(selmachtal)
    with pytest.raises(seeding.AlreadySeeded):
        await seeding.seed(selmachtal, SetClock(NOW), NOW.date())
    assert [one.head for one in await entries(selmachtal)] == before


async def test_the_same_day_gives_the_same_area(selmachtal: Kernel, tmp_path: Path) -> None:
    clock = SetClock(NOW)
    async with running_kernel(f"sqlite:///{tmp_path}/again.db", clock=clock) as again:
        assert not await seeding.is_seeded(again)
        await seeding.seed(again, clock, NOW.date())
        assert [one.entry for one in await entries(again)] == [one.entry for one in await entries(selmachtal)]
        assert await tasks_alone(again) == await tasks_alone(selmachtal)


async def tasks_alone(kernel: Kernel) -> dict[Id, Task]:
    return {id: task for id, (_, task) in (await tasks(kernel)).items()}


async def test_a_seeding_that_was_cut_off_goes_on_in_its_own_week(selmachtal: Kernel, tmp_path: Path) -> None:
    clock = SetClock(NOW)
    steps = len(history(SCENARIO))
    async with running_kernel(f"sqlite:///{tmp_path}/cut.db", clock=clock) as kernel:
        with pytest.raises(Cut):
            await seeding.seed(kernel, Scissors(NOW, after=steps // 2), NOW.date())
    clock = SetClock(NOW + timedelta(days=14))
    async with running_kernel(f"sqlite:///{tmp_path}/cut.db", clock=clock) as kernel:
        assert not await seeding.is_seeded(kernel)
        await seeding.seed(kernel, clock, clock.moment.date())
        assert await seeding.is_seeded(kernel)
        assert {id: task.title for id, task in (await tasks_alone(kernel)).items()} == {
            id: task.title for id, task in (await tasks_alone(selmachtal)).items()
        }


class Cut(Exception):
    """The process ended."""


class Scissors(SetClock):
    """A clock that stops everything after so many ticks."""

    def __init__(self, moment: datetime, *, after: int) -> None:
        super().__init__(moment)
        self._left = after

    def set(self, moment: datetime) -> None:
        self._left -= 1
        if self._left < 0:
            raise Cut
        super().set(moment)


async def test_on_a_monday_morning_nothing_lies_in_the_future(tmp_path: Path) -> None:
    early = datetime(2026, 11, 16, 5, tzinfo=UTC)
    clock = SetClock(early)
    async with running_kernel(f"sqlite:///{tmp_path}/monday.db", clock=clock) as kernel:
        await seeding.seed(kernel, clock, early.date())
        assert max(one.entry.at for one in await entries(kernel)) <= early


def test_the_scenario_is_read_anew_for_each_week() -> None:
    assert isinstance(SCENARIO, Scenario)
    assert read(NOW.date() + timedelta(days=7)).reference - SCENARIO.reference == timedelta(days=7)

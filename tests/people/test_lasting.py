"""Roles that cannot be lost, and the one that has to end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from server.people.lasting import months_after
from server.people.rules import parts_of
from shared_schema.base import Viewer
from shared_schema.people import (
    AddParticipant,
    ChangeParticipant,
    EditPerson,
    FoundSpace,
    JoinPerson,
    Moderation,
    Participant,
    RemoveParticipant,
)
from shared_schema.refusals import LastCoordination, LastModerator, ModeratesAlone, NeedsEnd
from tests.support.worlds import COACH_UNTIL, World, id_of

TODAY = date(2026, 11, 16)
LATEST = date(2028, 5, 16)


def part(world: World, name: str, of: str = "network") -> Participant:
    return parts_of(world[of], id_of(name))[0]


def change(world: World, name: str, **fields: object) -> ChangeParticipant:
    return ChangeParticipant(participant=part(world, name).id, person=id_of(name), **fields)  # type: ignore[arg-type]


# --- the coordination of an area -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "edit",
    [
        EditPerson(person=id_of("jana"), role="member"),
        EditPerson(person=id_of("jana"), role="administrator"),
        EditPerson(person=id_of("jana"), access_until=TODAY + timedelta(days=400)),
    ],
)
def test_the_last_coordination_stays_until_there_is_another(world: World, edit: EditPerson) -> None:
    assert world.refused(edit, "jana", to="area") == LastCoordination()
    world.do(EditPerson(person=id_of("otto"), role="coordination"), "jana", to="area")
    world.do(edit, "otto", to="area")


def test_one_whose_access_ends_is_no_successor(world: World) -> None:
    until = EditPerson(person=id_of("otto"), role="coordination", access_until=TODAY + timedelta(days=30))
    world.do(until, "jana", to="area")
    assert world.refused(EditPerson(person=id_of("jana"), role="member"), "jana", to="area") == LastCoordination()


def test_a_name_may_change_also_of_the_last(world: World) -> None:
    world.do(EditPerson(person=id_of("jana"), name="Jana Neu"), "jana", to="area")


# --- the moderation of a space ---------------------------------------------------------------------------------------


def test_who_alone_moderates_keeps_access_until_there_is_another(world: World) -> None:
    end = EditPerson(person=id_of("mira"), access_until=TODAY)
    assert isinstance(world.refused(end, "jana", to="area"), ModeratesAlone)
    for space in ("network", "other", "project"):
        world.do(AddParticipant(person=id_of("otto"), role="moderator"), "jana", to=space)
    world.do(end, "jana", to="area")


def test_two_who_moderate_together_cannot_both_be_ended(world: World) -> None:
    for space in ("network", "other", "project"):
        world.do(AddParticipant(person=id_of("otto"), role="moderator"), "jana", to=space)
    world.do(EditPerson(person=id_of("mira"), access_until=TODAY), "jana", to="area")
    end = EditPerson(person=id_of("otto"), access_until=TODAY)
    assert isinstance(world.refused(end, "jana", to="area"), ModeratesAlone)
    world.later(days=2)
    assert isinstance(world.refused(change(world, "otto", role="member"), "jana"), LastModerator)


def test_the_area_notes_who_moderates_where(world: World) -> None:
    def noted() -> set[tuple[str, str]]:
        return {(one.space, one.person) for one in world["area"].all(Moderation)}

    mira = {(id_of(space), id_of("mira")) for space in ("network", "other", "project")}
    assert noted() == mira
    world.do(change(world, "dora", role="moderator"))
    assert noted() == mira | {(id_of("network"), id_of("dora")), (id_of("project"), id_of("dora"))}
    world.do(RemoveParticipant(participant=part(world, "dora").id, person=id_of("dora")))
    assert noted() == mira


def test_a_last_day_of_the_last_moderator_is_refused(world: World) -> None:
    assert isinstance(world.refused(change(world, "mira", until=TODAY + timedelta(days=9))), LastModerator)


def test_a_space_that_only_a_deputy_runs_keeps_that_deputy(world: World) -> None:
    world.do(FoundSpace(id=id_of("new"), space_kind="committee", name="new"), "jana", to="area")
    world.do(AddParticipant(person=id_of("otto"), role="deputy"), "jana", to="new")
    leave = RemoveParticipant(participant=part(world, "otto", "new").id, person=id_of("otto"))
    assert world.refused(leave, "otto", to="new") == LastModerator()
    world.do(AddParticipant(person=id_of("max"), role="deputy"), "jana", to="new")
    world.do(leave, "otto", to="new")


# --- coaches ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("until", [None, TODAY - timedelta(days=1), LATEST + timedelta(days=1)])
def test_a_coach_has_a_last_day_within_eighteen_months(world: World, until: date | None) -> None:
    assert world.refused(AddParticipant(person=id_of("otto"), role="coach", until=until)) == NeedsEnd(latest=LATEST)
    assert world.refused(change(world, "max", role="coach", until=until)) == NeedsEnd(latest=LATEST)


def test_a_coach_cannot_lose_their_last_day_by_a_change(world: World) -> None:
    assert world.refused(change(world, "carla", until=None)) == NeedsEnd(latest=LATEST)


@pytest.mark.parametrize("until", [TODAY, LATEST])
def test_the_first_and_the_latest_last_day_are_good(world: World, until: date) -> None:
    world.do(AddParticipant(person=id_of("otto"), role="coach", until=until))


def test_after_its_last_day_a_part_gives_nothing_here_and_in_the_projects(world: World) -> None:
    assert [world.viewer("carla", of=space) for space in ("network", "project")] == [Viewer.MEMBER] * 2
    world.later(days=(COACH_UNTIL - TODAY).days)
    assert world.viewer("carla") == Viewer.MEMBER
    world.later(days=1)
    assert [world.viewer("carla", of=space) for space in ("network", "project")] == [Viewer.READER] * 2


def test_coaches_guests_and_readers_have_no_vote(world: World) -> None:
    votes = {one.name: one.voting for one in world["network"].all(Participant)}
    assert votes == {"mira": True, "dora": True, "max": True, "carla": False, "gus": False, "rita": False}
    world.do(change(world, "max", role="reader"))
    assert part(world, "max").voting is False


def test_months_end_where_the_calendar_ends_them() -> None:
    assert months_after(date(2026, 8, 31), 18) == date(2028, 2, 29)
    assert months_after(date(2026, 12, 1), 1) == date(2027, 1, 1)


def test_who_joins_for_a_time_is_let_in_till_then(world: World) -> None:
    world.do(JoinPerson(id=id_of("eva"), name="Eva", role="member", access_until=TODAY), "jana", to="area")
    assert world.viewer("eva", of="area") == Viewer.MEMBER
    world.later(days=1)
    assert world.viewer("eva", of="area") is None
    world.do(EditPerson(person=id_of("eva"), access_until=None), "jana", to="area")
    assert world.viewer("eva", of="area") == Viewer.MEMBER

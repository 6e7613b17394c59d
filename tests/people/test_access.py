"""Who sees a space as what, and for whom they act."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from server.people import access
from shared_schema.base import SYSTEM, Author, Viewer
from shared_schema.people import AddParticipant, JoinPerson
from tests.support.worlds import World, id_of

M, B, G, R = Viewer.MODERATOR, Viewer.MEMBER, Viewer.GUEST, Viewer.READER


@pytest.mark.parametrize(
    ("name", "area", "network", "project", "other"),
    [
        ("jana", M, M, M, M),
        ("mira", B, M, M, M),
        ("dora", B, M, M, R),
        ("max", B, B, B, R),
        ("carla", R, B, B, R),
        ("gus", G, G, None, None),
        ("rita", R, R, R, R),
        ("otto", B, R, R, R),
        ("adam", None, None, None, None),
        ("viola", G, None, None, None),
        ("nobody", None, None, None, None),
    ],
)
def test_roles_reach_down_and_sideways_as_the_table_says(
    world: World, name: str, area: Viewer, network: Viewer, project: Viewer, other: Viewer
) -> None:
    seen = [world.viewer(name, of=space) for space in ("area", "network", "project", "other")]
    assert seen == [area, network, project, other]


def test_an_administrator_who_takes_part_sees_what_their_role_shows(world: World) -> None:
    world.do(AddParticipant(person=id_of("adam"), role="member"))
    assert (world.viewer("adam"), world.viewer("adam", of="area")) == (B, None)


def test_of_several_parts_the_strongest_counts(world: World) -> None:
    world.do(AddParticipant(person=id_of("max"), role="moderator", organisation=id_of("town")))
    assert world.viewer("max") == M


def test_access_ends_after_its_last_day_where_the_area_is(world: World) -> None:
    join = JoinPerson(id=id_of("eva"), name="Eva", role="member", access_until=date(2026, 12, 31))
    world.do(join, "jana", to="area")
    berlin = ZoneInfo("Europe/Berlin")
    world.now = datetime(2026, 12, 31, 23, 59, tzinfo=berlin)
    assert world.viewer("eva", of="area") == B
    world.now = datetime(2027, 1, 1, 0, 0, tzinfo=berlin)
    assert world.viewer("eva", of="area") is None


def test_a_person_acts_for_the_organisation_of_their_strongest_part(world: World) -> None:
    world.do(AddParticipant(person=id_of("max"), role="deputy", organisation=id_of("town")))
    actor = access.actor(world["network"], world["area"], Author(kind="person", id=id_of("max")), world.now)
    assert (actor.author.for_, actor.role, actor.area_role) == (id_of("town"), "deputy", "member")


def test_guests_are_marked_as_such_whatever_they_say_they_are(world: World) -> None:
    actor = access.actor(world["network"], world["area"], Author(kind="service", id=id_of("gus")), world.now)
    assert (actor.author.kind, actor.viewer) == ("guest", G)


def test_the_system_may_everything(world: World) -> None:
    actor = access.actor(world["network"], world["area"], SYSTEM, world.now)
    assert actor.is_system
    assert actor.viewer == M

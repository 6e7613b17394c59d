"""The directory: joining, founding, taking part, and what the system carries from space to space."""

from __future__ import annotations

from datetime import date

import pytest

from server.people.rules import parts_of
from shared_schema.base import SYSTEM, Viewer
from shared_schema.board import Board
from shared_schema.journal import AnyCommand, Drop, Patch
from shared_schema.people import (
    AddInterestGroup,
    AddParticipant,
    Area,
    AreaRole,
    ChangeParticipant,
    EditPerson,
    EditProfile,
    FollowDirectory,
    FollowProfile,
    FoundArea,
    FoundSpace,
    InterestGroup,
    JoinOrganisation,
    JoinPerson,
    Listing,
    Organisation,
    Participant,
    Person,
    Profile,
    RemoveParticipant,
    SpaceRole,
)
from shared_schema.refusals import (
    AlreadyExists,
    Inherited,
    Invalid,
    LastModerator,
    NotAllowed,
    NotFound,
)
from tests.support.worlds import World, id_of


def part(world: World, name: str, of: str = "network") -> Participant:
    return parts_of(world[of], id_of(name))[0]


def change(world: World, name: str, role: SpaceRole) -> ChangeParticipant:
    return ChangeParticipant(participant=part(world, name).id, person=id_of(name), role=role)


def remove(world: World, name: str, of: str = "network") -> RemoveParticipant:
    return RemoveParticipant(participant=part(world, name, of).id, person=id_of(name))


# --- the area --------------------------------------------------------------------------------------------------------


def test_an_area_is_founded_by_the_system_alone_and_once() -> None:
    world = World()
    world.do(FoundArea(name="Selmachtal", founded_on=date(2025, 6, 3)), SYSTEM, to="area")
    assert world.get(Area, "area", of="area").founded_on == date(2025, 6, 3)
    assert isinstance(world.refused(FoundArea(name="Noch einmal"), SYSTEM, to="area"), AlreadyExists)


@pytest.mark.parametrize("name", ["mira", "otto", "rita", "gus"])
@pytest.mark.parametrize(
    "command",
    [
        AddInterestGroup(id=id_of("new"), name="Neu"),
        JoinOrganisation(id=id_of("new"), name="Neu", sector="civil"),
        JoinPerson(id=id_of("new"), name="Neu", role="member"),
        EditPerson(person=id_of("max"), name="Neu"),
        FoundSpace(id=id_of("new"), space_kind="network", name="Neu"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_only_the_coordination_keeps_the_directory(world: World, name: str, command: AnyCommand) -> None:
    assert isinstance(world.refused(command, name, to="area"), NotAllowed)


def test_those_who_see_nothing_of_a_space_do_not_learn_that_it_is_there(world: World) -> None:
    for name in ("adam", "viola"):
        assert isinstance(world.refused(remove(world, "max"), name), NotFound)


def test_an_organisation_joins_with_its_group_and_the_day(world: World) -> None:
    world.do(AddInterestGroup(id=id_of("group"), name="Vereine"), "jana", to="area")
    join = JoinOrganisation(id=id_of("club"), name="Verein", sector="civil", interest_group=id_of("group"))
    world.do(join, "jana", to="area")
    club = world.get(Organisation, "club", of="area")
    assert (club.interest_group, club.joined_on) == (id_of("group"), date(2026, 11, 16))
    assert not world.get(InterestGroup, "group", of="area").public


@pytest.mark.parametrize(
    "command",
    [
        JoinOrganisation(id=id_of("new"), name="Neu", sector="civil", interest_group=id_of("nowhere")),
        JoinPerson(id=id_of("new"), name="Neu", role="member", organisation=id_of("nowhere")),
        EditPerson(person=id_of("nowhere"), name="Neu"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_what_does_not_exist_is_refused(world: World, command: AnyCommand) -> None:
    assert isinstance(world.refused(command, "jana", to="area"), NotFound)


def test_the_directory_stays_in_the_area(world: World) -> None:
    join = JoinPerson(id=id_of("new"), name="Neu", role="member")
    assert isinstance(world.refused(join, "jana"), NotFound)


def test_guests_see_of_the_area_who_coordinates_and_nobody_else(world: World) -> None:
    area = world["area"]
    seen = {person.name for person in area.all(Person) if person.to & Viewer.GUEST}
    assert seen == {"jana"}
    world.do(EditPerson(person=id_of("otto"), role="coordination"), "jana", to="area")
    assert world.get(Person, "otto", of="area").to & Viewer.GUEST


# --- founding --------------------------------------------------------------------------------------------------------


def test_a_space_begins_with_profile_moderator_and_board(world: World) -> None:
    found = FoundSpace(
        id=id_of("group"), space_kind="committee", name="Lenkungsgruppe", purpose="Führt.", moderator=id_of("otto")
    )
    world.do(found, "jana", to="area")
    assert world.get(Profile, "group", of="group").purpose == "Führt."
    assert (part(world, "otto", "group").role, part(world, "otto", "group").name) == ("moderator", "otto")
    assert [board.title for board in world["group"].all(Board)] == ["Arbeitsbrett"]
    assert [column.title for column in world.columns(of="group")] == ["Offen", "In Arbeit", "Wartet", "Erledigt"]
    assert world.get(Listing, "group", of="area").space_kind == "committee"
    assert [entry.verb for entry in world.journals[id_of("group")]] == ["space.found"]


@pytest.mark.parametrize(
    ("kind", "parent", "reason"),
    [
        ("key_project", None, Invalid(field="parent", problem="missing")),
        ("network", "network", Invalid(field="parent", problem="shape")),
        ("key_project", "project", NotFound(kind="listing", id=id_of("project"))),
        ("key_project", "nowhere", NotFound(kind="listing", id=id_of("nowhere"))),
    ],
)
def test_a_key_project_and_nothing_else_belongs_to_a_network(
    world: World, kind: str, parent: str | None, reason: object
) -> None:
    found = FoundSpace(
        id=id_of("new"),
        space_kind=kind,  # type: ignore[arg-type]
        name="Neu",
        parent=None if parent is None else id_of(parent),
    )
    assert world.refused(found, "jana", to="area") == reason


def test_a_space_is_founded_once_and_with_people_of_the_area(world: World) -> None:
    again = FoundSpace(id=id_of("network"), space_kind="network", name="Neu")
    assert isinstance(world.refused(again, "jana", to="area"), AlreadyExists)
    stranger = FoundSpace(id=id_of("new"), space_kind="network", name="Neu", moderator=id_of("nobody"))
    assert isinstance(world.refused(stranger, "jana", to="area"), NotFound)
    assert id_of("new") not in world.spaces


# --- taking part -----------------------------------------------------------------------------------------------------


def test_a_part_carries_the_names_of_today(world: World) -> None:
    participant = part(world, "max")
    assert (participant.organisation_name, participant.sector, participant.since) == ("Holzbau", "private", world.now)


@pytest.mark.parametrize("name", ["max", "carla", "gus", "rita", "otto"])
def test_only_moderators_say_who_takes_part(world: World, name: str) -> None:
    assert isinstance(world.refused(AddParticipant(person=id_of("otto"), role="member"), name), NotAllowed)
    assert isinstance(world.refused(change(world, "max", "moderator"), name), NotAllowed)
    if name != "max":
        assert isinstance(world.refused(remove(world, "max"), name), NotAllowed)


@pytest.mark.parametrize("name", ["jana", "mira", "dora"])
def test_moderators_deputies_and_the_coordination_say_who_takes_part(world: World, name: str) -> None:
    world.do(AddParticipant(person=id_of("otto"), role="guest"), name)
    world.do(change(world, "otto", "member"), name)
    assert world.viewer("otto") == Viewer.MEMBER
    world.do(remove(world, "otto"), name)
    assert world.viewer("otto") == Viewer.READER


def test_everybody_may_leave_but_only_for_themselves(world: World) -> None:
    world.do(remove(world, "gus"), "gus")
    assert world.viewer("gus") is None
    disguised = RemoveParticipant(participant=part(world, "max").id, person=id_of("rita"))
    assert isinstance(world.refused(disguised, "rita"), NotFound)


def test_nobody_takes_part_twice_for_one_organisation(world: World) -> None:
    assert isinstance(world.refused(AddParticipant(person=id_of("max"), role="guest")), AlreadyExists)
    world.do(AddParticipant(person=id_of("max"), role="guest", organisation=id_of("town")))
    assert len(parts_of(world["network"], id_of("max"))) == 2


def test_only_people_and_organisations_of_the_area_take_part(world: World) -> None:
    assert isinstance(world.refused(AddParticipant(person=id_of("nobody"), role="member")), NotFound)
    stranger = AddParticipant(person=id_of("otto"), role="member", organisation=id_of("nowhere"))
    assert isinstance(world.refused(stranger), NotFound)
    assert isinstance(world.refused(AddParticipant(person=id_of("otto"), role="member"), "jana", to="area"), NotFound)


def test_the_last_moderator_stays_until_there_is_another(world: World) -> None:
    assert isinstance(world.refused(remove(world, "mira"), "mira"), LastModerator)
    assert isinstance(world.refused(change(world, "mira", "member")), LastModerator)
    world.do(change(world, "dora", "moderator"))
    world.do(remove(world, "mira"), "mira")
    assert world.viewer("mira") == Viewer.READER


def test_a_vote_is_given_and_taken(world: World) -> None:
    entry = world.do(ChangeParticipant(participant=part(world, "max").id, person=id_of("max"), voting=False))
    assert [change.fields for change in entry.changes if isinstance(change, Patch)] == [{"voting": False}]


# --- what follows ----------------------------------------------------------------------------------------------------


def test_a_project_begins_with_the_people_of_its_network_but_not_with_guests_and_readers(world: World) -> None:
    parts = {p.name: (p.role, p.through) for p in world["project"].all(Participant)}
    network = id_of("network")
    assert parts == {
        "mira": ("moderator", network),
        "dora": ("deputy", network),
        "max": ("member", network),
        "carla": ("coach", network),
    }


def test_a_role_in_the_network_is_one_in_its_projects_as_long_as_it_lasts(world: World) -> None:
    world.do(AddParticipant(person=id_of("otto"), role="member"))
    assert part(world, "otto", "project").role == "member"
    world.do(change(world, "otto", "deputy"))
    assert part(world, "otto", "project").role == "deputy"
    world.do(change(world, "otto", "guest"))
    assert parts_of(world["project"], id_of("otto")) == []
    world.do(change(world, "otto", "member"))
    world.do(remove(world, "otto"))
    assert world.viewer("otto", of="project") == Viewer.READER
    assert world.viewer("otto", of="other") == Viewer.READER


def test_of_two_organisations_only_the_one_that_leaves_goes_from_the_projects(world: World) -> None:
    world.do(AddParticipant(person=id_of("max"), role="member", organisation=id_of("town")))
    assert len(parts_of(world["project"], id_of("max"))) == 2
    own = next(p for p in parts_of(world["network"], id_of("max")) if p.organisation == id_of("firm"))
    world.do(RemoveParticipant(participant=own.id, person=id_of("max")))
    assert [p.organisation for p in parts_of(world["project"], id_of("max"))] == [id_of("town")]


def test_an_own_part_stands_beside_the_inherited_one_and_outlasts_it(world: World) -> None:
    world.do(AddParticipant(person=id_of("max"), role="reader"), "mira", to="project")
    assert world.viewer("max", of="project") == Viewer.MEMBER
    world.do(remove(world, "max"))
    assert [(p.role, p.through) for p in parts_of(world["project"], id_of("max"))] == [("reader", None)]


def test_an_inherited_part_is_changed_in_the_network(world: World) -> None:
    inherited = part(world, "max", "project")
    edit = ChangeParticipant(participant=inherited.id, person=id_of("max"), role="guest")
    for command in (edit, RemoveParticipant(participant=inherited.id, person=id_of("max"))):
        assert world.refused(command, "mira", to="project") == Inherited(through=id_of("network"))


def test_a_new_name_reaches_every_space(world: World) -> None:
    world.do(EditPerson(person=id_of("max"), name="Maximilian", function="Leitung"), "jana", to="area")
    for space in ("network", "project"):
        assert (part(world, "max", space).name, part(world, "max", space).function) == ("Maximilian", "Leitung")
    assert world.journals[id_of("project")][-1].by == SYSTEM


def test_a_new_name_of_a_space_reaches_the_list(world: World) -> None:
    world.do(EditProfile(space=id_of("network"), name="Mobilität", purpose="Rufbus"))
    listing = world.get(Listing, "network", of="area")
    assert (listing.name, listing.purpose) == ("Mobilität", "Rufbus")
    assert isinstance(world.refused(EditProfile(space=id_of("network"), name="Nein"), "max"), NotAllowed)


def test_following_twice_changes_nothing(world: World) -> None:
    follow = FollowDirectory(
        person=id_of("max"), through=id_of("network"), role="member", organisation=id_of("firm"), voting=True
    )
    assert world.do(follow, SYSTEM, to="project").changes == ()
    ended = FollowDirectory(person=id_of("max"), through=id_of("network"), role=None, organisation=id_of("firm"))
    assert isinstance(world.do(ended, SYSTEM, to="project").changes[0], Drop)
    assert isinstance(world.refused(ended, SYSTEM, to="project"), NotFound)


def test_where_nothing_follows_the_journal_says_nothing(world: World) -> None:
    before = {space: len(world.journals[id_of(space)]) for space in ("project", "other")}
    world.do(EditPerson(person=id_of("rita"), name="Margarita"), "jana", to="area")
    world.do(AddParticipant(person=id_of("viola"), role="guest"))
    assert {space: len(world.journals[id_of(space)]) for space in before} == before


@pytest.mark.parametrize(
    ("command", "space"),
    [
        (FollowDirectory(person=id_of("max"), name="Nein"), "network"),
        (FollowProfile(space=id_of("network"), name="Nein"), "area"),
    ],
)
def test_people_cannot_pretend_to_be_the_system(world: World, command: AnyCommand, space: str) -> None:
    assert isinstance(world.refused(command, "jana", to=space), NotAllowed)


def test_a_person_may_change_role_in_the_area(world: World) -> None:
    role: AreaRole = "administrator"
    world.do(EditPerson(person=id_of("otto"), role=role), "jana", to="area")
    assert world.viewer("otto", of="other") is None

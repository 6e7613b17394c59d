"""Organisations: what they say of themselves, what every space knows of them, and their leaving."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from server.core.commands import read_command
from server.people.rules import parts_of
from shared_schema.base import SYSTEM
from shared_schema.people import (
    AddInterestGroup,
    AddParticipant,
    EditOrganisation,
    EndOrganisation,
    FollowModeration,
    FollowOrganisation,
    JoinPerson,
    Organisation,
)
from shared_schema.refusals import NotAllowed, NotFound, OrganisationLeft, Refusal
from tests.support.worlds import World, id_of

FIRM = id_of("firm")


def known(world: World, space: str) -> tuple[str, str | None, str | None]:
    part = parts_of(world[space], id_of("max"))[0]
    return part.organisation_name, part.sector, part.interest_group


def test_the_coordination_says_what_an_organisation_is_and_every_space_follows(world: World) -> None:
    world.do(AddInterestGroup(id=id_of("crafts"), name="Handwerk"), "jana", to="area")
    edit = EditOrganisation(organisation=FIRM, name="Holzbau GmbH", sector="civil", interest_group=id_of("crafts"))
    world.do(edit, "jana", to="area")
    for space in ("network", "project"):
        assert known(world, space) == ("Holzbau GmbH", "civil", id_of("crafts"))
        assert world.journals[id_of(space)][-1].by == SYSTEM


def test_what_no_space_holds_is_carried_nowhere(world: World) -> None:
    before = {id: len(entries) for id, entries in world.journals.items()}
    world.do(EditOrganisation(organisation=FIRM, website="https://holzbau.example"), "jana", to="area")
    after = {id: len(entries) for id, entries in world.journals.items()}
    assert {id for id in after if after[id] != before[id]} == {id_of("area")}


def test_the_contact_person_keeps_its_words_and_nothing_else(world: World) -> None:
    words = EditOrganisation(organisation=FIRM, description="Zimmerei", contact_email="info@holzbau.example")
    assert isinstance(world.refused(words, "max", to="area"), NotAllowed)
    world.do(EditOrganisation(organisation=FIRM, contact=id_of("max")), "jana", to="area")
    world.do(words, "max", to="area")
    assert world.get(Organisation, "firm", of="area").description == "Zimmerei"
    for other in (
        EditOrganisation(organisation=FIRM, name="Meins"),
        EditOrganisation(organisation=FIRM, sector="public"),
        EditOrganisation(organisation=FIRM, contact=id_of("otto")),
        EditOrganisation(organisation=id_of("town"), description="Nein"),
        EndOrganisation(organisation=FIRM, left_on=date(2026, 11, 16)),
    ):
        assert isinstance(world.refused(other, "max", to="area"), NotAllowed)


@pytest.mark.parametrize(
    "edit",
    [
        EditOrganisation(organisation=id_of("nowhere"), name="Neu"),
        EditOrganisation(organisation=FIRM, interest_group=id_of("nowhere")),
        EditOrganisation(organisation=FIRM, contact=id_of("nowhere")),
        EndOrganisation(organisation=id_of("nowhere"), left_on=None),
    ],
)
def test_what_does_not_exist_is_refused(world: World, edit: EditOrganisation | EndOrganisation) -> None:
    assert isinstance(world.refused(edit, "jana", to="area"), NotFound)


def test_nobody_begins_to_act_for_one_that_left(world: World) -> None:
    today = world.now.date()
    world.do(EndOrganisation(organisation=FIRM, left_on=today), "jana", to="area")
    world.do(AddParticipant(person=id_of("otto"), role="member", organisation=FIRM))
    world.later(days=1)
    part = AddParticipant(person=id_of("rita"), role="member", organisation=FIRM)
    join = JoinPerson(id=id_of("eva"), name="Eva", role="member", organisation=FIRM)
    assert world.refused(part) == OrganisationLeft(organisation=FIRM)
    assert world.refused(join, "jana", to="area") == OrganisationLeft(organisation=FIRM)
    assert known(world, "network")[0] == "Holzbau"
    world.do(EndOrganisation(organisation=FIRM, left_on=None), "jana", to="area")
    world.do(part)


@pytest.mark.parametrize("website", ["javascript:alert(1)", "https://a b", 'https://x/"onclick=', "//x", "", "ftp://x"])
def test_a_website_is_one(website: str) -> None:
    edit = {"verb": "organisation.edit", "organisation": FIRM, "website": website}
    with pytest.raises(Refusal):
        read_command(msgspec.json.encode(edit))


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "a b@c.example", "a@b.example\nBcc: x@y.example"])
def test_an_address_is_one(email: str) -> None:
    edit = {"verb": "organisation.edit", "organisation": FIRM, "contact_email": email}
    with pytest.raises(Refusal):
        read_command(msgspec.json.encode(edit))


def test_only_the_system_follows(world: World) -> None:
    follow = FollowOrganisation(organisation=FIRM, name="Nein", sector="civil")
    note = FollowModeration(space=id_of("network"), person=id_of("max"), moderates=True)
    assert isinstance(world.refused(follow, "jana"), NotAllowed)
    assert isinstance(world.refused(note, "jana", to="area"), NotAllowed)


def test_following_twice_changes_nothing(world: World) -> None:
    follow = FollowOrganisation(organisation=FIRM, name="Neu", sector="civil")
    world.do(follow, SYSTEM)
    assert isinstance(world.refused(follow, SYSTEM), NotFound)
    again = FollowModeration(space=id_of("network"), person=id_of("mira"), moderates=True)
    assert isinstance(world.refused(again, SYSTEM, to="area"), NotFound)


def test_a_day_far_off_is_kept(world: World) -> None:
    later = world.now.date() + timedelta(days=300)
    world.do(EndOrganisation(organisation=FIRM, left_on=later), "jana", to="area")
    assert world.get(Organisation, "firm", of="area").left_on == later

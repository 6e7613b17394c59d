"""Invitations: who makes them, who comes in by them and as what, and what confirming an address makes of a guest."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from server.people import invitations
from server.people.rules import parts_of
from shared_schema.base import MODERATORS, SYSTEM, Viewer
from shared_schema.invitations import (
    AcceptInvitation,
    ConfirmParticipant,
    ConfirmPerson,
    CreateInvitation,
    Invitation,
    InvitedRole,
    RevokeInvitation,
)
from shared_schema.journal import AnyCommand, Patch
from shared_schema.people import ChangeParticipant, EditPerson, Organisation, Participant, Person, RemoveParticipant
from shared_schema.refusals import AlreadyExists, Invalid, NotAllowed, NotFound, TooMany
from tests.support.worlds import World, coming_in, id_of

REVOKE = RevokeInvitation(invitation=id_of("invitation"))
GONE = NotFound(kind="invitation", id=id_of("invitation"))


def create(name: str = "new", role: InvitedRole = "member", **fields: object) -> CreateInvitation:
    given = {"token_hash": "ab" * 32, "days": 7, "most_uses": 5, **fields}
    return CreateInvitation(id=id_of(name), role=role, **given)  # type: ignore[arg-type]


def part(world: World, name: str, of: str = "network") -> Participant:
    return parts_of(world[of], id_of(name))[0]


# --- making and revoking ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jana", "mira", "dora"])
def test_moderators_deputies_and_the_coordination_invite(world: World, name: str) -> None:
    world.do(create(days=30, note="Für den Infoabend"), name)
    made = world.get(Invitation, "new")
    assert (made.created_by, made.created_at, made.expires_at) == (id_of(name), world.now, world.now + timedelta(30))
    assert (made.to, made.uses, made.note) == (MODERATORS, 0, "Für den Infoabend")
    world.do(RevokeInvitation(invitation=id_of("new")), name)
    assert world.get(Invitation, "new").revoked_at == world.now


@pytest.mark.parametrize("name", ["max", "carla", "gus", "rita", "otto"])
def test_nobody_else_does(world: World, name: str) -> None:
    world.invite()
    assert isinstance(world.refused(create(), name), NotAllowed)
    assert isinstance(world.refused(REVOKE, name), NotAllowed)


def test_only_moderators_see_invitations(world: World) -> None:
    invitation = world.invite()
    assert [name for name in ("jana", "dora", "max", "gus", "rita") if world.seen(name, invitation)] == ["jana", "dora"]


def test_an_area_has_no_board_to_come_to(world: World) -> None:
    assert isinstance(world.refused(create(), "jana", to="area"), NotFound)


def test_an_organisation_must_be_there(world: World) -> None:
    assert isinstance(world.refused(create(organisation=id_of("nowhere"))), NotFound)


def test_no_two_invitations_have_one_token(world: World) -> None:
    world.do(create())
    assert isinstance(world.refused(create("again")), AlreadyExists)


def test_open_invitations_are_not_without_end_and_those_that_ended_do_not_count(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MOST_OPEN", 2)
    world.invite("invitation")
    world.invite("used up", most_uses=1)
    assert world.refused(create()) == TooMany(what="invitations", limit=2)
    world.come_in("nora", "used up")
    world.invite("third")
    world.do(REVOKE)
    world.do(create())


def test_revoking_twice_changes_nothing(world: World) -> None:
    world.invite()
    world.do(REVOKE)
    world.later(hours=1)
    assert world.do(REVOKE).changes == ()


# --- coming in -------------------------------------------------------------------------------------------------------


def test_a_stranger_is_a_guest_for_thirty_days_whatever_the_invitation_promises(world: World) -> None:
    world.invite(role="member")
    world.come_in("nora", organisation=id_of("firm"))
    nora = world.get(Person, "nora", of="area")
    assert (nora.role, nora.organisation, nora.promised) == ("guest", id_of("firm"), "member")
    assert (nora.joined_on, nora.access_until) == (date(2026, 11, 16), date(2026, 12, 16))
    there = part(world, "nora")
    assert (there.role, there.promised, there.invitation) == ("guest", "member", id_of("invitation"))
    assert (there.organisation_name, there.sector, there.since) == ("Holzbau", "private", world.now)
    assert world.viewer("nora") == Viewer.GUEST
    assert world.get(Invitation, "invitation").uses == 1


@pytest.mark.parametrize(("role", "viewer"), [("guest", Viewer.GUEST), ("reader", Viewer.READER)])
def test_nobody_is_more_than_what_was_promised(world: World, role: str, viewer: Viewer) -> None:
    world.invite(role=role)
    world.come_in("nora")
    assert world.viewer("nora") == viewer
    assert part(world, "nora").promised is None


def test_guests_stay_where_they_were_invited(world: World) -> None:
    world.invite()
    world.come_in("nora")
    assert parts_of(world["project"], id_of("nora")) == []
    assert [world.viewer("nora", of=other) for other in ("project", "other")] == [None, None]


def test_a_new_organisation_comes_with_its_first_person_and_is_not_public(world: World) -> None:
    world.invite()
    world.come_in("nora", organisation=id_of("club"), organisation_name="Radverein", sector="civil")
    club = world.get(Organisation, "club", of="area")
    assert (club.name, club.sector, club.joined_on) == ("Radverein", "civil", date(2026, 11, 16))
    assert not club.to & Viewer.SCREEN
    assert part(world, "nora").organisation_name == "Radverein"


def test_an_organisation_of_that_name_is_the_one_that_is_there(world: World) -> None:
    world.invite()
    world.come_in("nora", organisation=id_of("club"), organisation_name="  HOLZBAU ", sector="civil")
    assert world.get(Person, "nora", of="area").organisation == id_of("firm")
    assert world.find(Organisation, "club", of="area") is None


def test_the_organisation_of_the_invitation_counts_most(world: World) -> None:
    world.invite(organisation=id_of("firm"))
    world.come_in("nora", organisation=id_of("town"))
    world.come_in("nils", organisation=id_of("club"), organisation_name="Radverein", sector="civil")
    assert {part(world, name).organisation for name in ("nora", "nils")} == {id_of("firm")}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"organisation": id_of("nowhere")}, NotFound(kind="organisation", id=id_of("nowhere"))),
        ({"organisation_name": "Neu", "sector": "civil"}, Invalid(field="organisation", problem="missing")),
        ({"organisation_name": "Neu", "organisation": id_of("club")}, Invalid(field="sector", problem="missing")),
    ],
)
def test_half_an_organisation_is_none(world: World, fields: dict[str, Any], reason: object) -> None:
    world.invite()
    assert world.refused(coming_in("nora", **fields), SYSTEM) == reason


def test_an_invitation_ends_at_the_second(world: World) -> None:
    world.invite(days=1)
    world.later(days=1, seconds=-1)
    world.come_in("nora")
    world.later(seconds=1)
    assert world.refused(coming_in("nils"), SYSTEM) == GONE


def test_used_up_revoked_and_never_made_are_one_answer(world: World) -> None:
    assert world.refused(coming_in("nora"), SYSTEM) == GONE
    world.invite(most_uses=1)
    world.come_in("nora")
    assert world.refused(coming_in("nils"), SYSTEM) == GONE
    world.invite("other one")
    world.do(RevokeInvitation(invitation=id_of("other one")))
    assert world.refused(coming_in("nils", "other one"), SYSTEM) == NotFound(kind="invitation", id=id_of("other one"))


def test_an_invitation_is_of_one_space(world: World) -> None:
    world.invite()
    assert world.refused(coming_in("nora"), SYSTEM, to="other") == GONE


def test_somebody_of_the_area_comes_in_as_who_they_are(world: World) -> None:
    world.invite()
    world.do(coming_in("otto", name=None), SYSTEM)
    otto = part(world, "otto")
    assert (otto.role, otto.promised, otto.invitation) == ("member", None, id_of("invitation"))
    assert world.get(Person, "otto", of="area").promised is None
    assert part(world, "otto", "project").role == "member"


def test_a_guest_of_another_space_stays_a_guest_and_is_promised_the_better_of_two(world: World) -> None:
    world.invite("better", role="member")
    world.invite("lesser", by="mira", of="other", role="reader")
    world.do(coming_in("viola", "better", name=None), SYSTEM)
    world.do(coming_in("viola", "lesser", name=None), SYSTEM, to="other")
    assert [world.viewer("viola", of=space) for space in ("network", "other")] == [Viewer.GUEST, Viewer.READER]
    assert world.get(Person, "viola", of="area").promised == "member"


def test_whoever_takes_part_needs_no_invitation(world: World) -> None:
    world.invite()
    assert isinstance(world.refused(coming_in("max", name=None), SYSTEM), AlreadyExists)
    assert world.get(Invitation, "invitation").uses == 0


def test_whose_access_has_ended_comes_in_by_no_invitation(world: World) -> None:
    world.invite(days=60)
    world.come_in("nora")
    world.later(days=31)
    world.invite("other one", of="other")
    again = coming_in("nora", "other one", name=None)
    assert isinstance(world.refused(again, SYSTEM, to="other"), NotFound)


@pytest.mark.parametrize("command", [coming_in("nora"), ConfirmPerson(person=id_of("gus"))])
def test_people_cannot_pretend_to_be_the_system(world: World, command: AnyCommand) -> None:
    world.invite()
    to = "network" if isinstance(command, AcceptInvitation) else "area"
    assert isinstance(world.refused(command, "jana", to=to), NotAllowed)


def test_in_an_area_there_is_nothing_to_accept(world: World) -> None:
    assert world.refused(coming_in("nora"), SYSTEM, to="area") == Invalid(field="area", problem="shape")


def test_who_came_by_an_invitation_stays_when_it_is_revoked_and_goes_when_somebody_says_so(world: World) -> None:
    world.invite()
    world.come_in("nora")
    world.do(REVOKE)
    assert world.viewer("nora") == Viewer.GUEST
    world.do(RemoveParticipant(participant=part(world, "nora").id, person=id_of("nora")))
    assert world.viewer("nora") is None


# --- becoming what was promised --------------------------------------------------------------------------------------


def test_a_confirmed_guest_is_what_they_were_promised_everywhere_and_for_good(world: World) -> None:
    world.invite()
    world.come_in("nora")
    before = part(world, "nora")
    world.do(ConfirmPerson(person=id_of("nora")), SYSTEM, to="area")
    nora = world.get(Person, "nora", of="area")
    assert (nora.role, nora.access_until, nora.promised) == ("member", None, None)
    after = part(world, "nora")
    assert (after.role, after.promised, after.id, after.since) == ("member", None, before.id, before.since)
    assert part(world, "nora", "project").role == "member"
    assert world.viewer("nora", of="other") == Viewer.READER


def test_the_change_says_what_was(world: World) -> None:
    world.invite()
    world.come_in("nora")
    entry = world.do(ConfirmPerson(person=id_of("nora")), SYSTEM, to="area")
    (change,) = entry.changes
    assert isinstance(change, Patch)
    assert change.was["role"] == "guest"


def test_who_was_invited_as_a_guest_stays_one(world: World) -> None:
    world.invite(role="guest")
    world.come_in("nora")
    assert isinstance(world.refused(ConfirmPerson(person=id_of("nora")), SYSTEM, to="area"), NotFound)
    assert isinstance(world.refused(ConfirmParticipant(person=id_of("nora")), SYSTEM), NotFound)


def test_what_somebody_decided_outdoes_what_was_promised(world: World) -> None:
    world.invite()
    world.come_in("nora")
    there = part(world, "nora")
    world.do(ChangeParticipant(participant=there.id, person=id_of("nora"), role="reader"))
    world.do(ConfirmPerson(person=id_of("nora")), SYSTEM, to="area")
    assert part(world, "nora").role == "reader"


def test_a_role_that_the_coordination_gave_is_not_touched(world: World) -> None:
    world.invite()
    world.come_in("nora")
    world.do(EditPerson(person=id_of("nora"), role="steering"), "jana", to="area")
    assert isinstance(world.refused(ConfirmPerson(person=id_of("nora")), SYSTEM, to="area"), NotFound)


def test_a_guest_whom_the_coordination_raises_is_no_guest_for_thirty_days(world: World) -> None:
    world.invite()
    world.come_in("nora")
    world.do(EditPerson(person=id_of("nora"), role="member"), "jana", to="area")
    nora = world["area"].get(Person, id_of("nora"))
    assert (nora.role, nora.access_until, nora.promised) == ("member", None, None)

"""Inviting by mail: a link of its own for each address, and what became of each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from server.core.ids import new_id
from shared_schema.base import Id
from shared_schema.invitations import Invitation
from shared_schema.people import AddParticipant, JoinPerson
from tests.support.areas import SmallArea
from tests.support.instances import Instance, running_instance
from tests.support.mailbox import Mailbox, link_in, mail_server

NORA = "nora@radverein.example"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
async def instance(sqlite_url: str, mailbox: Mailbox) -> AsyncIterator[Instance]:
    async with running_instance(sqlite_url, mail_url=mailbox.url) as instance:
        yield instance


@pytest.fixture
async def area(instance: Instance) -> SmallArea:
    return await instance.small_area()


async def invite(
    instance: Instance, area: SmallArea, *addresses: str, by: Id | None = None, **more: object
) -> httpx.Response:
    form = {"addresses": addresses, "role": "member", "days": 7, **more}
    async with instance.signed_in(by or area.coordinator) as browser:
        return await browser.post(f"/api/spaces/{area.network}/invitations/mail", json=form)


async def come_in(instance: Instance, link: str, name: str = "Nora Neu") -> httpx.Response:
    async with instance.browser() as browser:
        form = {"token": urlsplit(link).fragment, "key": "k" * 22, "name": name}
        return await browser.post("/api/join", json=form)


async def invitations(area: SmallArea) -> list[Invitation]:
    network = await area.kernel.space(area.network)
    assert network is not None
    return list(network.all(Invitation))


async def test_each_address_gets_a_link_that_lets_one_person_in(
    instance: Instance, area: SmallArea, mailbox: Mailbox
) -> None:
    answer = await invite(instance, area, NORA, "nils@radverein.example")
    assert [(one["outcome"], one["link"]) for one in answer.json()] == [("invited", None)] * 2
    letters = {letter["To"]: letter for letter in [await mailbox.next(), await mailbox.next()]}
    assert letters.keys() == {NORA, "nils@radverein.example"}
    letter = letters[NORA]
    assert letter["Subject"] == "Einladung: Mobilität"
    assert "Jana lädt Sie zur Zusammenarbeit ein" in letter.get_content()
    link = link_in(letter)
    assert link.startswith(f"{instance.url}/join#")
    assert (await come_in(instance, link)).json()["name"] == "Nora Neu"
    async with instance.browser() as browser:
        used_up = {"token": urlsplit(link).fragment, "key": "o" * 22, "name": "Otto"}
        assert (await browser.post("/api/join", json=used_up)).status_code == 404


async def test_neither_addresses_nor_tokens_stand_in_the_journal(
    instance: Instance, area: SmallArea, mailbox: Mailbox
) -> None:
    await invite(instance, area, NORA)
    token = urlsplit(link_in(await mailbox.next())).fragment
    written = repr(await area.kernel.entries(area.network, 0, 1000))
    assert "invitation.create" in written
    assert NORA not in written
    assert token not in written


async def test_who_takes_part_already_gets_no_mail(instance: Instance, area: SmallArea, mailbox: Mailbox) -> None:
    async with instance.signed_in(area.coordinator) as browser:
        await browser.post(f"/api/people/{area.member}/access", json={"email": NORA})
    link = link_in(await mailbox.next())
    async with instance.browser() as browser:
        await browser.post("/api/sign-in", json={"token": urlsplit(link).fragment})
    answer = await invite(instance, area, NORA.upper(), "nils@radverein.example")
    assert [one["outcome"] for one in answer.json()] == ["already_in", "invited"]
    assert (await mailbox.next())["To"] == "nils@radverein.example"
    assert mailbox.is_empty()


async def test_what_is_no_address_is_said_and_what_comes_twice_counts_once(
    instance: Instance, area: SmallArea, mailbox: Mailbox
) -> None:
    bad = ["nora", "nora@@x.example", "a@x.example\r\nBcc: b@x.example", ""]
    answer = await invite(instance, area, *bad, NORA, f" {NORA.upper()} ")
    assert [one["outcome"] for one in answer.json()] == ["invalid"] * 4 + ["invited"]
    assert (await mailbox.next())["To"] == NORA
    assert mailbox.is_empty()
    assert len(await invitations(area)) == 1


async def test_without_a_mail_server_the_links_are_handed_over(sqlite_url: str) -> None:
    async with running_instance(sqlite_url) as instance:
        area = await instance.small_area()
        (one,) = (await invite(instance, area, NORA)).json()
        assert (await come_in(instance, one["link"])).status_code == 200


async def test_only_moderators_invite_and_who_sees_nothing_learns_nothing(instance: Instance, area: SmallArea) -> None:
    guest = new_id()
    await area.accept(JoinPerson(id=guest, name="Gast", role="guest"), space=area.area)
    answers = [await invite(instance, area, NORA, by=person) for person in (area.member, guest)]
    await area.accept(AddParticipant(person=guest, role="guest"))
    answers.append(await invite(instance, area, NORA, by=guest))
    assert [answer.status_code for answer in answers] == [403, 404, 403]
    assert await invitations(area) == []


async def test_an_area_and_an_unknown_organisation_are_refused(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.coordinator) as browser:
        form = {"addresses": [NORA], "role": "member", "days": 7}
        in_area = await browser.post(f"/api/spaces/{area.area}/invitations/mail", json=form)
    unknown = await invite(instance, area, NORA, organisation=new_id())
    assert [answer.status_code for answer in (in_area, unknown)] == [404, 404]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("addresses", []),
        ("addresses", [NORA] * 101),
        ("days", 91),
        ("days", 0),
        ("role", "moderator"),
        ("most_uses", 5),
    ],
)
async def test_what_is_too_much_is_refused(instance: Instance, area: SmallArea, field: str, value: object) -> None:
    async with instance.signed_in(area.coordinator) as browser:
        form = {"addresses": [NORA], "role": "member", "days": 7, field: value}
        answer = await browser.post(f"/api/spaces/{area.network}/invitations/mail", json=form)
    assert (answer.status_code, answer.json()["reason"]["field"].split(".")[0]) == (400, field)

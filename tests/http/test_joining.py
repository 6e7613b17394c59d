"""Coming in by an invitation over HTTP: what its page shows, who is in afterwards, one answer for every bad link."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest
from msgspec import Struct
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect

from server.core.ids import new_id
from server.core.ledger import short
from server.core.moments import SetClock
from server.people.rules import parts_of
from shared_schema.base import Id
from shared_schema.invitations import CreateInvitation, RevokeInvitation
from shared_schema.people import JoinOrganisation, Organisation, Person, RemoveParticipant
from tests.support.areas import SmallArea, found_small_area, running_kernel
from tests.support.instances import Instance, running_instance


@pytest.fixture
async def instance(database_url: str) -> AsyncIterator[Instance]:
    async with running_instance(database_url) as instance:
        yield instance


@pytest.fixture
async def area(instance: Instance) -> SmallArea:
    return await instance.small_area()


class Link(Struct, frozen=True):
    """An invitation as its moderator has it."""

    id: Id
    token: str


async def invite(area: SmallArea, **fields: Any) -> Link:
    link = Link(new_id(), secrets.token_urlsafe(16))
    given = {"role": "member", "days": 7, "most_uses": 5, **fields}
    await area.accept(CreateInvitation(id=link.id, token_hash=sha256(link.token.encode()).hexdigest(), **given))
    return link


def form(token: str, name: str = "Nora Neu", **fields: object) -> dict[str, object]:
    """What the page sends."""
    return {"token": token, "key": secrets.token_urlsafe(16), "name": name, **fields}


async def look(browser: httpx.AsyncClient, token: object) -> httpx.Response:
    return await browser.post("/api/join/look", json={"token": token})


async def people(area: SmallArea) -> list[str]:
    home = await area.kernel.space(area.area)
    assert home is not None
    return sorted(person.name for person in home.all(Person))


# --- the page --------------------------------------------------------------------------------------------------------


async def test_the_invited_see_where_they_come_and_who_invites_them(instance: Instance, area: SmallArea) -> None:
    firm = JoinOrganisation(id=new_id(), name="Holzbau", sector="private")
    await area.accept(firm, space=area.area)
    link = await invite(area)
    async with instance.browser() as browser:
        answer = await look(browser, link.token)
    assert answer.status_code == 200
    assert answer.json() == {
        "area_name": "Selmachtal",
        "space": area.network,
        "space_name": "Mobilität",
        "space_kind": "network",
        "purpose": "",
        "invited_by": "Jana",
        "role": "member",
        "organisations": [{"id": firm.id, "name": "Holzbau"}],
        "organisation": None,
        "name": None,
    }


async def test_looking_uses_nothing_up(instance: Instance, area: SmallArea) -> None:
    link = await invite(area, most_uses=1)
    async with instance.browser() as browser:
        assert [(await look(browser, link.token)).status_code for _ in range(3)] == [200] * 3
        assert (await browser.post("/api/join", json=form(link.token))).status_code == 200
        assert (await look(browser, link.token)).status_code == 404


# --- coming in -------------------------------------------------------------------------------------------------------


async def test_a_stranger_is_in_and_may_add_a_task_at_once(instance: Instance, area: SmallArea) -> None:
    link = await invite(area)
    added = {"organisation": new_id(), "organisation_name": "Radverein", "sector": "civil"}
    async with instance.browser() as browser:
        me = (await browser.post("/api/join", json=form(link.token, **added))).json()
        assert (me["name"], me["area_role"]) == ("Nora Neu", "guest")
        assert (await browser.get("/api/me")).json()["person"] == me["person"]
        command = {"verb": "task.create", "id": new_id(), "column": await area.first_column(), "title": "Räder zählen"}
        sent = {"id": new_id(), "command": command}
        answer = await browser.post(f"/api/spaces/{area.network}/commands", json=sent)
        assert answer.status_code == 200, answer.text
    network, home = await area.kernel.space(area.network), await area.kernel.space(area.area)
    assert network is not None
    assert home is not None
    assert [part.organisation_name for part in parts_of(network, me["person"])] == ["Radverein"]
    assert [one.name for one in home.all(Organisation)] == ["Radverein"]


async def test_a_form_that_is_sent_twice_is_one_person_and_one_use(instance: Instance, area: SmallArea) -> None:
    link = await invite(area, most_uses=1)
    sent = form(link.token)
    async with instance.browser() as one, instance.browser() as other:
        answers = await asyncio.gather(*(browser.post("/api/join", json=sent) for browser in (one, other, one, other)))
        assert [answer.status_code for answer in answers] == [200] * 4
        renamed = await one.post("/api/join", json={**sent, "name": "Nora Anders"})
    assert {answer.json()["person"] for answer in (*answers, renamed)} == {answers[0].json()["person"]}
    assert await people(area) == ["Jana", "Josef", "Nora Neu"]


async def test_the_ids_in_the_journal_open_nothing(instance: Instance, area: SmallArea) -> None:
    """Whoever holds the link and sees who else came by it cannot become them."""
    link = await invite(area)
    async with instance.browser() as nora, instance.browser() as mallory:
        person = (await nora.post("/api/join", json=form(link.token))).json()["person"]
        stolen = {**form(link.token, "Mallory"), "key": person}
        assert (await mallory.post("/api/join", json=stolen)).json()["person"] != person


async def test_who_is_signed_in_comes_in_as_who_they_are(instance: Instance, area: SmallArea) -> None:
    link = await invite(area, role="guest", most_uses=1)
    josef = area.member
    await _leave(area, josef)
    async with instance.signed_in(josef) as browser:
        assert (await look(browser, link.token)).json()["name"] == "Josef"
        cookie = browser.cookies
        for _ in range(2):
            me = await browser.post("/api/join", json={"token": link.token, "key": secrets.token_urlsafe(16)})
            assert me.json()["person"] == josef
        assert browser.cookies == cookie
    network = await area.kernel.space(area.network)
    assert network is not None
    assert [part.role for part in parts_of(network, josef)] == ["guest"]
    assert await people(area) == ["Jana", "Josef"]


async def test_without_a_name_nobody_new_comes_in(instance: Instance, area: SmallArea) -> None:
    link = await invite(area)
    async with instance.browser() as browser:
        answer = await browser.post("/api/join", json={"token": link.token, "key": "k" * 22})
    assert answer.json()["reason"] == {"reason": "invalid", "field": "name", "problem": "missing"}


# --- bad links -------------------------------------------------------------------------------------------------------


GUESSED = ["x" * 22, "", "../../etc", "\u0000", "é" * 40]


async def test_every_bad_link_gets_one_answer_and_so_does_every_guess(database_url: str) -> None:
    async with running_kernel(database_url, clock=SetClock(datetime.now(UTC) - timedelta(days=8))) as before:
        area = await found_small_area(before)
        expired = await invite(area)
    async with running_instance(database_url) as instance, instance.browser() as browser:
        area = replace(area, kernel=instance.korridor.kernel)
        revoked, used = [await invite(area, most_uses=1) for _ in range(2)]
        await area.accept(RevokeInvitation(invitation=revoked.id))
        async with instance.browser() as nora:
            await nora.post("/api/join", json=form(used.token))
        answers = [await look(browser, "x" * 22)]
        for token in (expired.token, revoked.token, used.token):
            nameless = {"token": token, "key": "k" * 22}
            answers.append(await look(browser, token))
            answers += [await browser.post("/api/join", json=body) for body in (form(token), nameless)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert all("set-cookie" not in answer.headers for answer in answers)


async def test_what_is_no_token_at_all_gets_that_answer_too(instance: Instance, area: SmallArea) -> None:
    async with instance.browser() as browser:
        answers = [await look(browser, token) for token in GUESSED]
        answers += [await browser.post("/api/join", json=form(token)) for token in GUESSED]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}


async def test_guessing_is_slowed_and_the_right_link_is_not(instance: Instance, area: SmallArea) -> None:
    link = await invite(area)
    async with instance.browser() as browser:
        tries = [(await look(browser, secrets.token_urlsafe(16))).status_code for _ in range(11)]
        assert (tries[:10], tries[10]) == ([404] * 10, 429)
        assert (await browser.post("/api/join", json=form(link.token))).status_code == 200


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["role", "person", "area", "access_until", "id"])
async def test_unknown_fields_are_refused(instance: Instance, area: SmallArea, field: str) -> None:
    link = await invite(area)
    async with instance.browser() as browser:
        answer = await browser.post("/api/join", json=form(link.token, **{field: "coordination"}))
    assert answer.json()["reason"] == {"reason": "invalid", "field": field, "problem": "unknown_field"}
    assert await people(area) == ["Jana", "Josef"]


@pytest.mark.parametrize("name", ["", "   ", "a\r\nSet-Cookie: x=1", "a\u0000b", "a\u202eb", "x" * 121, 7, None])
async def test_what_is_no_name_is_refused(instance: Instance, area: SmallArea, name: object) -> None:
    link = await invite(area)
    async with instance.browser() as browser:
        answer = await browser.post("/api/join", json={**form(link.token), "name": name})
    assert (answer.status_code, answer.json()["reason"]["field"]) == (400, "name")


async def test_markup_in_a_name_is_a_name(instance: Instance, area: SmallArea) -> None:
    link = await invite(area)
    name = '<img src=x onerror="alert(1)">{{link}}'
    async with instance.browser() as browser:
        answer = await browser.post("/api/join", json=form(link.token, name))
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["name"] == name


async def test_another_site_brings_nobody_in(instance: Instance, area: SmallArea) -> None:
    link = await invite(area)
    async with httpx.AsyncClient(base_url=instance.url, headers={"Origin": "https://evil.example"}) as browser:
        assert (await browser.post("/api/join", json=form(link.token))).status_code == 403


# --- being out again -------------------------------------------------------------------------------------------------


async def test_a_guest_whose_part_is_ended_may_do_nothing_more(instance: Instance, area: SmallArea) -> None:
    link = await invite(area)
    sent = form(link.token)
    async with instance.browser() as browser:
        nora = (await browser.post("/api/join", json=sent)).json()["person"]
        assert (await browser.get(f"/api/spaces/{area.network}/snapshot")).status_code == 200
        await area.accept(RevokeInvitation(invitation=link.id))
        await _leave(area, nora)
        assert (await browser.get(f"/api/spaces/{area.network}/snapshot")).status_code == 404
        again = [await browser.post("/api/join", json=one) for one in (sent, form(link.token))]
        assert [answer.status_code for answer in again] == [404, 404]


async def test_the_seat_of_a_guest_closes_when_their_part_is_ended(instance: Instance, area: SmallArea) -> None:
    link = await invite(area)
    async with instance.browser() as browser:
        nora = (await browser.post("/api/join", json=form(link.token))).json()["person"]
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    async with connect(
        instance.url.replace("http", "ws") + "/ws",
        origin=instance.url,  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie},
    ) as socket:
        await socket.send(json.dumps({"t": "hello", "protocol": 1}))
        network = await area.kernel.space(area.network)
        assert network is not None
        watch = {"t": "watch", "space": area.network, "since": network.seq, "head": short(network.head)}
        await socket.send(json.dumps(watch))
        await _hear(socket, "entries")
        await _leave(area, nora)
        assert (await _hear(socket, "left"))["reason"] == "no_access"


async def test_with_two_processes_a_link_is_known_and_gone_at_both_at_once(postgres_url: str) -> None:
    async with running_instance(postgres_url) as one, running_instance(postgres_url) as other:
        area = await one.small_area()
        there = replace(area, kernel=other.korridor.kernel)
        assert await there.kernel.space(area.network) is not None  # in memory, as it was before the invitation
        link = await invite(area)
        async with other.browser() as browser:
            assert (await look(browser, link.token)).status_code == 200
            await area.accept(RevokeInvitation(invitation=link.id))
            assert (await browser.post("/api/join", json=form(link.token))).status_code == 404


async def _hear(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of this kind."""
    while True:
        said = json.loads(await asyncio.wait_for(socket.recv(), 20))
        for message in said if isinstance(said, list) else [said]:
            if message["t"] == kind:
                return dict(message)


async def _leave(area: SmallArea, person: Id) -> None:
    network = await area.kernel.space(area.network)
    assert network is not None
    for part in parts_of(network, person):
        await area.accept(RemoveParticipant(participant=part.id, person=person))

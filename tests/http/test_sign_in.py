"""Coming in by a link: mailed on request, or given by the coordination; and one's own sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import Connection, update

from server.core.ids import new_id
from server.people.account_tables import links
from server.people.entering import browser_name
from server.people.links import hashed
from server.people.sign_in import MOST_MAILED
from shared_schema.base import Id
from shared_schema.invitations import CreateInvitation
from shared_schema.people import Participant
from tests.support.areas import SmallArea
from tests.support.instances import Instance, running_instance
from tests.support.mailbox import Mailbox, link_in, mail_server

JOSEF = "Josef@Brachtenau.example"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
async def instance(database_url: str, mailbox: Mailbox) -> AsyncIterator[Instance]:
    async with running_instance(database_url, mail_url=mailbox.url) as instance:
        yield instance


@pytest.fixture
async def area(instance: Instance) -> SmallArea:
    return await instance.small_area()


async def give(instance: Instance, area: SmallArea, person: Id, email: str | None = None) -> httpx.Response:
    async with instance.signed_in(area.coordinator) as browser:
        return await browser.post(f"/api/people/{person}/access", json={"email": email})


async def use(instance: Instance, link: str) -> httpx.Response:
    async with instance.browser() as browser:
        return await browser.post("/api/sign-in", json={"token": urlsplit(link).fragment})


async def ask(instance: Instance, email: str) -> httpx.Response:
    async with instance.browser() as browser:
        return await browser.post("/api/sign-in/ask", json={"email": email})


async def let_in(instance: Instance, area: SmallArea, mailbox: Mailbox) -> None:
    """Josef comes in by a mailed link for the first time: from now on he has an account."""
    await give(instance, area, area.member, JOSEF)
    assert (await use(instance, link_in(await mailbox.next()))).status_code == 200


# --- access that the coordination gives ------------------------------------------------------------------------------


async def test_a_person_is_let_in_by_a_mail_and_then_signs_in_with_their_address(
    instance: Instance, area: SmallArea, mailbox: Mailbox
) -> None:
    given = await give(instance, area, area.member, JOSEF)
    assert given.json() == {"mailed": True, "link": None}
    letter = await mailbox.next()
    assert (letter["To"], letter["Subject"]) == (JOSEF, "Ihr Zugang: Selmachtal")
    assert "Guten Tag Josef" in letter.get_content()
    entered = await use(instance, link_in(letter))
    assert entered.json()["me"]["person"] == area.member

    assert (await ask(instance, JOSEF.lower())).status_code == 204
    again = await use(instance, link_in(await mailbox.next()))
    assert again.json()["me"]["person"] == area.member


async def test_without_an_address_the_coordination_gets_a_link_to_hand_over(
    instance: Instance, area: SmallArea
) -> None:
    given = (await give(instance, area, area.member)).json()
    assert not given["mailed"]
    assert given["link"].startswith(f"{instance.url}/enter#")
    assert (await use(instance, given["link"])).json()["me"]["person"] == area.member


async def test_without_a_mail_server_links_are_handed_over_too(sqlite_url: str) -> None:
    async with running_instance(sqlite_url) as instance:
        area = await instance.small_area()
        given = (await give(instance, area, area.member, JOSEF)).json()
        assert (await use(instance, given["link"])).json()["me"]["person"] == area.member


async def test_a_link_opens_once(instance: Instance, area: SmallArea) -> None:
    link = (await give(instance, area, area.member)).json()["link"]
    assert [(await use(instance, link)).status_code for _ in range(2)] == [200, 404]


async def test_a_new_link_takes_the_place_of_the_one_before(instance: Instance, area: SmallArea) -> None:
    before, after = [(await give(instance, area, area.member)).json()["link"] for _ in range(2)]
    assert [(await use(instance, link)).status_code for link in (before, after)] == [404, 200]


async def test_looking_at_a_link_says_whose_it_is_and_uses_nothing_up(instance: Instance, area: SmallArea) -> None:
    token = urlsplit((await give(instance, area, area.member)).json()["link"]).fragment
    async with instance.browser() as browser:
        for _ in range(2):
            looked = await browser.post("/api/sign-in/look", json={"token": token})
            assert looked.json() == {"name": "Josef", "area_name": "Selmachtal"}
        assert (await browser.post("/api/sign-in", json={"token": token})).status_code == 200


async def test_only_the_coordination_lets_people_in(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as browser:
        answer = await browser.post(f"/api/people/{area.coordinator}/access", json={})
    assert (answer.status_code, answer.json()["reason"]) == (403, {"reason": "not_allowed"})


async def test_nobody_is_let_in_who_is_not_of_the_area(instance: Instance, area: SmallArea) -> None:
    answer = await give(instance, area, area.network)
    assert answer.status_code == 404


async def test_an_address_is_one_person_in_an_area(instance: Instance, area: SmallArea, mailbox: Mailbox) -> None:
    await let_in(instance, area, mailbox)
    answer = await give(instance, area, area.coordinator, JOSEF.upper())
    assert (answer.status_code, answer.json()["reason"]) == (409, {"reason": "address_taken"})


async def test_who_has_an_address_is_let_in_through_it_alone(
    instance: Instance, area: SmallArea, mailbox: Mailbox
) -> None:
    """Else whoever coordinates could become anybody, by an address of their own."""
    await let_in(instance, area, mailbox)
    assert (await give(instance, area, area.member, "jana@brachtenau.example")).json()["mailed"]
    assert (await mailbox.next())["To"] == JOSEF.lower()


# --- links that are asked for ----------------------------------------------------------------------------------------


async def test_nobody_learns_from_the_answer_who_has_an_account(
    instance: Instance, area: SmallArea, mailbox: Mailbox
) -> None:
    await let_in(instance, area, mailbox)
    known, unknown = await ask(instance, JOSEF), await ask(instance, "nobody@brachtenau.example")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (204, b"")
    assert (await mailbox.next())["To"] == JOSEF.lower()
    assert mailbox.is_empty()


async def test_an_inbox_is_not_flooded_and_the_links_that_came_stay_good(
    instance: Instance, area: SmallArea, mailbox: Mailbox
) -> None:
    await let_in(instance, area, mailbox)
    for _ in range(MOST_MAILED + 2):
        assert (await ask(instance, JOSEF)).status_code == 204
    letters = [await mailbox.next() for _ in range(MOST_MAILED)]
    assert mailbox.is_empty()
    for letter in letters:
        assert (await use(instance, link_in(letter))).status_code == 200


async def test_a_link_is_good_until_its_time_is_over(instance: Instance, area: SmallArea, mailbox: Mailbox) -> None:
    await let_in(instance, area, mailbox)
    await ask(instance, JOSEF)
    link = link_in(await mailbox.next())
    await instance.korridor.kernel.database.write(_expire)
    assert (await use(instance, link)).status_code == 404


@pytest.mark.parametrize("token", ["x" * 43, "a" * 20, "A-_" * 10])
async def test_a_token_that_was_guessed_is_answered_as_one_that_was_used(
    instance: Instance, area: SmallArea, token: str
) -> None:
    link = (await give(instance, area, area.member)).json()["link"]
    await use(instance, link)
    used, guessed = await use(instance, link), await use(instance, f"{instance.url}/enter#{token}")
    assert (used.status_code, used.json()) == (guessed.status_code, guessed.json()) == (404, guessed.json())
    assert "set-cookie" not in guessed.headers


async def test_guessing_is_slowed_and_the_right_link_is_not(instance: Instance, area: SmallArea) -> None:
    link = (await give(instance, area, area.member)).json()["link"]
    tries = [(await use(instance, f"{instance.url}/enter#{'x' * 43}")).status_code for _ in range(11)]
    assert tries[-1] == 429
    assert (await use(instance, link)).status_code == 200


@pytest.mark.parametrize(
    "email",
    [
        "",
        "josef",
        "josef@",
        "@x.example",
        "a b@x.example",
        "a@x.example\r\nBcc: b@x.example",
        "a@b@c",
        "a@" + "x" * 300,
    ],
)
async def test_what_is_no_address_is_refused(instance: Instance, email: str) -> None:
    answer = await ask(instance, email)
    assert (answer.status_code, answer.json()["reason"]["field"]) == (400, "email")


async def test_unknown_fields_are_refused(instance: Instance) -> None:
    async with instance.browser() as browser:
        answer = await browser.post("/api/sign-in/ask", json={"email": JOSEF, "role": "coordination"})
    assert answer.json()["reason"] == {"reason": "invalid", "field": "role", "problem": "unknown_field"}


# --- one's own sessions ----------------------------------------------------------------------------------------------


async def test_one_sees_where_one_is_signed_in_and_signs_out_there(instance: Instance, area: SmallArea) -> None:
    async with (
        instance.signed_in(area.member) as here,
        instance.signed_in(area.member) as there,
        instance.signed_in(area.coordinator) as other,
    ):
        assert len((await other.get("/api/me/sessions")).json()) == 1
        own = (await here.get("/api/me/sessions")).json()
        assert [one["current"] for one in own] == [False, True]
        await here.post("/api/me/sessions/end", json={"id": own[0]["id"]})
        answers = [(await browser.get("/api/me")).status_code for browser in (here, there, other)]
    assert answers == [200, 401, 200]


async def test_all_others_are_ended_at_once(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as here, instance.signed_in(area.member) as there:
        await here.post("/api/me/sessions/end", json={})
        assert (await there.get("/api/me")).status_code == 401
        assert len((await here.get("/api/me/sessions")).json()) == 1


async def test_nobody_ends_the_session_of_somebody_else(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as josef, instance.signed_in(area.coordinator) as jana:
        (session,) = (await jana.get("/api/me/sessions")).json()
        assert (await josef.post("/api/me/sessions/end", json={"id": session["id"]})).status_code == 204
        assert (await jana.get("/api/me")).status_code == 200


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.5", ""),
    ],
)
def test_a_browser_is_named_in_two_words(agent: str, name: str) -> None:
    assert browser_name(agent) == name


def _expire(connection: Connection) -> None:
    connection.execute(update(links).values(expires_at=links.c.created_at))


# --- giving one's own address ----------------------------------------------------------------------------------------


async def give_own(instance: Instance, browser: httpx.AsyncClient, email: str) -> int:
    return (await browser.post("/api/me/email", json={"email": email})).status_code


async def test_who_came_by_a_link_gives_an_address_and_signs_in_with_it(
    instance: Instance, area: SmallArea, mailbox: Mailbox
) -> None:
    link = (await give(instance, area, area.member)).json()["link"]
    async with instance.browser() as browser:
        await browser.post("/api/sign-in", json={"token": urlsplit(link).fragment})
        assert (await browser.get("/api/me/security")).json()["email"] is None
        assert await give_own(instance, browser, JOSEF) == 204
        letter = await mailbox.next()
        assert letter["Subject"] == "Bitte bestätigen: Ihre E-Mail-Adresse"
        assert (await browser.get("/api/me/security")).json()["email"] is None, "it is theirs once they opened the mail"
        assert (await use(instance, link_in(letter))).json()["me"]["person"] == area.member
        assert (await browser.get("/api/me/security")).json()["email"] == JOSEF.lower()
        assert await give_own(instance, browser, "other@x.example") == 404, (
            "an address is not taken over by an open window"
        )
    await ask(instance, JOSEF)
    assert (await mailbox.next())["Subject"] == "Ihr Link zum Anmelden"


async def test_nobody_learns_from_it_who_has_an_address(instance: Instance, area: SmallArea, mailbox: Mailbox) -> None:
    await let_in(instance, area, mailbox)
    link = (await give(instance, area, area.coordinator)).json()["link"]
    async with instance.browser() as browser:
        await browser.post("/api/sign-in", json={"token": urlsplit(link).fragment})
        assert await give_own(instance, browser, JOSEF) == 204
    letter = await mailbox.next()
    assert letter["Subject"] == "Ihr Link zum Anmelden", "the one who has the address signs in as who they are"
    assert (await use(instance, link_in(letter))).json()["me"]["person"] == area.member


async def test_a_guest_who_confirms_an_address_becomes_what_they_were_invited_as(
    instance: Instance, area: SmallArea, mailbox: Mailbox
) -> None:
    token = "k" * 43
    invitation = CreateInvitation(id=new_id(), token_hash=hashed(token), role="member", days=7, most_uses=5)
    await area.accept(invitation)
    async with instance.browser() as browser:
        me = (await browser.post("/api/join", json={"token": token, "key": new_id(), "name": "Nora Neu"})).json()
        assert me["area_role"] == "guest"
        assert (await browser.get("/api/me/security")).json()["promised"] == "member"
        await give_own(instance, browser, "nora@radverein.example")
        entered = (await use(instance, link_in(await mailbox.next()))).json()["me"]
        await instance.korridor.kernel.followed()
        assert (entered["person"], entered["area_role"]) == (me["person"], "member")
        network = await instance.korridor.kernel.space(area.network)
        assert network is not None
        assert [part.role for part in network.where(Participant, person=me["person"])] == ["member"]

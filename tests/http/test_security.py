"""Passwords, authenticators and recovery codes: each proves what it is for, once where it says so, and no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pyotp
import pytest
from sqlalchemy import Connection, select

from server.people import accounts, credentials
from server.people.account_tables import accounts as accounts_table
from server.people.entering import MOST_CODES
from tests.support.areas import SmallArea
from tests.support.instances import Instance, running_instance

JOSEF = "josef@brachtenau.example"
GOOD, OTHER = "vier Wagen kreuzen morgens", "lauter blaue Kartoffeln im Fluss"


@pytest.fixture
async def instance(database_url: str) -> AsyncIterator[Instance]:
    async with running_instance(database_url) as instance:
        yield instance


@pytest.fixture
async def area(instance: Instance) -> SmallArea:
    """Its member has an account with an address."""
    area = await instance.small_area()
    await instance.korridor.kernel.database.write(
        accounts.coming_in, accounts.Being(person=area.member, area=area.area), JOSEF
    )
    return area


@asynccontextmanager
async def josef(instance: Instance, area: SmallArea) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which Josef came in by a link that he was given."""
    async with instance.signed_in(area.coordinator) as jana:
        given = (await jana.post(f"/api/people/{area.member}/access", json={})).json()
    async with instance.browser() as browser:
        token = given["link"].partition("#")[2]
        assert (await browser.post("/api/sign-in", json={"token": token})).json()["me"]["person"] == area.member
        yield browser


async def with_password(instance: Instance, password: str, email: str = JOSEF) -> httpx.Response:
    async with instance.browser() as browser:
        return await browser.post("/api/sign-in/password", json={"email": email, "password": password})


def code_of(secret: str, steps: int = 0) -> str:
    """What an authenticator shows, now or so many steps later."""
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=steps * credentials.STEP))


async def add_authenticator(browser: httpx.AsyncClient) -> tuple[str, list[str]]:
    """Its secret, and the recovery codes."""
    new = (await browser.post("/api/me/authenticator/new")).json()
    answer = await browser.post("/api/me/authenticator", json={"secret": new["secret"], "code": code_of(new["secret"])})
    assert answer.status_code == 200, answer.text
    return new["secret"], answer.json()["codes"]


# --- passwords -------------------------------------------------------------------------------------------------------


async def test_who_wants_to_signs_in_with_a_password(instance: Instance, area: SmallArea) -> None:
    async with josef(instance, area) as browser:
        assert (await browser.post("/api/me/password", json={"new": GOOD})).status_code == 204
        assert (await browser.get("/api/me/security")).json()["password"] is True
    assert (await with_password(instance, GOOD)).json()["me"]["person"] == area.member
    assert (await with_password(instance, GOOD, JOSEF.upper())).status_code == 200


async def test_what_is_stored_is_argon2id(instance: Instance, area: SmallArea) -> None:
    async with josef(instance, area) as browser:
        await browser.post("/api/me/password", json={"new": GOOD})
    (stored,) = await instance.korridor.kernel.database.read(_passwords)
    assert stored.startswith("$argon2id$")
    assert GOOD not in stored


async def test_a_wrong_password_and_an_unknown_address_are_answered_alike(instance: Instance, area: SmallArea) -> None:
    async with josef(instance, area) as browser:
        await browser.post("/api/me/password", json={"new": GOOD})
    wrong, unknown = await with_password(instance, OTHER), await with_password(instance, GOOD, "nobody@x.example")
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.json()["reason"] == {"reason": "wrong_password"}


async def test_guessing_is_slowed_and_the_owner_still_gets_in_by_a_link(instance: Instance, area: SmallArea) -> None:
    async with josef(instance, area) as browser:
        await browser.post("/api/me/password", json={"new": GOOD})
    tries = [403]
    while tries[-1] == 403 and len(tries) < 60:  # a try comes back every six seconds, and each takes a while
        tries.append((await with_password(instance, f"{OTHER} {len(tries)}")).status_code)
    assert tries[-1] == 429
    assert len(tries) > 10
    assert (await with_password(instance, GOOD)).status_code == 429, "what can be guessed is not even looked at"
    async with josef(instance, area) as browser:
        assert (await browser.get("/api/me")).status_code == 200


@pytest.mark.parametrize(
    "weak", ["password", "Passwort1", "qwertz12", "Brachtenau1", "josef2024", "Korridor!", "Selmachtal1"]
)
async def test_a_password_that_is_easily_guessed_is_not_taken(instance: Instance, area: SmallArea, weak: str) -> None:
    async with josef(instance, area) as browser:
        answer = await browser.post("/api/me/password", json={"new": weak})
    assert answer.json()["reason"] == {"reason": "weak_password"}


async def test_a_new_password_needs_the_one_before_and_ends_all_other_sessions(
    instance: Instance, area: SmallArea
) -> None:
    async with josef(instance, area) as here, josef(instance, area) as there:
        await here.post("/api/me/password", json={"new": GOOD})
        assert (await there.get("/api/me")).status_code == 401
        refused = await here.post("/api/me/password", json={"new": OTHER, "current": "wrong"})
        assert refused.json()["reason"] == {"reason": "wrong_password"}
        assert (await here.post("/api/me/password", json={"new": OTHER, "current": GOOD})).status_code == 204
    assert (await with_password(instance, GOOD)).status_code == 403
    assert (await with_password(instance, OTHER)).status_code == 200


async def test_a_password_can_be_given_up_again(instance: Instance, area: SmallArea) -> None:
    async with josef(instance, area) as browser:
        await browser.post("/api/me/password", json={"new": GOOD})
        await browser.post("/api/me/password/remove")
    assert (await with_password(instance, GOOD)).status_code == 403


async def test_in_a_demo_nobody_has_an_account(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as browser:
        assert (await browser.get("/api/me/security")).status_code == 404
        assert (await browser.post("/api/me/password", json={"new": GOOD})).status_code == 404


# --- authenticators --------------------------------------------------------------------------------------------------


async def test_with_an_authenticator_every_way_in_asks_for_its_code(instance: Instance, area: SmallArea) -> None:
    async with josef(instance, area) as browser:
        await browser.post("/api/me/password", json={"new": GOOD})
        secret, _ = await add_authenticator(browser)
        assert (await browser.get("/api/me/security")).json() == {
            "email": JOSEF,
            "password": True,
            "authenticator": True,
            "recovery_codes": credentials.RECOVERY_CODES,
            "passkeys": [],
            "promised": None,
            "mail": False,
        }
    first = await with_password(instance, GOOD)
    assert (first.json()["me"], "set-cookie" in first.headers) == (None, False)
    token = first.json()["second"]
    async with instance.browser() as browser:
        entered = await browser.post("/api/sign-in/second", json={"token": token, "code": code_of(secret, 1)})
        assert entered.json()["me"]["person"] == area.member
        again = await browser.post("/api/sign-in/second", json={"token": token, "code": code_of(secret, 1)})
        assert again.status_code == 404


async def test_a_code_works_once(instance: Instance, area: SmallArea) -> None:
    async with josef(instance, area) as browser:
        await browser.post("/api/me/password", json={"new": GOOD})
        secret, _ = await add_authenticator(browser)
    code = code_of(secret, 1)
    answers = []
    for _ in range(2):
        token = (await with_password(instance, GOOD)).json()["second"]
        async with instance.browser() as browser:
            answers.append(await browser.post("/api/sign-in/second", json={"token": token, "code": code}))
    assert [answer.status_code for answer in answers] == [200, 403]
    assert answers[1].json()["reason"] == {"reason": "wrong_code"}


async def test_a_recovery_code_stands_in_for_the_authenticator_once(instance: Instance, area: SmallArea) -> None:
    async with josef(instance, area) as browser:
        await browser.post("/api/me/password", json={"new": GOOD})
        _, codes = await add_authenticator(browser)
    assert len(set(codes)) == credentials.RECOVERY_CODES
    typed = codes[3].lower().replace("-", " ")
    statuses = []
    for _ in range(2):
        token = (await with_password(instance, GOOD)).json()["second"]
        async with instance.browser() as browser:
            answer = await browser.post("/api/sign-in/second", json={"token": token, "code": typed})
            statuses.append(answer.status_code)
    assert statuses == [200, 403]


async def test_after_a_handful_of_wrong_codes_the_first_step_has_to_be_taken_again(
    instance: Instance, area: SmallArea
) -> None:
    async with josef(instance, area) as browser:
        await browser.post("/api/me/password", json={"new": GOOD})
        secret, _ = await add_authenticator(browser)
    token = (await with_password(instance, GOOD)).json()["second"]
    async with instance.browser() as browser:
        wrong = [
            (await browser.post("/api/sign-in/second", json={"token": token, "code": "WRONGWRONG"})).status_code
            for _ in range(MOST_CODES)
        ]
        right = await browser.post("/api/sign-in/second", json={"token": token, "code": code_of(secret, 1)})
    assert wrong == [403] * MOST_CODES
    assert right.status_code == 404


async def test_an_authenticator_that_has_another_secret_is_not_taken(instance: Instance, area: SmallArea) -> None:
    async with josef(instance, area) as browser:
        new = (await browser.post("/api/me/authenticator/new")).json()
        body = {"secret": new["secret"], "code": code_of(credentials.new_secret())}
        assert (await browser.post("/api/me/authenticator", json=body)).json()["reason"] == {"reason": "wrong_code"}
        assert (await browser.get("/api/me/security")).json()["authenticator"] is False


async def test_an_authenticator_is_removed_with_a_code_of_it_alone(instance: Instance, area: SmallArea) -> None:
    async with josef(instance, area) as browser:
        _, codes = await add_authenticator(browser)
        assert (await browser.post("/api/me/authenticator/new")).status_code == 404, "one takes no other's place"
        refused = await browser.post("/api/me/authenticator/remove", json={"code": "000000"})
        assert refused.json()["reason"] == {"reason": "wrong_code"}
        assert (await browser.post("/api/me/authenticator/remove", json={"code": codes[0]})).status_code == 204
        left = (await browser.get("/api/me/security")).json()
    assert (left["authenticator"], left["recovery_codes"]) == (False, 0)


async def test_new_recovery_codes_take_the_place_of_the_old(instance: Instance, area: SmallArea) -> None:
    async with josef(instance, area) as browser:
        _, old = await add_authenticator(browser)
        new = (await browser.post("/api/me/recovery-codes", json={"code": old[0]})).json()["codes"]
        assert not set(new) & set(old)
        assert (await browser.post("/api/me/authenticator/remove", json={"code": old[1]})).status_code == 403


@pytest.mark.parametrize("late", [-2, 2])
def test_a_clock_may_be_off_by_one_step_and_no_more(late: int) -> None:
    secret, now = credentials.new_secret(), datetime(2026, 11, 28, 9, tzinfo=UTC)
    near, far = (pyotp.TOTP(secret).at(now + timedelta(seconds=credentials.STEP * off)) for off in (late // 2, late))
    assert credentials.step_of(secret, near, now) is not None
    assert credentials.step_of(secret, far, now) is None


def _passwords(connection: Connection) -> list[str]:
    return list(connection.execute(select(accounts_table.c.password)).scalars())


# --- passkeys --------------------------------------------------------------------------------------------------------
# That one works is shown in a real browser, tests/e2e/test_coming_in.py.

NO_CREDENTIALS: list[dict[str, object]] = [
    {},
    {"id": 7},
    {"id": "not base64!", "rawId": "x", "response": {}, "type": "public-key"},
    {
        "id": "AAAA",
        "rawId": "AAAA",
        "type": "public-key",
        "response": {"clientDataJSON": "e30", "attestationObject": "oA"},
    },
    {"id": "AAAA", "rawId": "BBBB", "type": "password", "response": []},
]


@pytest.mark.parametrize("credential", NO_CREDENTIALS)
async def test_what_is_no_passkey_is_refused(
    instance: Instance, area: SmallArea, credential: dict[str, object]
) -> None:
    async with josef(instance, area) as browser:
        token = (await browser.post("/api/me/passkeys/new")).json()["token"]
        added = await browser.post("/api/me/passkeys", json={"token": token, "name": "x", "credential": credential})
        token = (await browser.post("/api/sign-in/passkey/new")).json()["token"]
        used = await browser.post("/api/sign-in/passkey", json={"token": token, "credential": credential})
        assert (await browser.get("/api/me/security")).json()["passkeys"] == []
    assert [answer.json()["reason"] for answer in (added, used)] == [{"reason": "wrong_passkey"}] * 2


async def test_a_challenge_is_answered_once(instance: Instance, area: SmallArea) -> None:
    async with instance.browser() as browser:
        token = (await browser.post("/api/sign-in/passkey/new")).json()["token"]
        body = {"token": token, "credential": {"id": "AAAA"}}
        statuses = [(await browser.post("/api/sign-in/passkey", json=body)).status_code for _ in range(12)]
    assert statuses == [403] * 10 + [429] * 2

"""An empty instance is set up through a link that is printed once, and never again once it holds an area."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.people.setup import setup_link
from shared_schema.people import Area, Organisation, Person
from tests.support.instances import Instance, running_instance
from tests.support.mailbox import link_in, mail_server


async def offered(instance: Instance) -> str | None:
    link = await setup_link(instance.korridor.kernel.database, instance.url)
    return None if link is None else link.partition("#")[2]


def given(token: str | None, **other: Any) -> dict[str, Any]:
    return {
        "token": token,
        "name": "Kooperationsraum Selmachtal",
        "municipalities": ["Brachtenau", "Selmach"],
        "coordinator": "Jana Wolfsteiner",
        "email": "jana@brachtenau.example",
        **other,
    }


async def test_whoever_has_the_link_founds_the_area_and_is_in(database_url: str) -> None:
    async with running_instance(database_url, demo=False) as instance, instance.browser() as browser:
        token = await offered(instance)
        assert (await browser.post("/api/setup/look", json={"token": token})).json() == {"mail_given": False}
        me = (await browser.post("/api/setup", json=given(token))).json()
        assert (me["name"], me["area_role"]) == ("Jana Wolfsteiner", "coordination")
        assert (await browser.get("/api/me")).json() == me
        area = await instance.korridor.kernel.space(me["area"])
        assert area is not None
        assert area.get(Area, area.id).name == "Kooperationsraum Selmachtal"
        towns = {one.name: one for one in area.all(Organisation)}
        assert {name: one.municipality for name, one in towns.items()} == {"Brachtenau": True, "Selmach": True}
        assert area.get(Person, me["person"]).organisation == towns["Brachtenau"].id


async def test_after_that_there_is_no_link_any_more(database_url: str) -> None:
    async with running_instance(database_url, demo=False) as instance, instance.browser() as browser:
        token = await offered(instance)
        await browser.post("/api/setup", json=given(token))
        assert await offered(instance) is None
        assert (await browser.post("/api/setup", json=given(token, name="Noch eines"))).status_code == 404


async def test_a_new_start_gives_a_new_link_and_the_old_one_is_worth_nothing(sqlite_url: str) -> None:
    async with running_instance(sqlite_url, demo=False) as instance, instance.browser() as browser:
        before, after = await offered(instance), await offered(instance)
        answers = [await browser.post("/api/setup/look", json={"token": token}) for token in (before, after)]
    assert [answer.status_code for answer in answers] == [404, 200]


async def test_pressed_twice_one_area_is_founded(database_url: str) -> None:
    async with running_instance(database_url, demo=False) as instance:
        token = await offered(instance)
        async with instance.browser() as one, instance.browser() as other:
            answers = await asyncio.gather(*(who.post("/api/setup", json=given(token)) for who in (one, other)))
        assert sorted(answer.status_code for answer in answers) == [200, 404]
        assert await offered(instance) is None


async def test_the_mail_server_is_tried_and_then_used(sqlite_url: str) -> None:
    async with running_instance(sqlite_url, demo=False) as instance, instance.browser() as browser:
        token = await offered(instance)
        with mail_server() as mailbox:
            server = {"url": mailbox.url, "sender": "Korridor <korridor@brachtenau.example>"}
            trial = {"token": token, "server": server, "to": "jana@brachtenau.example"}
            assert (await browser.post("/api/setup/try-mail", json=trial)).json() == {"problem": None}
            assert (await mailbox.next())["Subject"] == "Test: Korridor kann Mails senden"
            await browser.post("/api/setup", json=given(token, mail=server))
            async with instance.browser() as later:
                await later.post("/api/sign-in/ask", json={"email": "jana@brachtenau.example"})
                link = link_in(await mailbox.next())
                entered = await later.post("/api/sign-in", json={"token": link.partition("#")[2]})
        assert entered.json()["me"]["name"] == "Jana Wolfsteiner"


async def test_what_the_mail_server_says_against_it_is_shown(sqlite_url: str) -> None:
    async with running_instance(sqlite_url, demo=False) as instance, instance.browser() as browser:
        token = await offered(instance)
        with mail_server() as mailbox:
            server = {"url": mailbox.url, "sender": "korridor@brachtenau.example"}
            trial = {"token": token, "server": server, "to": "unknown@brachtenau.example"}
            answer = await browser.post("/api/setup/try-mail", json=trial)
        assert answer.json() == {"problem": "550 no such mailbox"}


@pytest.mark.parametrize(
    ("mail", "field"),
    [
        ({"url": "https://mail.example", "sender": "a@b.example"}, "mail.url"),
        ({"url": "smtp://mail.example", "sender": "nobody"}, "mail.sender"),
    ],
)
async def test_a_mail_server_that_is_none_is_refused_and_nothing_is_founded(
    sqlite_url: str, mail: dict[str, str], field: str
) -> None:
    async with running_instance(sqlite_url, demo=False) as instance, instance.browser() as browser:
        token = await offered(instance)
        answer = await browser.post("/api/setup", json=given(token, mail=mail))
        assert answer.json()["reason"] == {"reason": "invalid", "field": field, "problem": "shape"}
        assert (await browser.post("/api/setup/look", json={"token": token})).status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"municipalities": []}, {"name": " "}, {"email": "x"}, {"language": "fr"}, {"role": "administrator"}]
)
async def test_what_is_ill_formed_is_refused(sqlite_url: str, wrong: dict[str, Any]) -> None:
    async with running_instance(sqlite_url, demo=False) as instance, instance.browser() as browser:
        answer = await browser.post("/api/setup", json=given(await offered(instance), **wrong))
    assert answer.status_code == 400
    assert answer.json()["reason"]["field"] == next(iter(wrong))


async def test_without_the_link_nobody_sets_anything_up(sqlite_url: str) -> None:
    async with running_instance(sqlite_url, demo=False) as instance, instance.browser() as browser:
        answers = [await browser.post("/api/setup", json=given("x" * 43)) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [404] * 10 + [429]

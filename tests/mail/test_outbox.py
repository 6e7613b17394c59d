"""Letters reach a real mail server, once and as they were written; one that is away delays them and loses none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from server.core import moments
from server.core.database import Database, open_database
from server.core.journal import database_time
from server.mail.addresses import read_sender, read_url
from server.mail.letters import Letter
from server.mail.outbox import AT_ONCE, Outbox, Post, queue
from server.mail.smtp import post_to
from server.mail.tables import letters
from server.migrations import migrate
from tests.support.mailbox import Mailbox, mail_server

GREETING = Letter(purpose="greeting", address="anna@example.org", subject="Grüße aus Brachtenau", text="Schönen Tag!\n")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    await migrate(database_url)
    database = open_database(database_url)
    yield database
    await database.close()


@pytest.fixture
def outbox(database: Database, mailbox: Mailbox) -> Outbox:
    return Outbox(database, lambda: post(mailbox.url))


async def post(url: str) -> Post:
    return post_to(read_url(url), read_sender("Korridor <korridor@selmachtal.example>"))


def rows(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(letters).order_by(letters.c.queued_at)).mappings()]


def hurry(connection: Connection) -> None:
    """As if all waiting were over."""
    connection.execute(update(letters).values(at=moments.write(database_time(connection))))


async def test_a_letter_arrives_as_it_was_written(database: Database, outbox: Outbox, mailbox: Mailbox) -> None:
    await database.write(queue, [GREETING])
    await outbox.send_due()
    letter = await mailbox.next()
    assert letter["Subject"] == "Grüße aus Brachtenau"
    assert (letter["From"], letter["To"]) == ("Korridor <korridor@selmachtal.example>", "anna@example.org")
    assert letter.get_content().splitlines() == ["Schönen Tag!"]
    assert letter.get_content_type() == "text/plain"
    assert letter["Auto-Submitted"] == "auto-generated"


async def test_what_it_said_is_gone_once_it_is_sent_and_that_it_was_sent_stays(
    database: Database, outbox: Outbox, mailbox: Mailbox
) -> None:
    await database.write(queue, [GREETING])
    await outbox.send_due()
    (row,) = await database.read(rows)
    assert (row["state"], row["purpose"], row["subject"], row["text"]) == ("sent", "greeting", None, None)
    await outbox.send_due()
    await mailbox.next()
    assert mailbox.is_empty()


async def test_many_letters_go_one_after_the_other(database: Database, outbox: Outbox, mailbox: Mailbox) -> None:
    await database.write(queue, [GREETING] * (AT_ONCE + 3))
    await outbox.send_due()
    assert len({(await mailbox.next())["Message-ID"] for _ in range(AT_ONCE + 3)}) == AT_ONCE + 3


async def test_a_mail_server_that_asks_to_wait_delays_and_loses_nothing(
    database: Database, outbox: Outbox, mailbox: Mailbox
) -> None:
    mailbox.says = "451 come again later"
    await database.write(queue, [GREETING])
    for tries in (1, 2):
        await outbox.send_due()
        (row,) = await database.read(rows)
        assert (row["state"], row["tries"], row["problem"]) == ("waiting", tries, "451 come again later")
        assert row["at"] > row["queued_at"]
        await database.write(hurry)
    mailbox.says = None
    await outbox.send_due()
    assert (await mailbox.next())["Subject"] == GREETING.subject


async def test_one_that_cannot_be_reached_delays_too(database: Database) -> None:
    with mail_server() as gone:
        url = gone.url
    await database.write(queue, [GREETING])
    await Outbox(database, lambda: post(url)).send_due()
    (row,) = await database.read(rows)
    assert (row["state"], row["tries"]) == ("waiting", 1)


async def test_between_tries_it_waits_longer_each_time(database: Database, outbox: Outbox, mailbox: Mailbox) -> None:
    mailbox.says = "451 come again later"
    await database.write(queue, [GREETING])
    waits = []
    for _ in range(3):
        await outbox.send_due()
        (row,) = await database.read(rows)
        now = await database.read(database_time)
        waits.append(moments.read(row["at"]) - now)
        await database.write(hurry)
    assert timedelta(0) < waits[0] < waits[1] < waits[2]


async def test_an_address_that_does_not_exist_is_given_up_and_the_others_are_not(
    database: Database, outbox: Outbox, mailbox: Mailbox
) -> None:
    unknown = Letter(purpose="greeting", address="unknown@example.org", subject="x", text="x")
    await database.write(queue, [unknown, GREETING])
    await outbox.send_due()
    assert (await mailbox.next())["To"] == "anna@example.org"
    states = {row["address"]: (row["state"], row["problem"]) for row in await database.read(rows)}
    assert states["unknown@example.org"] == ("refused", "550 no such mailbox")


async def test_what_comes_too_late_to_be_of_use_is_not_sent(
    database: Database, outbox: Outbox, mailbox: Mailbox
) -> None:
    late = Letter(purpose="greeting", address="anna@example.org", subject="x", text="x", useful_for=timedelta(0))
    await database.write(queue, [late])
    await outbox.send_due()
    (row,) = await database.read(rows)
    assert (row["state"], row["text"]) == ("lapsed", None)
    assert mailbox.is_empty()


async def test_without_a_mail_server_letters_wait(database: Database) -> None:
    async def none() -> None:
        return None

    await database.write(queue, [GREETING])
    await Outbox(database, none).send_due()
    (row,) = await database.read(rows)
    assert row["state"] == "waiting"


@pytest.mark.parametrize("subject", ["Hallo\r\nBcc: all@example.org", "Hallo\nX: y", "\tHallo  du\n"])
async def test_no_header_is_smuggled_in(database: Database, outbox: Outbox, mailbox: Mailbox, subject: str) -> None:
    await database.write(queue, [Letter(purpose="x", address="anna@example.org", subject=subject, text="x")])
    await outbox.send_due()
    letter = await mailbox.next()
    assert letter["Subject"] == " ".join(subject.split())
    assert letter["Bcc"] is None
    assert letter["X"] is None


@pytest.mark.parametrize(
    "text", ["http://mail.example", "smtp://", "mail.example:25", "smtp://mail.example/x", "smtp://mail.example:99999"]
)
def test_what_is_no_mail_server_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the sentence is the operator's, and checked with the settings)
        read_url(text)


@pytest.mark.parametrize("text", ["", "Korridor", "Korridor <>", "a@", "@b", "a@b\r\nBcc: c@d"])
def test_what_is_no_sender_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_sender(text)


def test_names_and_passwords_may_hold_any_sign() -> None:
    server = read_url("smtps://korridor%40town.example:p%3A%2F%40@mail.example")
    assert (server.user, server.password, server.port) == ("korridor@town.example", "p:/@", 465)

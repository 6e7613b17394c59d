"""A letter: plain text to one address, and how it becomes a message of the Internet."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from msgspec import Struct

from shared_schema.base import Id

USEFUL_FOR: Final = timedelta(days=3)
"""How long a letter is worth sending, if it does not say otherwise."""


class Letter(Struct, frozen=True, kw_only=True):
    """What is to be said to whom. `purpose` is for the log of deliveries; `useful_for` ends the attempts."""

    purpose: str
    address: str
    subject: str
    text: str
    useful_for: timedelta = USEFUL_FOR


class Sender(Struct, frozen=True, kw_only=True):
    """In whose name mail is sent."""

    name: str
    address: str


def message(id: Id, letter: Letter, sender: Sender, now: datetime) -> EmailMessage:
    """The letter as it goes over the wire. Its Message-ID is made of `id`, so that one sent twice is known as one.

    Header fields cannot be smuggled in: the library refuses line breaks in them, and ours never have any.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(sender.name, addr_spec=sender.address)
    mail["To"] = Address(addr_spec=letter.address)
    mail["Subject"] = " ".join(letter.subject.split())
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{id}@{sender.address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes as answers, please
    mail.set_content(letter.text, cte="quoted-printable")
    return mail

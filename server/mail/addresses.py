"""Mail servers and senders as an operator writes them, read and checked."""

from __future__ import annotations

from email.utils import parseaddr
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct

from shared_schema.base import EmailAddress

from .letters import Sender

PORTS: Final = {"smtp": 587, "smtps": 465}
SENDER_NAME: Final = "Korridor"


class MailServer(Struct, frozen=True, kw_only=True):
    """Where mail is handed over. `smtp` begins in the clear and goes on with TLS (STARTTLS), which only a server on
    this machine may lack; `smtps` is TLS from the first byte."""

    scheme: str
    host: str
    port: int
    user: str | None = None
    password: str | None = None

    @property
    def on_this_machine(self) -> bool:
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_url(text: str) -> MailServer:
    """The server that an address such as smtp://user:password@mail.example:587 names; raises `ValueError`."""
    parts = urlsplit(text)
    if parts.scheme not in PORTS or not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("is not the address of a mail server, such as smtp://user:password@mail.example:587")
    return MailServer(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def read_sender(text: str) -> Sender:
    """The sender that stands in `Name <address>` or an address alone; raises `ValueError`."""
    name, address = parseaddr(text)
    try:
        msgspec.convert(address, EmailAddress)
    except msgspec.ValidationError:
        address = ""
    if not address or not text.isprintable():
        raise ValueError("is not a sender, such as Korridor <korridor@town.example>")
    return Sender(name=name or SENDER_NAME, address=address)

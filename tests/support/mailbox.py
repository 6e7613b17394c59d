"""A real mail server on this machine, and the letters that reached it."""

from __future__ import annotations

import asyncio
import email
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from queue import Queue
from typing import Any

from aiosmtpd import smtp
from aiosmtpd.controller import Controller

from tests.support.servers import free_port

LINK = re.compile(r"https?://\S+")


class Mailbox:
    """What came in. `says` is what the server answers instead of taking letters."""

    def __init__(self, port: int) -> None:
        self.url = f"smtp://127.0.0.1:{port}"
        self.says: str | None = None
        self._letters: Queue[EmailMessage] = Queue()

    async def handle_DATA(self, server: smtp.SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        if self.says is not None:
            return self.says
        self._letters.put(email.message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: smtp.SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address.startswith("unknown@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def next(self, within: float = 20) -> EmailMessage:
        """The next letter, as soon as it is there."""
        return await asyncio.to_thread(self._letters.get, timeout=within)

    def is_empty(self) -> bool:
        return self._letters.empty()


def link_in(letter: EmailMessage) -> str:
    """The one link that a letter holds."""
    (link,) = LINK.findall(letter.get_content())
    return str(link)


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A mail server that listens as long as the context is open."""
    port = free_port()
    mailbox = Mailbox(port)
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()

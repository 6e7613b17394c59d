"""The way to a mail server: letters are handed over to it one by one."""

from __future__ import annotations

import ssl
from email.message import EmailMessage
from typing import Final

from aiosmtplib import SMTP, SMTPException, SMTPRecipientsRefused, SMTPResponseException

from .addresses import MailServer
from .letters import Sender
from .outbox import NotNow, Post, Refused

WITHIN: Final = 20.0
"""Seconds for each step of the conversation."""


def post_to(server: MailServer, sender: Sender) -> Post:
    """The post that hands letters over to this server."""

    async def send(mail: EmailMessage) -> None:
        try:
            async with _connection(server) as smtp:
                if server.user is not None:
                    await smtp.login(server.user, server.password or "")
                await smtp.send_message(mail)
        except SMTPRecipientsRefused as error:
            first = error.recipients[0]
            raise (Refused if first.code >= 500 else NotNow)(f"{first.code} {first.message}") from None
        except SMTPResponseException as error:
            # That we may not send at all is ours to mend: letters wait for it.
            raise NotNow(f"{error.code} {error.message}") from None
        except (SMTPException, OSError) as error:
            raise NotNow(str(error) or type(error).__name__) from None

    return Post(sender, send)


def _connection(server: MailServer) -> SMTP:
    return SMTP(
        hostname=server.host,
        port=server.port,
        timeout=WITHIN,
        use_tls=server.scheme == "smtps",
        start_tls=server.scheme == "smtp" and not server.on_this_machine,
        tls_context=ssl.create_default_context(),
    )

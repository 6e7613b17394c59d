"""Which mail server an instance uses: that of the environment, else the one named when it was set up."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from server.core.database import Database

from .addresses import read_sender, read_url
from .outbox import Post
from .smtp import post_to
from .tables import mail_servers


class MailRoom:
    """Finds the post; none means that links are copied by hand."""

    def __init__(self, database: Database, *, url: str, sender: str) -> None:
        self._database = database
        self._given = post_to(read_url(url), read_sender(sender)) if url else None

    async def post(self) -> Post | None:
        """The way to the mail server of this instance."""
        return self._given or await self._database.read(_named)


def name_server(connection: Connection, url: str, sender: str) -> None:
    """Remembers the mail server that this instance uses from now on."""
    connection.execute(delete(mail_servers))
    connection.execute(insert(mail_servers), {"id": 1, "url": url, "sender": sender})


def _named(connection: Connection) -> Post | None:
    row = connection.execute(select(mail_servers)).one_or_none()
    return None if row is None else post_to(read_url(row.url), read_sender(row.sender))

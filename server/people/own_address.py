"""Giving one's e-mail address: a link goes there, and whoever opens it has confirmed it.

The answer is the same whoever has the address already. If somebody does, it gets a link to sign in as who they are.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from litestar import Request, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from sqlalchemy import Connection

from server.core.wording import Language
from server.mail.outbox import queue
from server.who import Who, only
from shared_schema.accounts import AskForLink
from shared_schema.base import Id

from . import accounts, links
from .accounts import Being
from .sessions import Session
from .sign_in import MOST_MAILED, Access, Ways, address, mail_link, write_letter

GOOD_FOR: Final = timedelta(days=1)


def own_address_routes(ways: Ways) -> list[HTTPRouteHandler]:
    """Giving an address, as long as one has none."""

    @post("/api/me/email", status_code=204, opt=only(Who.ONESELF))
    async def give_address(request: Request[Any, Session, Any], data: JSONBody[AskForLink]) -> None:
        session = request.auth
        if session.account is None:
            raise NotFoundException
        me = await ways.entering.me(session)
        being = Being(person=session.person, area=session.area)
        await ways.kernel.database.write(
            _mail, session.account, being, data.email, me.language, {"area": me.area_name, "name": me.name}, ways.url
        )
        ways.outbox.wake()

    return [give_address]


def _mail(
    connection: Connection,
    account: Id,
    being: Being,
    email: str,
    language: Language,
    words: dict[str, str],
    url: str,
) -> None:
    own, holder = accounts.by_id(connection, account), accounts.by_email(connection, email)
    if own is None or own.email is not None:
        raise NotFoundException
    if links.issued_since(connection, "access", being.person, timedelta(hours=1)) >= MOST_MAILED:
        return
    if holder is not None:
        mail_link(connection, holder, language, url)
        return
    token = links.issue(connection, "access", being.person, Access(being=being, email=email), GOOD_FOR)
    queue(connection, [write_letter(language, "confirm", email, GOOD_FOR, link=address(url, token), **words)])

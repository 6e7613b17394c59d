"""Setting up an empty instance: a link that is printed once, and what stands on the page that it opens.

Whoever holds the link is the operator. It is gone once the area is founded; an instance that holds one has none.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from litestar import Request, Response, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Struct
from sqlalchemy import Connection

from server.core.commands import Request as Sent
from server.core.database import Database
from server.core.ids import derived_id
from server.core.kernel import Kernel
from server.core.wording import Language, say
from server.mail.addresses import read_sender, read_url
from server.mail.configured import MailRoom, name_server
from server.mail.letters import Letter, message
from server.mail.outbox import NotNow, Post, Refused
from server.mail.smtp import post_to
from server.who import Who, only
from shared_schema.accounts import MailServerGiven, MailTried, SetUp, SetupPreview, TryMail, UseLink
from shared_schema.base import NIL, SYSTEM, Command, Id
from shared_schema.frames import Accepted, Me
from shared_schema.people import FoundArea, JoinOrganisation, JoinPerson
from shared_schema.refusals import Invalid, Refusal

from . import accounts, links, views
from .accounts import Account, Being
from .attempts import Attempts
from .entering import Entering

log = logging.getLogger("korridor.people")

PUBLIC: Final = {"exclude_from_auth": True, **only(Who.HOLDS)}
GOOD_FOR: Final = timedelta(days=7)
"""Started again, an empty instance prints a new link."""


class Empty(Struct, frozen=True):
    """What the link opens: this instance, as long as it holds no area."""


async def setup_link(database: Database, url: str) -> str | None:
    """A new link to set this instance up, in place of the one before; None if there is an area already."""
    token = await database.write(_issue)
    return None if token is None else f"{url}/setup#{token}"


def setup_routes(kernel: Kernel, entering: Entering, attempts: Attempts, mail_room: MailRoom) -> list[HTTPRouteHandler]:
    """Looking what is settled already, trying a mail server, and founding the area."""

    async def hold(request: Request[Any, Any, Any], token: str) -> None:
        if await kernel.database.read(links.peek, "setup", token, Empty) is None:
            attempts.failed(request)
            raise NotFoundException

    @post("/api/setup/look", opt=PUBLIC, status_code=200)
    async def look(request: Request[Any, Any, Any], data: JSONBody[UseLink]) -> SetupPreview:
        await hold(request, data.token)
        return SetupPreview(mail_given=await mail_room.post() is not None)

    @post("/api/setup/try-mail", opt=PUBLIC, status_code=200)
    async def try_mail(request: Request[Any, Any, Any], data: JSONBody[TryMail]) -> MailTried:
        await hold(request, data.token)
        return MailTried(problem=await _try(_post(data.server), data.to))

    @post("/api/setup", opt=PUBLIC, status_code=200)
    async def set_up(request: Request[Any, Any, Any], data: JSONBody[SetUp]) -> Response[Me]:
        await hold(request, data.token)
        if data.mail is not None:
            _post(data.mail)  # refuses what cannot be one
        # All ids come from the link: given again after a crash in between, or twice at once, nothing is done twice.
        area = derived_id("area", links.hashed(data.token))
        being = Being(person=derived_id(area, "first", "coordination"), area=area)
        for number, command in enumerate(_commands(data, being)):
            await _send(kernel, area, derived_id(area, "setup", str(number)), command)
        account = await kernel.database.write(_settle, data, being)
        if account is None:
            raise NotFoundException
        log.info("set_up", extra={"area": area})
        return await entering.enter(request, being, account=account.id, by="setup")

    return [look, try_mail, set_up]


def _commands(data: SetUp, being: Being) -> list[Command]:
    """What the area begins with: itself, its municipalities, and whoever coordinates it, for the first of them."""
    towns = [derived_id(being.area, "municipality", str(number)) for number in range(len(data.municipalities))]
    return [
        FoundArea(name=data.name, language=data.language),
        *(
            JoinOrganisation(id=id, name=name, sector="public", municipality=True)
            for id, name in zip(towns, data.municipalities, strict=True)
        ),
        JoinPerson(id=being.person, name=data.coordinator, role="coordination", organisation=towns[0]),
    ]


async def _send(kernel: Kernel, space: Id, id: Id, command: Command) -> None:
    answer = await kernel.submit(Sent(id=id, space=space, command=command, author=SYSTEM))  # type: ignore[arg-type]
    if not isinstance(answer, Accepted):
        raise Refusal(answer.reason)


# --- mail ------------------------------------------------------------------------------------------------------------


def _post(given: MailServerGiven) -> Post:
    """The way to the mail server that was named; refuses what is none, and says which field it was."""
    try:
        server = read_url(given.url)
    except ValueError:
        raise Refusal(Invalid(field="mail.url", problem="shape")) from None
    try:
        return post_to(server, read_sender(given.sender))
    except ValueError:
        raise Refusal(Invalid(field="mail.sender", problem="shape")) from None


async def _try(post: Post, to: str, language: Language = "de") -> str | None:
    """Sends a test mail; answers what went wrong, in the words of the mail server or of the way to it."""
    letter = Letter(
        purpose="trial",
        address=to,
        subject=say(language, "mail", "mail.trial.subject"),
        text=say(language, "mail", "mail.trial.text"),
    )
    now = datetime.now(UTC)
    try:
        await post.send(message(derived_id("trial", now.isoformat()), letter, post.sender, now))
    except (NotNow, Refused) as problem:
        return str(problem)
    return None


# --- SQL -------------------------------------------------------------------------------------------------------------


def _issue(connection: Connection) -> str | None:
    if views.areas(connection):
        return None
    links.withdraw(connection, "setup", NIL)
    return links.issue(connection, "setup", NIL, Empty(), GOOD_FOR)


def _settle(connection: Connection, data: SetUp, being: Being) -> Account | None:
    """Uses the link up and gives the coordination its account; None if somebody was quicker."""
    if links.redeem(connection, "setup", data.token, Empty) is None:
        return None
    if data.mail is not None:
        name_server(connection, data.mail.url, data.mail.sender)
    return accounts.coming_in(connection, being, data.email)

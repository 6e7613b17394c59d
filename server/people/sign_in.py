"""Signing in: by a link that was mailed on request or that the coordination gave to a person, or by a password.

Nobody learns from an answer who has an account. A link is used when a person presses the button of the page that it
opens, never by its mere opening: mail scanners open links, too.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from litestar import Request, Response, post
from litestar.background_tasks import BackgroundTask
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Struct
from sqlalchemy import Connection

from server.core.commands import Request as Sent
from server.core.ids import new_id
from server.core.kernel import Kernel
from server.core.space import Space
from server.core.wording import Language, say
from server.mail.configured import MailRoom
from server.mail.letters import Letter
from server.mail.outbox import Outbox, queue
from server.who import Who, only
from shared_schema.accounts import (
    AccessGiven,
    AskForLink,
    Entered,
    GiveAccess,
    LinkPreview,
    UseCode,
    UseLink,
    UsePassword,
)
from shared_schema.base import SYSTEM, Author, GivenId, Id
from shared_schema.invitations import ConfirmPerson
from shared_schema.people import Area, Person
from shared_schema.refusals import AddressTaken, NotAllowed, NotFound, Refusal, WrongPassword

from . import access, accounts, credentials, links, proofs, rules
from .accounts import Account, Being
from .attempts import Attempts
from .entering import Entering
from .sessions import Session

log = logging.getLogger("korridor.people")

PUBLIC: Final = {"exclude_from_auth": True}
MAILED_MINUTES: Final = 15
MAILED_FOR: Final = timedelta(minutes=MAILED_MINUTES)
GIVEN_FOR: Final = timedelta(days=7)
MOST_MAILED: Final = 5
"""Links mailed to one account in an hour: nobody's inbox is flooded by a stranger. Those sent stay good."""


class SignIn(Struct, frozen=True):
    """What a mailed link opens: an account, wherever it is somebody."""

    account: Id


class Access(Struct, frozen=True):
    """What a given link opens: a person; `email` if it was mailed there, which it so confirms."""

    being: Being
    email: str | None


class Ways(Struct, frozen=True):
    """What these routes need."""

    kernel: Kernel
    entering: Entering
    attempts: Attempts
    outbox: Outbox
    mail_room: MailRoom
    url: str


def sign_in_routes(ways: Ways) -> list[HTTPRouteHandler]:
    """Asking for a link, looking at one, using one, and giving one to a person."""
    kernel, entering, attempts = ways.kernel, ways.entering, ways.attempts

    @post("/api/sign-in/ask", opt=PUBLIC, status_code=204)
    async def ask(data: JSONBody[AskForLink]) -> Response[None]:
        # After the answer, so that its time does not tell who has an account.
        return Response(None, background=BackgroundTask(mail, data.email))

    async def mail(email: str) -> None:
        account = await kernel.database.read(accounts.by_email, email)
        being = _first(await kernel.database.read(accounts.beings, account.id)) if account else None
        area = await kernel.space(being.area) if being else None
        if account is None or area is None:
            return
        if await kernel.database.write(mail_link, account, _language(area), ways.url):
            ways.outbox.wake()

    @post("/api/sign-in/look", opt=PUBLIC | only(Who.HOLDS), status_code=200)
    async def look(request: Request[Any, Any, Any], data: JSONBody[UseLink]) -> LinkPreview:
        being = await kernel.database.read(_opens, data.token)
        area = await kernel.space(being.area) if being else None
        person = area.find(Person, being.person) if area and being else None
        if area is None or person is None:
            attempts.failed(request)
            raise NotFoundException
        return LinkPreview(name=person.name, area_name=_name_of(area))

    @post("/api/sign-in", opt=PUBLIC | only(Who.HOLDS), status_code=200)
    async def enter(request: Request[Any, Any, Any], data: JSONBody[UseLink]) -> Response[Entered]:
        opened = await kernel.database.write(_open, data.token)
        if opened is None:
            log.info("sign_in_refused", extra={"reason": "link"})
            attempts.failed(request)
            raise NotFoundException
        account, being = opened
        if account.email is not None:
            await _keep_promise(kernel, being)
        return await entering.first_step(request, being, account=account.id, by="link")

    @post("/api/sign-in/password", opt=PUBLIC, status_code=200)
    async def with_password(request: Request[Any, Any, Any], data: JSONBody[UsePassword]) -> Response[Entered]:
        attempts.hold(request, accounts.normal(data.email))
        known = await kernel.database.read(proofs.known, data.email)
        # It takes as long for an address that nobody has.
        fits = await credentials.fits(data.password, known.password if known else None)
        being = _first(await kernel.database.read(accounts.beings, known.id)) if known else None
        if not fits or known is None or being is None:
            log.info("sign_in_refused", extra={"reason": "password"})
            attempts.failed(request, accounts.normal(data.email))
            raise Refusal(WrongPassword())
        return await entering.first_step(request, being, account=known.id, by="password")

    @post("/api/sign-in/second", opt=PUBLIC, status_code=200)
    async def second(request: Request[Any, Any, Any], data: JSONBody[UseCode]) -> Response[Entered]:
        return await entering.second_step(request, data.token, data.code)

    @post("/api/people/{person:str}/access", status_code=200, opt=only(Who.COORDINATES))
    async def give(
        request: Request[Any, Session, Any], person: FromPath[GivenId], data: JSONBody[GiveAccess]
    ) -> AccessGiven:
        area = await _kept_area(kernel, request.auth)
        someone = area.get(Person, person)
        if not rules.has_access(area, someone, kernel.now()):
            raise Refusal(NotFound(kind="person", id=person))
        mail = await ways.mail_room.post() is not None
        given = await kernel.database.write(_give, area, someone, data.email, ways.url, mail)
        log.info("access_given", extra={"person": person, "by": request.auth.person, "mailed": given.mailed})
        ways.outbox.wake()
        return given

    return [ask, look, enter, with_password, second, give]


async def _keep_promise(kernel: Kernel, being: Being) -> None:
    """A guest whose address is confirmed becomes what they were invited as. Where nothing was promised, that is refused
    and nothing happens."""
    command = ConfirmPerson(person=being.person)
    await kernel.submit(Sent(id=new_id(), space=being.area, command=command, author=SYSTEM))


async def _kept_area(kernel: Kernel, session: Session) -> Space:
    """The area of the one who asks, if its directory is theirs to keep."""
    area = await kernel.space(session.area)
    if area is None:
        raise NotAuthorizedException
    by = access.actor(area, area, Author(kind="person", id=session.person), kernel.now())
    if not access.keeps_directory(by):
        raise Refusal(NotAllowed())
    return area


def _name_of(area: Space) -> str:
    home = area.find(Area, area.id)
    return home.name if home else ""


def _language(area: Space) -> Language:
    home = area.find(Area, area.id)
    return home.language if home else "de"


# --- SQL -------------------------------------------------------------------------------------------------------------


def mail_link(connection: Connection, account: Account, language: Language, url: str) -> bool:
    """Mails a link to the address of an account, unless it got many lately; says whether it did."""
    sent = links.issued_since(connection, "sign_in", account.id, timedelta(hours=1))
    if account.email is None or sent >= MOST_MAILED:
        return False
    token = links.issue(connection, "sign_in", account.id, SignIn(account=account.id), MAILED_FOR)
    words = {"link": address(url, token), "minutes": MAILED_MINUTES}
    queue(connection, [write_letter(language, "sign_in", account.email, MAILED_FOR, **words)])
    return True


def _give(connection: Connection, area: Space, person: Person, email: str | None, url: str, mail: bool) -> AccessGiven:
    """Lets a person in: by a mail to the address of their account, or else the one given; without mail or address by a
    link to hand over. Whoever has an address is never let in by a link that others have seen, if there is mail."""
    known = accounts.of_person(connection, person.id)
    to = (known.email if known and known.email else email) if mail else None
    holder = accounts.by_email(connection, to) if to and not known else None
    if holder and any(one.area == area.id for one in accounts.beings(connection, holder.id)):
        raise Refusal(AddressTaken())
    links.withdraw(connection, "access", person.id)  # the one before may have gone astray
    data = Access(being=Being(person=person.id, area=area.id), email=to)
    token = links.issue(connection, "access", person.id, data, GIVEN_FOR)
    if to is None:
        return AccessGiven(mailed=False, link=address(url, token))
    words = {"link": address(url, token), "area": _name_of(area), "name": person.name}
    queue(connection, [write_letter(_language(area), "access", to, GIVEN_FOR, **words)])
    return AccessGiven(mailed=True)


def _opens(connection: Connection, token: str) -> Being | None:
    """Whom a link signs in, as long as it is not used."""
    if given := links.peek(connection, "access", token, Access):
        return given.being
    mailed = links.peek(connection, "sign_in", token, SignIn)
    return _first(accounts.beings(connection, mailed.account)) if mailed else None


def _open(connection: Connection, token: str) -> tuple[Account, Being] | None:
    """Uses a link up; the account it opens, and as whom."""
    if given := links.redeem(connection, "access", token, Access):
        with suppress(accounts.AddressTaken):  # since it was given, somebody else has come in with this address
            came_in = accounts.coming_in(connection, given.being, given.email)
            return accounts.by_id(connection, came_in.id) or came_in, given.being
        return None
    mailed = links.redeem(connection, "sign_in", token, SignIn)
    account = accounts.by_id(connection, mailed.account) if mailed else None
    being = _first(accounts.beings(connection, account.id)) if account else None
    return (account, being) if account and being else None


def _first(some: list[Being]) -> Being | None:
    return some[0] if some else None


def address(url: str, token: str) -> str:
    """The address of a link to come in. What stands in the fragment never leaves the browser by itself."""
    return f"{url}/enter#{token}"


def write_letter(language: Language, purpose: str, to: str, useful_for: timedelta, **values: object) -> Letter:
    """A letter in the words of the catalogue, `PURPOSE.subject` and `PURPOSE.text`."""
    return Letter(
        purpose=purpose,
        address=to,
        subject=say(language, "mail", f"mail.{purpose}.subject", **values),
        text=say(language, "mail", f"mail.{purpose}.text", **values),
        useful_for=useful_for,
    )

"""From an empty instance to the first people in it: setting up, a mailed link, one's own sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pyotp
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from server.people.setup import setup_link
from tests.support.instances import Instance, running_instance
from tests.support.mailbox import Mailbox, link_in, mail_server

JANA = "jana@brachtenau.example"
PHONE = {"width": 390, "height": 844}

Visitor = Callable[..., Awaitable[Page]]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
async def empty(sqlite_url: str) -> AsyncIterator[Instance]:
    """An instance that holds nothing yet."""
    async with running_instance(sqlite_url, demo=False) as instance:
        yield instance


@pytest.fixture
async def visitor(chromium: Browser) -> AsyncIterator[Visitor]:
    """Opens a page in a browser of its own, in which nobody is signed in."""
    contexts: list[BrowserContext] = []

    async def open_page(**options: object) -> Page:
        context = await chromium.new_context(
            **{"viewport": PHONE, "locale": "de-DE", "service_workers": "block", **options}  # type: ignore[arg-type]
        )
        contexts.append(context)
        return await context.new_page()

    yield open_page
    for context in contexts:
        await context.close()


async def set_up(page: Page, instance: Instance, mailbox: Mailbox, url: str = "") -> None:
    """Founds the area as whoever holds the link does, with the mail server that was named."""
    link = await setup_link(instance.korridor.kernel.database, url or instance.url)
    assert link is not None
    await page.goto(link)
    await page.get_by_label("Name des Kooperationsraums").fill("Kooperationsraum Selmachtal")
    await page.get_by_label("Beteiligte Kommunen").fill("Brachtenau\nSelmach\n")
    await page.get_by_label("Ihr Name").fill("Jana Wolfsteiner")
    await page.get_by_label("E-Mail-Adresse").fill(JANA)
    await page.get_by_label("Mailserver").fill(mailbox.url)
    await page.get_by_label("Absender").fill("Korridor <korridor@brachtenau.example>")
    await page.get_by_role("button", name="Testmail senden").click()
    await expect(page.get_by_text(f"Der Mailserver hat die Nachricht an {JANA} angenommen.")).to_be_visible()
    assert (await mailbox.next())["To"] == JANA
    await page.get_by_role("button", name="Kooperationsraum gründen").click()
    await expect(page.get_by_role("heading", name="Guten Tag, Jana Wolfsteiner")).to_be_visible()


async def test_an_empty_instance_is_set_up_and_its_coordination_comes_in_by_mail(
    empty: Instance, visitor: Visitor, mailbox: Mailbox
) -> None:
    desk = await visitor(viewport={"width": 1440, "height": 900})
    await set_up(desk, empty, mailbox)
    assert "#" not in desk.url, "the token stands in no address that somebody may read over a shoulder"

    phone = await visitor()
    await phone.goto(empty.url)
    await phone.get_by_label("E-Mail-Adresse").fill(JANA)
    await phone.get_by_role("button", name="Link zuschicken").click()
    await expect(phone.get_by_text("dann ist der Link jetzt unterwegs")).to_be_visible()
    link = link_in(await mailbox.next())
    await phone.goto(link)
    await expect(phone.get_by_text("Sie treten ein als Jana Wolfsteiner")).to_be_visible()
    await phone.get_by_role("button", name="Jetzt eintreten").click()
    await expect(phone.get_by_role("heading", name="Guten Tag, Jana Wolfsteiner")).to_be_visible()

    await phone.goto(link)
    await expect(phone.get_by_role("heading", name="Dieser Link gilt nicht mehr")).to_be_visible()


async def test_in_an_empty_area_the_coordination_founds_the_first_network(
    empty: Instance, visitor: Visitor, mailbox: Mailbox
) -> None:
    page = await visitor(viewport={"width": 1440, "height": 900})
    await set_up(page, empty, mailbox)
    await expect(page.get_by_text("Gründen Sie den ersten")).to_be_visible()
    await page.get_by_role("button", name="Raum gründen").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Netzwerk Mobilität")
    await dialog.get_by_label("Wozu?").fill("Ohne Auto gut unterwegs.")
    await dialog.get_by_role("button", name="Gründen", exact=True).click()
    await expect(page.get_by_role("heading", name="Netzwerk Mobilität")).to_be_visible()
    await expect(page.get_by_text("Stellvertretung der Moderation benennen")).to_be_visible()
    side = page.get_by_role("navigation", name="Bereiche")
    await expect(side.get_by_role("link", name="Mobilität")).to_be_visible()
    await page.goto(empty.url)
    await page.get_by_role("button", name="Raum gründen").click()
    await dialog.get_by_label("Schlüsselprojekt").check()
    await expect(dialog.get_by_label("Gehört zum Netzwerk")).to_be_visible()


async def test_signed_out_elsewhere_a_window_says_so_at_once(
    empty: Instance, visitor: Visitor, mailbox: Mailbox
) -> None:
    desk = await visitor(viewport={"width": 1440, "height": 900})
    await set_up(desk, empty, mailbox)
    phone = await visitor()
    await phone.goto(empty.url)
    await phone.get_by_label("E-Mail-Adresse").fill(JANA)
    await phone.keyboard.press("Enter")
    await phone.goto(link_in(await mailbox.next()))
    await phone.get_by_role("button", name="Jetzt eintreten").click()
    await expect(phone.get_by_role("heading", name="Guten Tag, Jana Wolfsteiner")).to_be_visible()

    await desk.goto(f"{empty.url}/account")
    await expect(desk.get_by_text("dieses Gerät")).to_be_visible()
    await desk.get_by_role("button", name="abmelden").click()
    await expect(phone.get_by_role("heading", name="Willkommen")).to_be_visible()
    await expect(desk.get_by_role("button", name="abmelden")).to_have_count(0)


async def test_a_used_setup_link_says_so(empty: Instance, visitor: Visitor) -> None:
    page = await visitor()
    await page.goto(f"{empty.url}/setup#{'x' * 43}")
    await expect(page.get_by_role("heading", name="Dieser Link gilt nicht mehr")).to_be_visible()


async def test_with_a_password_and_an_app_one_signs_in_in_two_steps(
    empty: Instance, visitor: Visitor, mailbox: Mailbox
) -> None:
    desk = await visitor(viewport={"width": 1440, "height": 900})
    await set_up(desk, empty, mailbox)
    await desk.goto(f"{empty.url}/account")
    await expect(desk.get_by_text(f"Links zum Anmelden gehen an {JANA}.")).to_be_visible()
    await desk.get_by_role("button", name="Passwort festlegen").click()
    await desk.get_by_label("Neues Passwort").fill("Selmachtal1")
    await desk.get_by_role("button", name="Speichern").click()
    await expect(desk.get_by_text("Dieses Passwort ist leicht zu erraten.")).to_be_visible()
    await desk.get_by_label("Neues Passwort").fill("vier Wagen kreuzen morgens")
    await desk.get_by_role("button", name="Speichern").click()
    await expect(desk.get_by_role("button", name="Passwort ändern")).to_be_visible()

    await desk.get_by_role("button", name="App einrichten").click()
    await expect(desk.get_by_role("img", name="QR-Code für die App")).to_be_visible()
    secret = (await desk.locator("code").inner_text()).replace(" ", "")
    await desk.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
    await desk.get_by_role("button", name="Bestätigen").click()
    await expect(desk.get_by_text("Ihre Ersatzcodes")).to_be_visible()
    recovery = await desk.get_by_role("status").get_by_role("listitem").first.inner_text()

    phone = await visitor()
    await phone.goto(empty.url)
    await phone.get_by_role("button", name="Lieber mit Passwort").click()
    await phone.get_by_label("E-Mail-Adresse").fill(JANA)
    await phone.get_by_label("Passwort").fill("wrong")
    await phone.keyboard.press("Enter")
    await expect(phone.get_by_text("E-Mail-Adresse und Passwort passen nicht zusammen.")).to_be_visible()
    await phone.get_by_label("Passwort").fill("vier Wagen kreuzen morgens")
    await phone.keyboard.press("Enter")
    await expect(phone.get_by_label("Code")).to_be_focused()
    await phone.keyboard.type(recovery)
    await phone.keyboard.press("Enter")
    await expect(phone.get_by_role("heading", name="Guten Tag, Jana Wolfsteiner")).to_be_visible()


async def test_with_a_passkey_one_signs_in_without_anything_else(
    empty: Instance, visitor: Visitor, mailbox: Mailbox
) -> None:
    desk = await visitor(viewport={"width": 1440, "height": 900})
    device = await desk.context.new_cdp_session(desk)
    await device.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    authenticator = {**kind, "isUserVerified": True, "automaticPresenceSimulation": True}
    await device.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    # Passkeys are made for names; a bare address has none.
    named = f"http://localhost:{empty.settings.port}"
    await set_up(desk, empty, mailbox, named)
    await desk.goto(f"{named}/account")
    await desk.get_by_role("button", name="Passkey hinzufügen").click()
    await desk.get_by_label("Name").fill("Diensthandy")
    await desk.get_by_role("button", name="Passkey anlegen").click()
    await expect(desk.get_by_text("zuletzt benutzt: noch nie")).to_be_visible()

    await desk.context.clear_cookies()
    await desk.goto(named)
    await desk.get_by_role("button", name="Lieber mit Passkey").click()
    await expect(desk.get_by_role("heading", name="Guten Tag, Jana Wolfsteiner")).to_be_visible()
    await desk.goto(f"{named}/account")
    await expect(desk.get_by_text("zuletzt benutzt: noch nie")).to_have_count(0)

    await desk.get_by_role("button", name="Passkey Diensthandy entfernen").click()
    await expect(desk.get_by_text("Diensthandy")).to_have_count(0)
    await desk.context.clear_cookies()
    await desk.goto(named)
    await desk.get_by_role("button", name="Lieber mit Passkey").click()
    await expect(desk.get_by_text("Dieser Passkey gilt hier nicht.")).to_be_visible()

"""A partner is on the board within a minute: from the moderator's link to a task of their own, on a phone."""

from __future__ import annotations

import re
from time import monotonic

from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import Opens
from tests.support.windows import Window

NETWORK = "Netzwerk Mobilität Selmachtal"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "locale": "de-DE"}
WITHIN = 60


async def people_page(window: Window) -> Page:
    space = (await window.spaces())[NETWORK]
    await window.page.goto(f"{window.url}/spaces/{space}/people")
    return window.page


async def make_link(window: Window) -> str:
    """The link that a moderator makes, as the dialog shows it this once."""
    page = await people_page(window)
    await page.get_by_role("button", name="Einladen").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Notiz").fill("Messestand")
    await dialog.get_by_role("button", name="Link erstellen").click()
    await expect(dialog.get_by_role("img", name="QR-Code des Links")).to_be_visible()
    return await dialog.get_by_label("Link", exact=True).input_value()


async def is_on_board(page: Page) -> None:
    await expect(page).to_have_url(re.compile("/spaces/[^#]+$"))
    await expect(page.get_by_role("heading", name=NETWORK)).to_be_visible()


async def test_a_stranger_with_a_link_has_added_a_task_within_a_minute(
    opens: Opens, chromium: Browser, url: str
) -> None:
    jana = await opens("Jana Wolfsteiner")
    link = await make_link(jana)
    context = await chromium.new_context(**PHONE)  # type: ignore[arg-type]
    window = Window(url, await context.new_page())
    # Who is signed in? Nobody yet. And guests of a network get nothing of its projects.
    window.provokes("401 (Unauthorized)", "404 (Not Found)")
    page = window.page

    began = monotonic()
    await page.goto(link)
    await expect(page.get_by_text("Jana Wolfsteiner lädt Sie ein")).to_be_visible()
    assert await window.axe() == []
    await page.get_by_label("Ihr Name").fill("Nora Neu")
    await page.get_by_role("button", name="Andere hinzufügen…").click()
    await page.get_by_label("Name Ihrer Organisation").fill("Radverein Selmach")
    await page.get_by_role("button", name="Mitmachen").click()
    await is_on_board(page)
    await page.get_by_role("button", name=re.compile("Aufgabe")).first.click()
    await expect(page.get_by_role("textbox", name=re.compile("Neue Aufgabe"))).to_be_focused()
    await page.keyboard.type("Lastenrad ausleihen")
    await page.keyboard.press("Enter")
    await expect(window.card("Lastenrad ausleihen")).to_be_visible()
    seconds = monotonic() - began

    print(f"from the link to a task on the board: {seconds:.1f} s")
    assert seconds < WITHIN
    await jana.open_board(NETWORK)
    await expect(jana.card("Lastenrad ausleihen")).to_be_visible()
    page = await people_page(jana)
    await expect(page.get_by_role("listitem").filter(has_text="Nora Neu").first).to_contain_text("Radverein Selmach")
    await expect(page.get_by_text("zugesagt: Mitglied")).to_be_visible()
    assert (window.mistakes, window.strangers) == ([], [])
    await context.close()


async def test_a_link_that_is_revoked_lets_nobody_in_and_takes_those_along_who_came_by_it(
    opens: Opens, chromium: Browser, url: str
) -> None:
    jana = await opens("Jana Wolfsteiner")
    link = await make_link(jana)
    context = await chromium.new_context(**PHONE)  # type: ignore[arg-type]
    guest = await context.new_page()
    await guest.goto(link)
    await guest.get_by_label("Ihr Name").fill("Nora Neu")
    organisation = guest.get_by_role("combobox", name="Ihre Organisation")
    await organisation.fill("Stadt")
    await organisation.press("Enter")
    await guest.get_by_role("button", name="Mitmachen").click()
    await is_on_board(guest)

    page = await people_page(jana)
    invitation = page.get_by_role("listitem").filter(has_text="Messestand")
    await expect(invitation).to_contain_text("1 von 20 genutzt")
    await invitation.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Auch 1 Person entfernen").check()
    await dialog.get_by_role("button", name="Zurückziehen").click()
    await expect(invitation).to_have_count(0)
    await expect(guest.get_by_role("heading", name=NETWORK)).to_have_count(0)

    await context.clear_cookies()
    again = await context.new_page()
    await again.goto(link)
    await expect(again.get_by_text("Diese Einladung gilt nicht mehr")).to_be_visible()
    await context.close()


async def test_who_is_signed_in_comes_in_with_one_button(opens: Opens) -> None:
    jana, florian = await opens("Jana Wolfsteiner"), await opens("Florian Bernreiter")
    link = await make_link(jana)
    await florian.page.goto(link)
    await expect(florian.page.get_by_text("Sie sind angemeldet als")).to_be_visible()
    await florian.page.get_by_role("button", name="Mitmachen").click()
    await is_on_board(florian.page)


async def test_the_dialog_says_what_the_invited_will_see_and_holds_to_the_rules(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await make_link(jana)
    dialog = jana.page.get_by_role("dialog")
    await expect(dialog.get_by_role("region", name="Das sehen die Eingeladenen")).to_contain_text(NETWORK)
    assert await jana.axe() == []

"""Everything around the board in real browser windows: signing in, finding one's way, people, activity, notices."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.e2e.conftest import Opens
from tests.support.commands import Serving
from tests.support.windows import Window

BUS = "Rufbus Selmachtal"
NETWORK = "Netzwerk Mobilität Selmachtal"
TIMETABLE = "Musterfahrplan für das Wochenende erstellen"
ADDED = "Andreas Kolbeck"


async def stranger(chromium: Browser, url: str, path: str = "/", **options: object) -> Page:
    """A page in which nobody is signed in."""
    context = await chromium.new_context(viewport={"width": 1440, "height": 900}, locale="de-DE", **options)  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(f"{url}{path}")
    return page


async def go(window: Window, name: str, view: str = "") -> None:
    space = (await window.spaces())[name]
    await window.page.goto(f"{window.url}/spaces/{space}{view}")


async def area_of(window: Window) -> str:
    me = await (await window.page.request.get(f"{window.url}/api/me")).json()
    return f"/spaces/{me['area']}"


# --- signing in ------------------------------------------------------------------------------------------------------


async def test_somebody_chosen_from_the_list_is_greeted_and_may_leave_again(chromium: Browser, url: str) -> None:
    page = await stranger(chromium, url)
    await page.get_by_role("searchbox").fill("omnibus mirela")
    await page.get_by_role("button", name=re.compile("Mirela Petrović")).click()
    await expect(page.get_by_role("heading", name="Guten Tag, Mirela Petrović")).to_be_visible()
    await page.get_by_role("button", name="Konto und Anzeige").click()
    await page.get_by_role("button", name="Abmelden oder Person wechseln").click()
    await expect(page.get_by_role("heading", name="Willkommen")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Willkommen")).to_be_visible()


async def test_each_suggestion_shows_another_side(chromium: Browser, url: str) -> None:
    page = await stranger(chromium, url)
    for why in ("Sieht und moderiert alle Räume.", "Moderiert ein Netzwerk als Partner.", "Arbeitet für einen Betrieb"):
        await expect(page.get_by_text(why)).to_be_visible()
    await page.get_by_role("button", name=re.compile("Ist eingeladen")).click()
    await expect(page.get_by_role("navigation", name="Bereiche").get_by_role("link", name=BUS)).to_be_visible()
    await expect(page.get_by_role("link", name="Lenkungsgruppe")).to_have_count(0)


async def test_an_address_from_a_mail_is_still_there_after_signing_in(chromium: Browser, url: str) -> None:
    page = await stranger(chromium, url, "/tasks")
    await page.get_by_role("button", name=re.compile("Jana Wolfsteiner")).first.click()
    await expect(page.get_by_role("heading", name="Meine Aufgaben")).to_be_visible()


async def test_language_and_colours_are_remembered(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    page = jana.page
    await page.goto(jana.url)
    await page.get_by_role("button", name="Konto und Anzeige").click()
    await page.get_by_role("radio", name="dunkel").check()
    await page.get_by_role("radio", name="English").check()
    await expect(page.get_by_role("heading", name="Account and display")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Hello, Jana Wolfsteiner")).to_be_visible()
    await expect(page.locator("html[lang=en][data-theme=dark]")).to_be_attached()


# --- finding one's way -----------------------------------------------------------------------------------------------


async def test_another_page_takes_the_focus_to_its_heading(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    page = jana.page
    await page.goto(jana.url)
    await page.get_by_role("link", name="Meine Aufgaben").click()
    await expect(page.get_by_role("heading", name="Meine Aufgaben")).to_be_focused()
    await expect(page).to_have_title(re.compile("^Meine Aufgaben – "))
    await page.go_back()
    await expect(page.get_by_role("heading", name="Guten Tag")).to_be_focused()


async def test_who_goes_on_before_the_first_page_is_there_finds_the_focus_at_the_heading_too(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    page = jana.page
    late = asyncio.Event()

    async def hold(route: Route) -> None:
        await late.wait()
        await route.continue_()

    await page.route("**/OverviewPage-*.js", hold)
    await page.goto(jana.url)
    await page.get_by_role("link", name="Meine Aufgaben").click()
    await expect(page.get_by_role("heading", name="Meine Aufgaben")).to_be_focused()
    late.set()


async def test_the_keyboard_skips_to_the_content(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.page.goto(jana.url)
    await expect(jana.page.get_by_role("heading", name="Guten Tag")).to_be_visible()
    await jana.page.keyboard.press("Tab")
    await jana.page.keyboard.press("Enter")
    await expect(jana.page.locator("main")).to_be_focused()


async def test_a_task_that_waits_leads_to_its_board(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.page.goto(f"{jana.url}/tasks")
    await jana.page.get_by_role("link", name=re.compile("Pressegespräch zum Rufbus")).click()
    panel = jana.page.get_by_role("complementary")
    await expect(panel.get_by_role("heading", name=re.compile("Pressegespräch"))).to_be_visible()


async def test_who_only_runs_the_machine_is_led_to_nothing_that_is_closed(opens: Opens) -> None:
    murat = await opens("Murat Aydoğan")
    murat.provokes("404 (Not Found)")
    await murat.page.goto(murat.url)
    await expect(murat.page.get_by_text("Für Sie ist noch kein Raum geöffnet.")).to_be_visible()
    await expect(murat.page.get_by_role("link", name="Meine Aufgaben").first).to_be_visible()
    await expect(murat.page.get_by_role("link", name="Ziele und Beteiligte")).to_have_count(0)


async def test_an_unknown_address_leads_back(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.page.goto(f"{jana.url}/nowhere")
    await jana.page.get_by_role("link", name="Zum Überblick").click()
    await expect(jana.page.get_by_role("heading", name="Guten Tag")).to_be_visible()


# --- people ----------------------------------------------------------------------------------------------------------


async def test_a_person_is_added_gets_a_role_and_leaves_again(opens: Opens) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await go(jana, "Netzwerk Gesundheit und Miteinander", "/people")
    await go(josef, "Netzwerk Gesundheit und Miteinander", "/people")
    seen = josef.page.get_by_role("listitem").filter(has_text=ADDED)

    await jana.page.get_by_role("button", name="Person aufnehmen").click()
    person = jana.page.get_by_role("combobox", name="Person")
    await person.fill("kolb")
    await person.press("Enter")
    await jana.page.get_by_role("button", name="Aufnehmen", exact=True).click()
    await expect(seen.first).to_contain_text("Mitglied")

    await jana.page.get_by_role("button", name=f"Aktionen für {ADDED}").click()
    await jana.page.get_by_role("menuitemradio", name="Gast").click()
    await expect(seen.first).to_contain_text("Gast")

    await jana.page.get_by_role("button", name=f"Aktionen für {ADDED}").click()
    await jana.page.get_by_role("menuitem", name="Aus dem Raum entfernen").click()
    await jana.page.get_by_role("button", name="Entfernen", exact=True).click()
    await expect(seen).to_have_count(0)
    await expect(josef.page.get_by_role("button", name="Person aufnehmen")).to_have_count(0)


async def test_who_is_here_is_seen(opens: Opens) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await go(jana, NETWORK, "/people")
    await go(josef, NETWORK, "/people")
    await expect(jana.page.get_by_role("listitem").filter(has_text="Josef Dorfner").first).to_contain_text(
        "gerade hier"
    )
    await josef.page.goto(f"{josef.url}/tasks")
    await expect(jana.page.get_by_text("1 Person ist gerade hier.")).to_be_visible()


async def test_who_loses_access_is_told_and_sees_nothing_more(opens: Opens) -> None:
    jana, rosalie = await opens("Jana Wolfsteiner"), await opens("Rosalie Brandl")
    await go(jana, BUS, "/people")
    await go(rosalie, BUS, "/people")
    await expect(rosalie.page.get_by_role("heading", name=BUS)).to_be_visible()
    await jana.page.get_by_role("button", name="Aktionen für Rosalie Brandl").click()
    await jana.page.get_by_role("menuitem", name="Aus dem Raum entfernen").click()
    await jana.page.get_by_role("button", name="Entfernen", exact=True).click()
    await expect(rosalie.page.get_by_role("heading", name="Kein Zugang")).to_be_visible()
    await expect(rosalie.page.get_by_text("Josef Dorfner")).to_have_count(0)


# --- activity --------------------------------------------------------------------------------------------------------


async def test_what_happens_is_told_on_top_with_a_way_to_the_board_of_then(opens: Opens) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await go(jana, BUS, "/journal")
    await expect(jana.page.get_by_role("heading", level=2).first).to_be_visible()
    await josef.open_board(BUS)
    await josef.card(TIMETABLE).locator("[data-title]").focus()
    await josef.page.keyboard.press("Alt+ArrowRight")

    first = jana.page.locator("main section ol > li").first
    await expect(first).to_contain_text(f"Josef Dorfner hat „{TIMETABLE}“ von „Offen“ nach „In Arbeit“ verschoben.")
    await expect(first).to_contain_text("Omnibus Dorfner GmbH & Co. KG")
    await expect(jana.page.get_by_role("heading", name="Heute")).to_be_visible()
    await first.get_by_role("link", name=re.compile("So sah das Brett aus")).click()
    await expect(jana.page).to_have_url(re.compile(r"\?at=\d+"))


async def test_the_activity_of_one_person_alone(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await go(jana, BUS, "/journal")
    person = jana.page.get_by_role("combobox", name="Person")
    await person.fill("dorf jos")
    await expect(jana.page.get_by_role("option", name="Josef Dorfner")).to_be_visible()
    await person.press("Enter")
    entries = jana.page.locator("main section ol > li")
    await expect(entries.first).to_contain_text("Josef Dorfner")
    assert all("Josef Dorfner" in text for text in await entries.all_inner_texts())
    await jana.page.get_by_role("button", name="Auswahl aufheben: Josef Dorfner").click()
    await expect(entries.filter(has_not_text="Josef Dorfner").first).to_be_visible()


# --- notices ---------------------------------------------------------------------------------------------------------


async def test_what_is_refused_is_explained_and_can_be_discarded(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await go(jana, NETWORK, "/people")
    await jana.page.get_by_role("button", name="Aktionen für Jana Wolfsteiner").first.click()
    await jana.page.get_by_role("menuitemradio", name="Mitglied").click()
    notices = jana.page.get_by_role("region", name="Hinweise")
    await expect(notices).to_contain_text("Ein Raum braucht mindestens eine Moderation.")
    await jana.page.reload()
    await expect(notices).to_contain_text("Ein Raum braucht mindestens eine Moderation.")
    await notices.get_by_role("button", name="Verwerfen").click()
    await expect(notices).to_have_count(0)
    await jana.page.reload()
    await expect(jana.page.get_by_role("heading", name=NETWORK)).to_be_visible()
    await expect(notices).to_have_count(0)


async def test_who_is_overwritten_unseen_is_told_and_takes_it_back_with_one_click(opens: Opens) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await jana.open_board(BUS)
    await josef.open_board(BUS)
    await josef.open_task(TIMETABLE)
    await josef.page.keyboard.press("Escape")
    await josef.offline()

    for window, title in ((jana, "Fahrplan, wie Jana ihn nennt"), (josef, "Fahrplan, wie Josef ihn nennt")):
        panel = await window.open_task(TIMETABLE)
        await panel.get_by_role("button", name="Titel bearbeiten").click()
        field = panel.get_by_role("textbox", name="Titel")
        await field.fill(title)
        await field.press("Enter")
        await expect(panel.get_by_role("heading", name=title)).to_be_visible()
    await josef.offline(False)

    notices = jana.page.get_by_role("region", name="Hinweise")
    await expect(notices).to_contain_text("Josef Dorfner hat in „Fahrplan, wie Josef ihn nennt“ Ihre Eingabe")
    await expect(notices).to_contain_text("Fahrplan, wie Jana ihn nennt")
    await notices.get_by_role("button", name="Meine Eingabe wiederherstellen").click()
    await expect(josef.card("Fahrplan, wie Jana ihn nennt")).to_be_visible()


# --- offline ---------------------------------------------------------------------------------------------------------


async def test_without_the_server_the_page_starts_from_this_device(opens: Opens, serving: Serving) -> None:
    jana = await opens("Jana Wolfsteiner", service_workers="allow")
    await jana.open_board(BUS)
    await jana.works_offline()
    await expect(jana.card(TIMETABLE)).to_be_visible()
    serving.stop()
    await jana.page.reload()
    await expect(jana.card(TIMETABLE)).to_be_visible()
    await expect(jana.page.get_by_role("status").first).not_to_contain_text("aktuell")


# --- for everybody ---------------------------------------------------------------------------------------------------

PAGES = ("/", "/tasks", "/accessibility", "{area}/people", "{area}/journal", "{bus}/people", "{bus}/journal")


async def addresses(window: Window) -> list[str]:
    bus = f"/spaces/{(await window.spaces())[BUS]}"
    area = await area_of(window)
    return [window.url + path.format(bus=bus, area=area) for path in PAGES]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(opens: Opens, scheme: str) -> None:
    jana = await opens("Jana Wolfsteiner", color_scheme=scheme, bypass_csp=True)
    for address in await addresses(jana):
        await jana.page.goto(address)
        await expect(jana.page.get_by_role("heading", level=1)).to_be_visible()
        assert await jana.axe() == [], address


async def test_axe_finds_nothing_where_one_signs_in(chromium: Browser, url: str) -> None:
    page = await stranger(chromium, url, bypass_csp=True)
    await expect(page.get_by_role("heading", name="Alle Personen")).to_be_visible()
    assert await Window(url, page).axe() == []


@pytest.mark.parametrize("width", [320, 390])
async def test_a_phone_needs_no_sideways_page(opens: Opens, width: int) -> None:
    jana = await opens("Jana Wolfsteiner", viewport={"width": width, "height": 700}, has_touch=True, is_mobile=True)
    for address in await addresses(jana):
        await jana.page.goto(address)
        await expect(jana.page.get_by_role("heading", level=1)).to_be_visible()
        assert await jana.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


async def test_a_phone_reaches_every_space_through_its_dock(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner", viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    await jana.page.goto(jana.url)
    await jana.page.get_by_role("button", name="Bretter").tap()
    await jana.page.get_by_role("dialog").get_by_role("link", name=BUS).tap()
    await expect(jana.page.get_by_role("heading", name=BUS)).to_be_visible()
    await expect(jana.page.get_by_role("dialog")).to_have_count(0)
    await jana.page.get_by_role("button", name="Ansicht: Brett").tap()
    await jana.page.get_by_role("link", name="Beteiligte").tap()
    await expect(jana.page.get_by_role("heading", name="Beteiligte")).to_be_visible()

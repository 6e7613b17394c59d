"""Where room is scarce or something is missing, the page stays in order: nothing is covered, cut off or pushed away."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, FloatRect, Locator, expect

from tests.e2e.conftest import Opens
from tests.support.commands import Serving

BUS = "Rufbus Selmachtal"
NETWORK = "Netzwerk Mobilität Selmachtal"
TIMETABLE = "Musterfahrplan für das Wochenende erstellen"
STOPS = "Haltestellen auf Barrierefreiheit prüfen"
# Names and titles that are cut off, and controls that are smaller than a finger needs (WCAG 2.2, 2.5.8).
FLAWS = """() => {
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 1
  const flaws = []
  for (const one of document.querySelectorAll('button, a[href], select, textarea, summary')) {
    const { width, height } = one.getBoundingClientRect()
    // All of a card leads where its title leads.
    if (seen(one) && Math.min(width, height) < 24 && !one.closest('.card h3')) flaws.push(`small: ${one.outerHTML}`)
  }
  for (const one of document.querySelectorAll('main *')) {
    const cut = getComputedStyle(one).textOverflow === 'ellipsis' && one.scrollWidth > one.clientWidth + 1
    if (cut && seen(one)) flaws.push(`cut off: ${one.textContent}`)
  }
  return flaws
}"""
PHONE = {"has_touch": True, "is_mobile": True}


async def box(locator: Locator) -> FloatRect:
    found = await locator.bounding_box()
    assert found is not None
    return found


async def test_a_list_in_a_description_looks_like_one(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.open_board(BUS)
    panel = await jana.open_task(STOPS)
    line = panel.get_by_role("listitem").filter(has_text="zwei Fotos je Haltestelle")
    await expect(line).to_have_css("list-style-type", "disc")
    before = await box(panel.get_by_text("Jede Haltestelle wird einmal angesehen"))
    assert (await box(line))["x"] > before["x"] + 8


@pytest.mark.parametrize("board", [BUS, NETWORK])
async def test_a_lost_connection_does_not_push_the_board_down(opens: Opens, serving: Serving, board: str) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.open_board(board)
    top = (await box(jana.lane("Offen")))["y"]
    serving.stop()
    await expect(jana.page.get_by_text("Verbindung wird hergestellt")).to_be_visible()
    assert abs((await box(jana.lane("Offen")))["y"] - top) <= 8
    await jana.page.locator(".card [data-title]").first.focus()
    await jana.page.keyboard.press("Alt+ArrowRight")
    await expect(jana.page.get_by_text("1 Änderung wartet")).to_be_visible()
    assert abs((await box(jana.lane("Offen")))["y"] - top) <= 8


async def test_all_lanes_of_a_network_are_seen_at_once_on_a_usual_screen(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.open_board(NETWORK)
    lane = await box(jana.lane("Schlüsselprojekte"))
    assert lane["x"] + lane["width"] <= 1440.5


async def test_a_long_name_of_a_column_covers_nothing(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.open_board(NETWORK)
    long = "Prüfung durch die zuständige Aufsichtsbehörde in Marbrunn"
    await jana.lane("Wartet").get_by_role("button", name="Menü der Spalte Wartet").click()
    await jana.page.get_by_role("menuitem", name="Spalte bearbeiten").click()
    await jana.page.get_by_label("Name der Spalte").fill(long)
    await jana.page.get_by_role("button", name="Speichern").click()
    await expect(jana.lane(long).get_by_text("Keine Aufgaben")).to_be_visible()
    # Both at one moment: between two questions the page may have drawn once more.
    gap = """lane => lane.querySelector('.empty').getBoundingClientRect().top
        - lane.querySelector('h2').getBoundingClientRect().bottom"""
    assert await jana.lane(long).evaluate(gap) >= 0


async def test_a_notice_does_not_cover_the_open_task(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.open_board(BUS)
    panel = await jana.open_task(TIMETABLE)
    await panel.get_by_role("button", name="Erledigt", exact=True).click()
    notice = await box(jana.page.get_by_role("region", name="Hinweise"))
    assert notice["x"] + notice["width"] <= (await box(panel))["x"]


@pytest.mark.parametrize(("width", "height"), [(320, 640), (390, 844), (720, 450)])
async def test_a_small_screen_has_room_for_the_past(opens: Opens, width: int, height: int) -> None:
    jana = await opens("Jana Wolfsteiner", viewport={"width": width, "height": height}, **PHONE)
    await jana.open_board(BUS, "?at=60")
    last = await box(jana.page.get_by_role("button", name="Einen Tag weiter"))
    assert last["x"] + last["width"] <= width
    await jana.lane("Offen").locator(".card").nth(1).scroll_into_view_if_needed()
    await expect(jana.lane("Offen").locator(".card").nth(1)).to_be_in_viewport(ratio=0.9)


async def test_a_phone_names_the_view_and_needs_two_lines_for_its_header(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner", viewport={"width": 320, "height": 640}, **PHONE)
    josef = await opens("Josef Dorfner")
    await josef.open_board(BUS)
    await jana.open_board(BUS)
    await expect(jana.page.get_by_role("list", name="Jetzt hier")).to_be_visible()
    view = jana.page.get_by_role("button", name="Ansicht: Brett")
    await expect(view).to_contain_text("Brett")
    menu = await box(jana.page.get_by_role("button", name="Menü des Bretts"))
    assert abs(menu["y"] - (await box(view))["y"]) < 2
    assert menu["x"] + menu["width"] <= 320


async def test_a_card_is_carried_by_finger_to_another_lane(opens: Opens) -> None:
    josef, jana = (
        await opens("Josef Dorfner", viewport={"width": 390, "height": 844}, **PHONE),
        await opens("Jana Wolfsteiner"),
    )
    await josef.open_board(BUS)
    await jana.open_board(BUS)
    card = await box(josef.lane("Offen").locator(".card").first)
    title = (await josef.titles("Offen"))[0]
    finger = await josef.page.context.new_cdp_session(josef.page)

    async def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        await finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    x, y = card["x"] + 100, card["y"] + 40
    await touch("touchStart", (x, y))
    await expect(josef.page.locator(".card.ghost")).to_be_visible()
    # At the rim the lanes roll by under the finger.
    await touch("touchMove", (x + 60, y))
    await touch("touchMove", (385, y))
    await expect(josef.lane("Offen").locator(".slot")).to_have_count(0)
    await touch("touchEnd")
    await expect(jana.lane("Offen").locator(".card", has_text=title)).to_have_count(0)
    assert "task=" not in josef.page.url


async def test_a_task_opens_offline_although_the_part_for_notices_is_missing(opens: Opens) -> None:
    josef = await opens("Josef Dorfner")
    await josef.open_board(BUS)
    panel = await josef.open_task(STOPS)
    await panel.press("Escape")
    await expect(panel).to_have_count(0)
    await josef.offline()
    await expect(josef.page.get_by_text("offline seit")).to_be_visible()
    # Brings up a notice, for the first time on this page.
    await josef.card(TIMETABLE).locator("[data-title]").focus()
    await josef.page.keyboard.press("Alt+ArrowRight")
    await expect(josef.card_in("In Arbeit", TIMETABLE)).to_be_visible()
    await josef.open_task(STOPS)


async def test_where_there_is_no_clipboard_the_link_can_be_read(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await jana.open_board(BUS)
    panel = await jana.open_task(STOPS)
    await panel.get_by_role("button", name="Weitere Aktionen").click()
    await jana.page.get_by_role("menuitem", name="Link kopieren").click()
    await expect(jana.page.get_by_role("region", name="Hinweise")).to_contain_text(jana.page.url)


async def test_what_is_too_long_for_a_title_is_told(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.open_board(BUS)
    await jana.page.get_by_role("button", name="Neue Aufgabe").click()
    await jana.page.get_by_role("textbox", name="Neue Aufgabe in Offen").fill("lang " * 2000)
    await expect(jana.page.get_by_text("Mehr als 200 Zeichen passen nicht in einen Titel.")).to_be_visible()


async def test_an_english_browser_stays_english_after_signing_in(chromium: Browser, url: str) -> None:
    context = await chromium.new_context(locale="en-GB")
    page = await context.new_page()
    await page.goto(url)
    await expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    await page.get_by_role("button", name=re.compile("Jana Wolfsteiner")).first.click()
    await expect(page.get_by_role("heading", name="Hello, Jana Wolfsteiner")).to_be_visible()
    await context.close()


@pytest.mark.parametrize("width", [320, 390, 1024, 1440])
async def test_nothing_is_cut_off_or_too_small_to_be_hit(opens: Opens, width: int) -> None:
    phone = PHONE if width < 960 else {}
    jana = await opens("Jana Wolfsteiner", viewport={"width": width, "height": 800}, **phone)
    spaces = await jana.spaces()
    for path in (f"{spaces[NETWORK]}", f"{spaces[BUS]}/list", f"{spaces[BUS]}/people", f"{spaces[BUS]}/journal"):
        await jana.page.goto(f"{jana.url}/spaces/{path}")
        await expect(jana.page.locator("main :is(.card, tbody a, .parts, li time)").first).to_be_visible()
        assert await jana.page.evaluate(FLAWS) == [], path
    await jana.open_board(BUS)
    await jana.open_task(STOPS)
    assert await jana.page.evaluate(FLAWS) == []

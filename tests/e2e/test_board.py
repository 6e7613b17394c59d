"""The board in real browser windows, most of it with two people at once."""

from __future__ import annotations

import signal

import pytest
from playwright.async_api import expect

from server.core.ids import new_id
from shared_schema.board import CreateTask
from tests.e2e.conftest import Opens
from tests.support.commands import Serving

BUS = "Rufbus Selmachtal"
NETWORK = "Netzwerk Mobilität Selmachtal"
TIMETABLE = "Musterfahrplan für das Wochenende erstellen"
STOPS = "Haltestellen auf Barrierefreiheit prüfen"
HIDDEN = "Beschlussvorlage für fünf Gemeinderäte formulieren"  # only Jana and other moderators see it
TEST_WEEK = "Testwoche mit einem Elektrokleinbus organisieren"


async def test_a_move_an_edit_a_comment_and_a_finished_task_appear_at_the_other(opens: Opens) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await jana.open_board(BUS)
    await josef.open_board(BUS)

    await jana.card(TIMETABLE).locator("[data-title]").focus()
    await jana.page.keyboard.press("Alt+ArrowRight")
    await expect(josef.card_in("In Arbeit", TIMETABLE)).to_be_visible()

    panel = await josef.open_task(TIMETABLE)
    await panel.get_by_placeholder("Kommentar schreiben").fill("Der Fahrplan liegt bei.")
    await panel.get_by_role("button", name="Senden").click()
    seen = await jana.open_task(TIMETABLE)
    await expect(seen.get_by_text("Der Fahrplan liegt bei.")).to_be_visible()

    await seen.get_by_role("button", name="Titel bearbeiten").click()
    title = seen.get_by_role("textbox", name="Titel")
    await title.fill("Musterfahrplan für Samstag und Sonntag")
    await title.press("Enter")
    await expect(josef.card("Musterfahrplan für Samstag und Sonntag")).to_be_visible()

    await seen.get_by_role("button", name="Erledigt", exact=True).click()
    await expect(josef.card_in("Erledigt", "Musterfahrplan für Samstag und Sonntag")).to_be_visible()


async def test_a_card_is_dragged_by_mouse(opens: Opens) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await jana.open_board(BUS)
    await josef.open_board(BUS)
    card, target = await jana.card(TIMETABLE).bounding_box(), await jana.card(STOPS).bounding_box()
    assert card is not None
    assert target is not None
    mouse = jana.page.mouse
    await mouse.move(card["x"] + 40, card["y"] + 30)
    await mouse.down()
    await mouse.move(card["x"] + 80, card["y"] + 40, steps=4)
    await mouse.move(target["x"] + 60, target["y"] + 4, steps=8)
    await mouse.up()
    await expect(josef.card_in("In Arbeit", TIMETABLE)).to_be_visible()
    titles = await josef.titles("In Arbeit")
    assert titles.index(TIMETABLE) == titles.index(STOPS) - 1


async def test_a_card_that_can_be_taken_looks_like_it(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.open_board(BUS)
    cursor = "card => getComputedStyle(card).cursor"
    title = jana.card(TIMETABLE).locator("[data-title]")
    assert await jana.card(TIMETABLE).evaluate(cursor) == "grab"
    assert await title.evaluate(cursor) == "grab"
    await jana.open_board(BUS, "?at=60")
    assert await jana.page.locator(".card").first.evaluate(cursor) == "auto"


async def test_a_long_lane_is_one_list_to_walk_and_to_move_in(opens: Opens) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await jana.open_board(BUS)
    await josef.open_board(BUS)
    column = await jana.lane("Offen").get_attribute("data-column")
    assert column is not None
    added = [f"Halt {number} besichtigen" for number in range(40)]
    for title in added:
        await jana.do(BUS, CreateTask(id=new_id(), column=column, title=title))
    await expect(jana.card_in("Offen", added[-1])).to_be_attached()
    before = await jana.titles("Offen")
    assert before[-40:] == added

    # By keyboard, from one end to the other and over a dozen others.
    await jana.card(before[0]).locator("[data-title]").focus()
    await jana.page.keyboard.press("End")
    await expect(jana.card(added[-1]).locator("[data-title]")).to_be_focused()
    await expect(jana.card(added[-1])).to_be_in_viewport(ratio=1)
    for key in ("Home", "Space", *["ArrowDown"] * 20, "Space"):
        await jana.page.keyboard.press(key)
    moved = [*before[1:21], before[0], *before[21:]]
    await expect(jana.lane("Offen").locator("[data-title]")).to_have_text(moved)

    # By mouse, from another lane into the middle of what was scrolled to.
    target = jana.card(added[30])
    await target.scroll_into_view_if_needed()
    at, card = await target.bounding_box(), await jana.card(STOPS).bounding_box()
    assert at is not None
    assert card is not None
    await jana.page.mouse.move(card["x"] + 40, card["y"] + 30)
    await jana.page.mouse.down()
    await jana.page.mouse.move(card["x"] + 20, card["y"] + 40, steps=4)
    await jana.page.mouse.move(at["x"] + 60, at["y"] + 4, steps=8)
    await jana.page.mouse.up()
    moved.insert(moved.index(added[30]), STOPS)
    await expect(jana.lane("Offen").locator("[data-title]")).to_have_text(moved)
    moved.remove(HIDDEN)
    await expect(josef.lane("Offen").locator("[data-title]")).to_have_text(moved)


async def test_escape_puts_a_dragged_card_back(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.open_board(BUS)
    before = await jana.titles("Offen")
    card = await jana.card(TIMETABLE).bounding_box()
    assert card is not None
    await jana.page.mouse.move(card["x"] + 40, card["y"] + 30)
    await jana.page.mouse.down()
    await jana.page.mouse.move(card["x"] + 400, card["y"] + 40, steps=6)
    await jana.page.keyboard.press("Escape")
    await jana.page.mouse.up()
    assert await jana.titles("Offen") == before


async def test_a_card_is_picked_up_and_put_down_by_keyboard(opens: Opens) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await jana.open_board(BUS)
    await josef.open_board(BUS)
    await jana.card(TIMETABLE).locator("[data-title]").focus()
    for key in ("Space", "ArrowRight", "ArrowRight", "Space"):
        await jana.page.keyboard.press(key)
    await expect(josef.card_in("Wartet", TIMETABLE)).to_be_visible()
    await expect(jana.card_in("Wartet", TIMETABLE).locator("[data-title]")).to_be_focused()


async def test_the_menu_moves_a_card_and_the_move_is_taken_back(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.open_board(BUS)
    await jana.card(TIMETABLE).locator(".more").click()
    await jana.page.get_by_role("menuitemradio", name="Wartet").click()
    await expect(jana.card_in("Wartet", TIMETABLE)).to_be_visible()
    await jana.page.get_by_role("button", name="Rückgängig").click()
    await expect(jana.card_in("Offen", TIMETABLE)).to_be_visible()


async def test_two_texts_written_at_once_are_brought_together(opens: Opens) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    panels = []
    for window in (jana, josef):
        await window.open_board(BUS)
        panel = await window.open_task(TEST_WEEK)
        await panel.get_by_role("button", name="Beschreibung schreiben").click()
        panels.append(panel)
    for panel, text in zip(panels, ("Bus vom Hersteller leihen.", "Fahrerinnen einweisen."), strict=True):
        await panel.get_by_role("textbox", name="Beschreibung").fill(text)
    await panels[0].get_by_role("textbox", name="Beschreibung").press("Control+Enter")
    await expect(panels[0].get_by_text("Bus vom Hersteller leihen.")).to_be_visible()
    await panels[1].get_by_role("textbox", name="Beschreibung").press("Control+Enter")
    merge = josef.page.locator(".merge")
    await expect(merge).to_contain_text("Bus vom Hersteller leihen.")
    await expect(merge).to_contain_text("Fahrerinnen einweisen.")


async def test_cli1_what_was_done_offline_is_sent_once_after_the_reconnect(opens: Opens) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await jana.open_board(BUS)
    await josef.open_board(BUS)
    await jana.page.context.set_offline(True)
    await expect(jana.page.get_by_text("offline seit")).to_be_visible()
    await jana.card(TIMETABLE).locator("[data-title]").focus()
    await jana.page.keyboard.press("Alt+ArrowRight")
    moved = jana.card_in("In Arbeit", TIMETABLE)
    await expect(moved).to_contain_text("Wird noch gesendet")
    await expect(josef.card_in("Offen", TIMETABLE)).to_be_visible()
    await jana.page.context.set_offline(False)
    await expect(josef.card_in("In Arbeit", TIMETABLE)).to_be_visible()
    await expect(moved).not_to_contain_text("Wird noch gesendet")
    await expect(josef.card(TIMETABLE)).to_have_count(1)


async def test_cli1_a_server_killed_while_someone_types_loses_nothing(opens: Opens, serving: Serving) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await jana.open_board(BUS)
    await josef.open_board(BUS)
    await jana.lane("Wartet").get_by_role("button", name="Aufgabe in Wartet anlegen").click()
    field = jana.page.get_by_role("textbox", name="Neue Aufgabe in Wartet")
    await field.fill("Vor dem Absturz")
    await field.press("Enter")
    await expect(josef.card_in("Wartet", "Vor dem Absturz")).to_be_visible()
    await field.press_sequentially("Während des ")
    serving.stop(signal.SIGKILL)
    await field.press_sequentially("Absturzes")
    await field.press("Enter")
    await expect(jana.card_in("Wartet", "Während des Absturzes")).to_contain_text("Wird noch gesendet")
    serving.start()
    await expect(josef.card_in("Wartet", "Während des Absturzes")).to_be_visible(timeout=40_000)
    await expect(jana.card_in("Wartet", "Während des Absturzes")).not_to_contain_text("Wird noch gesendet")
    for window in (jana, josef):
        await expect(window.card("Vor dem Absturz")).to_have_count(1)
        await expect(window.card("Während des Absturzes")).to_have_count(1)


async def test_the_slider_shows_the_board_as_it_was_and_lets_nobody_change_it(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.open_board(BUS, "?at=30")
    slider = jana.page.get_by_role("slider")
    await expect(slider).to_have_value("30")
    await expect(jana.card(TIMETABLE)).to_have_count(0)
    await expect(jana.page.locator(".card .more")).to_have_count(0)
    await slider.press("End")
    await expect(jana.card(TIMETABLE)).to_have_count(1)


async def test_the_lane_of_a_network_shows_its_projects_live(opens: Opens) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await jana.open_board(NETWORK)
    await josef.open_board(BUS)
    lane = jana.lane("Schlüsselprojekte")
    await expect(lane.locator(".card", has_text=TIMETABLE)).to_contain_text("Offen")
    await josef.card(TIMETABLE).locator("[data-title]").focus()
    await josef.page.keyboard.press("Alt+ArrowRight")
    await expect(lane.locator(".card", has_text=TIMETABLE)).to_contain_text("In Arbeit")


async def test_without_sockets_the_client_polls(opens: Opens) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await josef.page.route_web_socket("**/ws", lambda socket: socket.close())
    await jana.open_board(BUS)
    await josef.open_board(BUS)
    await jana.card(TIMETABLE).locator("[data-title]").focus()
    await jana.page.keyboard.press("Alt+ArrowRight")
    await expect(josef.card_in("In Arbeit", TIMETABLE)).to_be_visible(timeout=40_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "/list", "/journal", "/people"])
async def test_axe_finds_nothing(opens: Opens, path: str, scheme: str) -> None:
    jana = await opens("Jana Wolfsteiner", color_scheme=scheme)
    space = (await jana.spaces())[BUS]
    await jana.page.goto(f"{jana.url}/spaces/{space}{path}")
    await expect(jana.page.get_by_role("main")).to_be_visible()
    known = TIMETABLE if path in ("", "/list") else "Jana Wolfsteiner"
    await expect(jana.page.get_by_text(known).first).to_be_visible()
    assert await jana.axe() == []


async def test_axe_finds_nothing_in_an_open_task(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.open_board(BUS)
    await jana.open_task(STOPS)
    assert await jana.axe() == []


@pytest.mark.parametrize("width", [320, 390])
async def test_a_phone_needs_no_sideways_page(opens: Opens, width: int) -> None:
    josef = await opens("Josef Dorfner", viewport={"width": width, "height": 700}, has_touch=True, is_mobile=True)
    await josef.open_board(BUS)
    wide = await josef.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    panel = await josef.open_task(TIMETABLE)
    await expect(panel).to_be_visible()
    assert await josef.page.evaluate("document.documentElement.scrollWidth") <= width
    assert await josef.axe() == []

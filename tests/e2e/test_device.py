"""What a person's device keeps: between tabs, through a killed tab, and after they may not see or are gone."""

from __future__ import annotations

import asyncio
import signal

from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import Opens
from tests.support.commands import Serving
from tests.support.windows import Window

BUS = "Rufbus Selmachtal"
STOPS = "Haltestellen auf Barrierefreiheit prüfen"
KEPT = """async () => {
  const kept = []
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    for (const store of db.objectStoreNames) {
      const request = db.transaction(store).objectStore(store).getAll()
      kept.push(...(await new Promise((resolve) => { request.onsuccess = () => resolve(request.result) })))
    }
    db.close()
  }
  return kept.map((one) => JSON.stringify(one))
}"""

LOOKS = """(panel) => [panel, panel.querySelector('header')].map((one) => {
  const { display, paddingLeft, borderLeftWidth, backgroundColor } = getComputedStyle(one)
  return [display, paddingLeft, borderLeftWidth, backgroundColor]
})"""


async def kept_on(page: Page) -> list[str]:
    """Every record of every database of the page's origin."""
    return [str(record) for record in await page.evaluate(KEPT)]


async def new_task_field(window: Window) -> Locator:
    await window.lane("Wartet").get_by_role("button", name="Aufgabe in Wartet anlegen").click()
    field = window.page.get_by_role("textbox", name="Neue Aufgabe in Wartet")
    await expect(field).to_be_visible()  # its part of the page is here, before the server goes
    return field


async def titles_in(window: Window) -> list[str]:
    """The titles in the column, those that are scrolled out of sight and therefore not rendered included."""
    return [title.strip() for title in await window.lane("Wartet").locator(".card [data-title]").all_text_contents()]


async def test_cli3_two_tabs_show_the_same_and_either_can_be_closed(opens: Opens, serving: Serving) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await jana.open_board(BUS)
    await josef.open_board(BUS)
    second = await jana.another()
    await second.open_board(BUS)
    field = await new_task_field(second)
    serving.stop(signal.SIGKILL)
    await field.fill("Im zweiten Tab getippt")
    await field.press("Enter")
    await expect(jana.card_in("Wartet", "Im zweiten Tab getippt")).to_contain_text("Wird noch gesendet")
    # The first tab came first, so it is the one that sends; without it the second takes over.
    await jana.page.close()
    serving.start()
    await expect(josef.card("Im zweiten Tab getippt")).to_have_count(1, timeout=40_000)
    await expect(second.card("Im zweiten Tab getippt")).not_to_contain_text("Wird noch gesendet")
    assert second.mistakes == []


async def test_cli1_a_queue_survives_a_killed_tab_in_order(opens: Opens, serving: Serving) -> None:
    jana, josef = await opens("Jana Wolfsteiner", service_workers="allow"), await opens("Josef Dorfner")
    await jana.open_board(BUS)
    await josef.open_board(BUS)
    await jana.works_offline()
    before, board = await titles_in(josef), jana.page.url
    field = await new_task_field(jana)
    serving.stop(signal.SIGKILL)
    titles = [f"Ohne Server {number}" for number in range(30)]
    for title in titles:
        await field.fill(title)
        await field.press("Enter")
    await field.fill("nur halb ge")
    await expect(jana.card(titles[-1])).to_contain_text("Wird noch gesendet")
    assert len([record for record in await kept_on(jana.page) if '"task.create"' in record]) == len(titles)
    await jana.page.close()

    again = await jana.another()
    await again.page.goto(board)
    await expect(again.card(titles[-1])).to_contain_text("Wird noch gesendet")
    assert await titles_in(again) == before + titles
    serving.start()
    await expect(josef.card(titles[-1])).to_have_count(1, timeout=40_000)
    assert await titles_in(josef) == before + titles
    await expect(again.card(titles[-1])).not_to_contain_text("Wird noch gesendet")
    assert await (await new_task_field(again)).input_value() == "nur halb ge"
    assert not [record for record in await kept_on(again.page) if '"task.create"' in record and '"order"' in record]


async def test_a_part_that_was_not_here_yet_comes_with_the_server_as_it_should_look(
    opens: Opens, serving: Serving
) -> None:
    jana, josef = await opens("Jana Wolfsteiner"), await opens("Josef Dorfner")
    await jana.open_board(BUS)
    await josef.open_board(BUS)
    usual = await (await josef.open_task(STOPS)).evaluate(LOOKS)
    serving.stop(signal.SIGKILL)
    async with jana.page.expect_event("requestfailed", lambda request: "TaskPanel" in request.url):
        await jana.card(STOPS).locator("[data-title]").click()
    serving.start()
    panel = jana.page.get_by_role("complementary").filter(has=jana.page.get_by_role("heading", name=STOPS))
    await expect(panel).to_be_visible(timeout=40_000)
    assert await panel.evaluate(LOOKS) == usual


async def test_cli4_what_was_hidden_from_a_guest_is_not_on_the_device(opens: Opens) -> None:
    jana, rosalie = await opens("Jana Wolfsteiner"), await opens("Rosalie Brandl")
    await jana.open_board(BUS)
    await rosalie.open_board(BUS)
    field = await new_task_field(jana)
    await field.fill("Angebot vertraulich prüfen")
    await field.press("Enter")
    await expect(rosalie.card("Angebot vertraulich prüfen")).to_be_visible()
    panel = await jana.open_task("Angebot vertraulich prüfen")
    await panel.get_by_role("combobox", name="Zu sehen für").select_option("moderators")
    await expect(rosalie.card("Angebot vertraulich prüfen")).to_have_count(0)
    async with asyncio.timeout(15):
        while [record for record in await kept_on(rosalie.page) if "vertraulich" in record]:
            pass
    assert await kept_on(rosalie.page) != []


async def test_cli4_after_signing_out_nothing_is_kept_and_other_tabs_are_out_too(opens: Opens) -> None:
    jana = await opens("Jana Wolfsteiner")
    await jana.open_board(BUS)
    second = await jana.another()
    await second.open_board(BUS)
    assert await kept_on(second.page) != []
    await second.page.get_by_role("button", name="Konto und Anzeige").click()
    await second.page.get_by_role("button", name="Abmelden oder Person wechseln").click()
    for page in (jana.page, second.page):
        await expect(page.get_by_role("heading", name="Willkommen")).to_be_visible()
    assert await kept_on(jana.page) == []

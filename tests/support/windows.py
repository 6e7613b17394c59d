"""A browser window of one person, and what one does in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
from playwright.async_api import ConsoleMessage, Locator, Page, Request, expect

from server.core.ids import new_id
from shared_schema.base import Id
from shared_schema.journal import AnyCommand

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


class Window:
    """A page that keeps what went wrong in it and whom it talked to besides the server."""

    def __init__(self, url: str, page: Page) -> None:
        self.url = url
        self.page = page
        self.strangers: list[str] = []
        self._wrong: list[str] = []
        self._provoked: list[str] = []
        page.on("pageerror", lambda error: self._wrong.append(str(error)))
        page.on("console", self._listen)
        page.on("request", self._watch)

    @property
    def mistakes(self) -> list[str]:
        """What went wrong without having been provoked."""
        return [line for line in self._wrong if not any(part in line for part in self._provoked)]

    def provokes(self, *parts: str) -> None:
        """A test brings about itself what has one of these in it, as `404 (Not Found)`."""
        self._provoked.extend(parts)

    async def another(self) -> Window:
        """A second tab of the same person."""
        other = Window(self.url, await self.page.context.new_page())
        other._provoked = self._provoked
        return other

    async def works_offline(self) -> None:
        """Returns once the service worker has everything that it needs without a server."""
        async with asyncio.timeout(60):
            await self.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")

    async def offline(self, yes: bool = True) -> None:
        """Takes the network away, or gives it back."""
        self.provokes("net::ERR_INTERNET_DISCONNECTED")
        await self.page.context.set_offline(yes)

    def _listen(self, message: ConsoleMessage) -> None:
        # The browser also writes there of each answer from 400 on and of each request that failed.
        if message.type == "error":
            self._wrong.append(f"{message.text} {message.location['url']}")

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.strangers.append(request.url)

    async def sign_in(self, name: str) -> None:
        """Signs a person of the demo in, as the sign-in page does."""
        people = await (await self.page.request.get(f"{self.url}/api/demo/people")).json()
        person = next(one["person"] for one in people if one["name"] == name)
        headers = {"Origin": self.url}
        answer = await self.page.request.post(f"{self.url}/api/demo/sign-in", data={"person": person}, headers=headers)
        assert answer.ok, await answer.text()

    async def spaces(self) -> dict[str, Id]:
        """The spaces that this person may open, by name."""
        overview = await (await self.page.request.get(f"{self.url}/api/overview")).json()
        return {space["name"]: space["id"] for space in overview["spaces"]}

    async def do(self, space: str, command: AnyCommand) -> None:
        """Gives a command to a space by name, past the page."""
        path = f"{self.url}/api/spaces/{(await self.spaces())[space]}/commands"
        body = msgspec.to_builtins({"id": new_id(), "command": command})
        answer = await self.page.request.post(path, data=body, headers={"Origin": self.url})
        assert answer.ok, await answer.text()

    async def open_board(self, name: str, query: str = "") -> None:
        """Opens the board of a space and waits until its columns are there."""
        space = (await self.spaces())[name]
        await self.page.goto(f"{self.url}/spaces/{space}{query}")
        await expect(self.lane("Offen")).to_be_visible()

    def lane(self, title: str) -> Locator:
        return self.page.get_by_role("region", name=title, exact=True)

    def card(self, title: str) -> Locator:
        return self.page.locator(".card", has_text=title)

    def card_in(self, lane: str, title: str) -> Locator:
        return self.lane(lane).locator(".card", has_text=title)

    async def titles(self, lane: str) -> list[str]:
        """The titles in a column, from the top."""
        return await self.lane(lane).locator(".card [data-title]").all_text_contents()

    async def open_task(self, title: str) -> Locator:
        """Opens the panel of a task."""
        await self.card(title).first.locator("[data-title]").click()
        panel = self.page.get_by_role("complementary")
        await expect(panel.get_by_role("heading", name=title)).to_be_visible()
        return panel

    async def axe(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA, a line each."""
        await self.page.evaluate(AXE.read_text())
        found = await self.page.evaluate(
            """async () => {
              const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
              const { violations } = await axe.run(document, { runOnly: { type: 'tag', values: tags } })
              return violations.flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.target.join(' ')}`))
            }"""
        )
        return [str(line) for line in found]

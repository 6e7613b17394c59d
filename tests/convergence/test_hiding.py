"""SEE3 and SEE4 from end to end: a task that only moderators may see is gone from a guest's page, and its text from all
that the guest is sent, over real HTTP and a real socket, after a reconnect and after a restart of the server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from server.core.ids import new_id
from shared_schema.base import Id, Visibility
from shared_schema.board import AddChecklistLine, AddComment, CreateTask, DescribeTask, EditTask, ShowTask
from shared_schema.people import AddParticipant, JoinPerson
from tests.support.areas import SmallArea
from tests.support.instances import Instance, running_instance

BEFORE, BETWEEN = "Vertraulichkeit", "Geheimnisträger"
"""Words of the task from before it was hidden, and from while it was."""


class GuestPage:
    """What a guest's browser does and is sent; `heard` is every byte since it was last emptied."""

    def __init__(self, instance: Instance, browser: httpx.AsyncClient) -> None:
        self.instance, self.browser = instance, browser
        self.heard: list[str] = []
        self.entries: list[dict[str, Any]] = []
        self.seq, self.head = 0, ""
        self._socket: ClientConnection | None = None

    async def open(self, space: Id) -> dict[str, Any]:
        """Connects and sits down with what is held; answers `entries` or `behind`."""
        if self._socket is not None:
            await self._socket.close()
        cookie = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        self._socket = await connect(
            self.instance.url.replace("http", "ws") + "/ws",
            origin=self.instance.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie},
            proxy=None,
        )
        await self._socket.send('{"t":"hello","protocol":1}')
        await self._socket.send(json.dumps({"t": "watch", "space": space, "since": self.seq, "head": self.head}))
        return await self.next("entries", "behind")

    async def next(self, *kinds: str) -> dict[str, Any]:
        assert self._socket is not None
        while True:
            frame = await asyncio.wait_for(self._socket.recv(), 10)
            self.heard.append(str(frame))
            said = json.loads(frame)
            for message in said if isinstance(said, list) else [said]:
                if message["t"] == "entries" and message["entries"]:
                    self.entries += message["entries"]
                    self.seq, self.head = message["entries"][-1]["seq"], message["head"]
                if message["t"] in kinds:
                    found: dict[str, Any] = message
                    return found

    async def until(self, seq: int) -> None:
        while self.seq < seq:
            await self.next("entries")

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def get(self, path: str) -> httpx.Response:
        answer = await self.browser.get(path)
        self.heard += [answer.text, repr(answer.headers)]
        return answer

    async def post(self, space: Id, command: dict[str, Any], **more: Any) -> dict[str, Any]:
        body = {"id": new_id(), "command": command, **more}
        answer = await self.browser.post(f"/api/spaces/{space}/commands", json=body)
        self.heard += [answer.text, repr(answer.headers)]
        said: dict[str, Any] = answer.json()
        return said

    async def snapshot(self, space: Id) -> list[str]:
        answer = (await self.get(f"/api/spaces/{space}/snapshot")).json()
        self.seq, self.head = answer["seq"], answer["head"]
        return [entity["id"] for entity in answer["entities"] if entity["kind"] == "task"]

    async def look_everywhere(self, space: Id, task: Id) -> None:
        """Asks for the task in every way there is; none may find it."""
        base = f"/api/spaces/{space}"
        assert task not in await self.snapshot(space)
        for at in range(1, self.seq + 1):
            past = (await self.get(f"{base}/snapshot?at={at}")).json()
            assert task not in [entity["id"] for entity in past["entities"]]
        assert (await self.get(f"{base}/tasks/{task}")).status_code == 404
        assert (await self.get(f"{base}/journal?about={task}")).json()["entries"] == []
        for path in ("/journal?limit=200", "/entries?after=0&limit=1000", f"/entries?after={self.seq - 3}"):
            await self.get(base + path)
        for word in (BEFORE, BETWEEN):
            assert (await self.get(f"{base}/search?q={word}")).json()["entities"] == []
        await self.get("/api/overview")
        for command, more in self._attempts(task):
            said = await self.post(space, command, **more)
            assert said["reason"]["reason"] in ("not_found", "changed_since", "not_allowed"), said

    def _attempts(self, task: Id) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Commands on the task, with expectations that would draw its values out of a careless answer."""
        title, revision = {"only_if": {"title": "Anders"}}, {"expects": {"revision": 9}}
        return [
            ({"verb": "task.edit", "task": task, "title": "Mein"}, title),
            ({"verb": "task.edit", "task": task, "title": "Mein"}, {}),
            ({"verb": "task.describe", "task": task, "text": "Mein"}, revision),
            ({"verb": "comment.add", "id": new_id(), "task": task, "text": "Mein"}, {}),
            ({"verb": "task.finish", "task": task}, title),
            ({"verb": "task.duplicate", "id": new_id(), "task": task, "title": "Mein"}, {}),
            ({"verb": "task.show", "task": task, "visibility": "space"}, {}),
        ]

    def hears_nothing(self) -> None:
        """Forgets what was heard, once no hidden word is in it."""
        assert [text for text in self.heard if BEFORE in text or BETWEEN in text] == []
        self.heard.clear()


async def invite_guest(small: SmallArea) -> Id:
    guest = new_id()
    await small.accept(JoinPerson(id=guest, name="Gustav", role="guest"), space=small.area)
    await small.accept(AddParticipant(person=guest, role="guest"))
    await small.kernel.followed()
    return guest


async def write_in_secret(small: SmallArea, task: Id) -> int:
    """What moderators do on the task while it is hidden; answers with the number of the last entry."""
    for command in (
        EditTask(task=task, title=f"Titel {BETWEEN}"),
        EditTask(task=task, title=f"Titel {BETWEEN}"),
        AddChecklistLine(id=new_id(), task=task, text=f"Zeile {BETWEEN}"),
        AddComment(id=new_id(), task=task, text=f"Kommentar {BETWEEN}"),
    ):
        await small.accept(command)
    network = await small.kernel.space(small.network)
    assert network is not None
    return network.seq


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_see3_see4_a_hidden_task_is_gone_and_comes_back(kind: str, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue(f"{kind}_url")
    task = new_id()
    async with running_instance(url) as instance:
        small = await instance.small_area()
        guest = await invite_guest(small)
        await small.accept(CreateTask(id=task, column=await small.first_column(), title=f"Titel {BEFORE}"))
        await small.accept(DescribeTask(task=task, text=f"Text {BEFORE}"))
        async with instance.signed_in(guest) as browser:
            page = GuestPage(instance, browser)
            assert task in await page.snapshot(small.network)
            await page.open(small.network)
            assert BEFORE in "".join(page.heard)
            seq = (await small.accept(ShowTask(task=task, visibility=Visibility.MODERATORS)))[small.network]
            page.heard.clear()
            await page.until(seq)
            dropped = {(change["do"], change.get("kind")) for change in page.entries[-1]["changes"]}
            assert dropped == {("drop", "task"), ("drop", "description")}

            await page.until(await write_in_secret(small, task))
            assert [entry["shown"] for entry in page.entries[-4:]] == [0, 0, 0, 0]
            await page.look_everywhere(small.network, task)
            page.hears_nothing()
            seen = page.seq
            last = await write_in_secret(small, task)
            assert (await page.open(small.network))["t"] == "entries", "a reconnect catches up"
            await page.until(last)
            assert last > seen
            page.hears_nothing()
            cookies = browser.cookies
            await page.close()
        behind = (seq - 1, "")
    async with running_instance(url) as instance:
        small.kernel = instance.korridor.kernel
        async with httpx.AsyncClient(
            base_url=instance.url, headers={"Origin": instance.url}, cookies=cookies
        ) as browser:
            page = GuestPage(instance, browser)
            page.seq, page.head = behind
            assert (await page.open(small.network))["t"] == "behind", "what was hidden since is not told as history"
            await page.look_everywhere(small.network, task)
            await page.open(small.network)
            page.hears_nothing()
            shown = (await small.accept(ShowTask(task=task, visibility=Visibility.SPACE)))[small.network]
            await page.until(shown)
            put = [change["entity"]["kind"] for change in page.entries[-1]["changes"]]
            assert sorted(put) == ["checklist_line", "checklist_line", "comment", "comment", "description", "task"]
            assert BETWEEN in page.heard[-1]
            assert task in await page.snapshot(small.network)
            await page.close()

"""FRM1 and FRM2 from end to end: what no client of ours would send gets its coded refusal or its close code.

By POST and by socket alike; it changes nothing and disturbs nobody.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, get_type_hints

import httpx
import msgspec
import pytest
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.core.ids import new_id
from shared_schema.base import FRAME_LIMIT, GivenId, Id, Visibility
from shared_schema.board import BinTask, Column, CreateTask, DeleteTask, Task
from shared_schema.people import FoundSpace
from tests.convergence.furnished import verb
from tests.support.areas import SmallArea
from tests.support.builders import COMMANDS
from tests.support.instances import Instance, running_instance

Json = dict[str, Any]


class Scene(Struct):
    """A running instance, a member of its network by both ways, and things to point at."""

    instance: Instance
    small: SmallArea
    browser: httpx.AsyncClient
    socket: ClientConnection
    column: Id
    task: Id
    gone: Id
    foreign: dict[str, Id]

    async def by_post(self, command: Any, **more: Any) -> Json:
        body = {"id": new_id(), "command": command, **more}
        answer = await self.browser.post(f"/api/spaces/{self.small.network}/commands", json=body)
        said: Json = answer.json()
        return said["reason"] if "seqs" not in said else said

    async def by_socket(self, command: Any, **more: Any) -> Json:
        message = {"t": "do", "id": new_id(), "space": self.small.network, "command": command, **more}
        await self.socket.send(json.dumps(message))
        said: Json = json.loads(await asyncio.wait_for(self.socket.recv(), 10))
        assert said["id"] == message["id"]
        return said["reason"] if said["t"] == "refused" else said

    async def refused(self, command: Any, **more: Any) -> Json:
        """The reason, which is the same both ways; nothing may have changed."""
        before = await self._stands()
        reasons = [await self.by_post(command, **more), await self.by_socket(command, **more)]
        assert reasons[0] == reasons[1]
        assert await self._stands() == before
        return reasons[0]

    async def _stands(self) -> list[tuple[int, bytes]]:
        spaces = [
            await self.small.kernel.space(id) for id in (self.small.area, self.small.network, self.foreign["space"])
        ]
        return [(space.seq, space.head) for space in spaces if space is not None]


async def _furnish(small: SmallArea) -> tuple[Id, Id, dict[str, Id]]:
    """A task, one that is gone for good, and things of another space that the member only reads."""
    task, gone, other, theirs = (new_id() for _ in range(4))
    column = await small.first_column()
    for id in (task, gone):
        await small.accept(CreateTask(id=id, column=column, title="Da"))
    await small.accept(BinTask(task=gone))
    await small.accept(DeleteTask(task=gone))
    found = FoundSpace(id=other, space_kind="network", name="Energie", moderator=small.coordinator)
    await small.accept(found, space=small.area)
    space = await small.kernel.space(other)
    assert space is not None
    foreign_column = min(space.all(Column), key=lambda one: one.place).id
    hidden = CreateTask(id=theirs, column=foreign_column, title="Ihre", visibility=Visibility.MODERATORS)
    await small.accept(hidden, space=other)
    await small.kernel.followed()
    return task, gone, {"space": other, "column": foreign_column, "task": theirs}


@asynccontextmanager
async def connected(instance: Instance, browser: httpx.AsyncClient) -> AsyncIterator[ClientConnection]:
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    address = instance.url.replace("http", "ws") + "/ws"
    headers = {"Cookie": cookie}
    async with connect(address, origin=instance.url, additional_headers=headers, proxy=None) as socket:  # type: ignore[arg-type]
        await socket.send('{"t":"hello","protocol":1}')
        await socket.recv()
        yield socket


@pytest.fixture
async def scene(sqlite_url: str) -> AsyncIterator[Scene]:
    async with running_instance(sqlite_url) as instance:
        small = await instance.small_area()
        task, gone, foreign = await _furnish(small)
        async with instance.signed_in(small.member) as browser, connected(instance, browser) as socket:
            yield Scene(instance, small, browser, socket, await small.first_column(), task, gone, foreign)


# --- commands --------------------------------------------------------------------------------------------------------


async def test_frm1_ill_formed_commands_are_refused_with_a_code(scene: Scene) -> None:
    create = {"verb": "task.create", "id": new_id(), "column": scene.column, "title": "Neu"}
    cases: list[tuple[Any, str, str]] = [
        ({**create, "created_by": new_id()}, "created_by", "unknown_field"),
        ({**create, "title": 7}, "title", "type"),
        ({**create, "title": "x" * 10_000}, "title", "too_long"),
        ({**create, "title": ""}, "title", "too_short"),
        ({**create, "title": "   "}, "title", "shape"),
        ({**create, "title": "a\u0000b"}, "title", "shape"),
        ({**create, "title": "a\nb"}, "title", "shape"),
        ({**create, "title": "a\u202eb"}, "title", "shape"),
        ({**create, "id": "1"}, "id", "shape"),
        ({**create, "id": new_id().upper()}, "id", "shape"),
        ({**create, "due": "31.12.2026"}, "due", "type"),
        ({**create, "visibility": "everyone"}, "visibility", "type"),
        ({name: value for name, value in create.items() if name != "title"}, "title", "missing"),
        ({"verb": "task.explode", "task": scene.task}, "verb", "unknown_verb"),
        ({"task": scene.task}, "verb", "missing"),
        ("task.create", "", "type"),
        ([create], "", "type"),
        (None, "", "type"),
    ]
    for command, field, problem in cases:
        assert await scene.refused(command) == {"reason": "invalid", "field": field, "problem": problem}, command


async def test_a_command_for_a_removed_task_is_not_found(scene: Scene) -> None:
    for command in ({"verb": "task.edit", "title": "Neu"}, {"verb": "task.finish"}, {"verb": "task.restore"}):
        reason = await scene.refused({**command, "task": scene.gone})
        assert reason == {"reason": "not_found", "kind": "task", "id": scene.gone}


async def test_mrg5_a_move_after_a_neighbour_that_is_gone_ends_at_the_end(scene: Scene) -> None:
    move = {"verb": "task.move", "task": scene.task, "column": scene.column, "after": scene.gone}
    assert "seqs" in await scene.by_post(move)
    assert (await scene.by_socket(move))["t"] == "accepted"
    space = await scene.small.kernel.space(scene.small.network)
    assert space is not None
    there = [task for task in space.all(Task) if task.column == scene.column]
    assert max(there, key=lambda task: task.place).id == scene.task


async def test_cmd3_a_known_id_with_another_content_is_refused(scene: Scene) -> None:
    edit, id = {"verb": "task.edit", "task": scene.task, "title": "Eins"}, new_id()
    first = await scene.by_post(edit, id=id)
    assert "seqs" in first
    assert await scene.refused({**edit, "title": "Zwei"}, id=id) == {"reason": "id_reused"}
    assert await scene.by_post(edit, id=id) == first


@pytest.mark.parametrize("where", ["only_if", "expects"])
async def test_frm1_what_is_expected_names_fields_and_nothing_else(scene: Scene, where: str) -> None:
    """Names that a Struct has besides its fields must not reach it."""
    edit = {"verb": "task.edit", "task": scene.task, "title": "Neu"}
    for name in ("__class__", "indexed", "nothing"):
        reason = await scene.refused(edit, **{where: {name: "x"}})
        assert reason == {"reason": "invalid", "field": f"{where}.{name}", "problem": "unknown_field"}


# --- ids of another space --------------------------------------------------------------------------------------------


def id_fields() -> Iterator[tuple[Any, str]]:
    """Every field of every command that takes an id of something that must exist."""
    for command in COMMANDS:
        hints = get_type_hints(command, include_extras=True)
        for field in command.__struct_fields__:
            if GivenId in (hints[field], *getattr(hints[field], "__args__", ())) and field not in ("id", "after"):
                yield command, field


def _named(case: Any) -> str:
    return verb(case) if isinstance(case, type) else str(case)


@pytest.mark.parametrize(("command", "field"), list(id_fields()), ids=_named)
async def test_see5_an_id_of_another_space_is_as_good_as_none(scene: Scene, command: Any, field: str) -> None:
    """The coordinator may everything in both spaces, and even so: an id counts where it belongs. Taking off what is not
    there is accepted, and changes nothing."""
    body = _body(scene, command, field)
    path = f"/api/spaces/{scene.small.network}/commands"
    answers = []
    async with scene.instance.signed_in(scene.small.coordinator) as browser:
        for value in (scene.foreign["task"], new_id()):
            answer = await browser.post(path, json={"id": new_id(), "command": {**body, field: value}})
            assert answer.status_code in (200, 403, 404, 409, 422), answer.text
            said = json.loads(answer.text.replace(value, "…"))
            answers.append((answer.status_code, said.get("reason")))
    assert answers[0] == answers[1], "what is elsewhere and what is nowhere are answered alike"
    if answers[0][0] == 200:
        space = await scene.small.kernel.space(scene.small.network)
        assert space is not None
        last = await scene.small.kernel.entries(space.id, space.seq - 2, 2)
        assert [one.entry.changes for one in last] == [(), ()]


def _body(scene: Scene, command: Any, field: str) -> Json:
    """A whole command whose other ids are of things that are there."""
    known = {
        "task": scene.task,
        "column": scene.column,
        "person": scene.small.member,
        "space": scene.foreign["space"],
        "board": new_id(),
    }
    samples: dict[str, Any] = {"name": "N", "title": "T", "text": "T", "reason": "R", "role": "member", "number": 1}
    samples |= {"sector": "public", "template": "plain", "visibility": "space", "done": True, "space_kind": "network"}
    samples |= {"token_hash": "0" * 64, "days": 7, "most_uses": 1, "moderates": True, "left_on": "2026-11-28"}
    required = [one.name for one in msgspec.structs.fields(command) if one.required]
    body: Json = {"verb": verb(command)}
    for name in required:
        body[name] = known.get(name) or samples.get(name) or new_id()
    return body


# --- frames and bodies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", 4400),
        ('{"t":"dance"}', 4400),
        ('{"t":"ping","loud":true}', 4400),
        ("[" * 5_000, 4400),
        (b"\x00", 4400),
        ("x" * (FRAME_LIMIT + 1), 1009),
    ],
    ids=["malformed", "unknown", "unknown field", "deep", "binary", "oversized"],
)
async def test_frm2_a_bad_frame_ends_its_own_connection_only(scene: Scene, frame: str | bytes, code: int) -> None:
    async with connected(scene.instance, scene.browser) as bad:
        await bad.send(frame)
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(bad.recv(), 10)
        assert bad.close_code == code
    assert (await scene.by_socket({"verb": "task.edit", "task": scene.task, "title": "Geht"}))["t"] == "accepted"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"id":"1","command":{}}', 400),
        (b'{"command":{}}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 5_000, 400),
        (b"x" * (FRAME_LIMIT + 1), 413),
    ],
)
async def test_frm1_a_bad_body_is_a_problem_with_a_status(scene: Scene, body: bytes, status: int) -> None:
    path = f"/api/spaces/{scene.small.network}/commands"
    answer = await scene.browser.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.json()["status"] == status

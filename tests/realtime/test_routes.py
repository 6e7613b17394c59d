"""Spaces over HTTP: snapshots and their caching, entries by long poll, the journal, commands, and the past."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import httpx

from server.core.ids import new_id
from server.core.ledger import short
from server.realtime.history import STEP
from shared_schema.base import FRAME_LIMIT, Visibility
from shared_schema.board import AddComment, BinTask, DeleteTask, DescribeTask, EditTask, ShowTask
from shared_schema.people import ChangeParticipant, Participant

from .conftest import House


def titles(snapshot: httpx.Response) -> set[str]:
    assert snapshot.status_code == 200, snapshot.text
    return {entity["title"] for entity in snapshot.json()["entities"] if entity["kind"] == "task"}


# --- the snapshot ----------------------------------------------------------------------------------------------------


async def test_a_snapshot_holds_what_the_viewer_may_see_without_cold_kinds(house: House) -> None:
    open_, secret = await house.task("offen"), await house.task("geheim", visibility=Visibility.MODERATORS)
    await house.small.accept(AddComment(id=new_id(), task=open_, text="kalt"))
    await house.small.accept(DescribeTask(task=open_, text="auch kalt"), by=house.member)
    seq, head = await house.stands()
    async with house.http(house.guest) as guest, house.http(house.coordinator) as moderator:
        seen = await guest.get(f"/{house.network}/snapshot")
        assert {key: seen.json()[key] for key in ("space", "seq", "head", "viewer")} == {
            "space": house.network,
            "seq": seq,
            "head": head,
            "viewer": 4,
        }
        assert "offen" in titles(seen)
        assert "geheim" not in seen.text
        assert secret not in seen.text
        assert "kalt" not in seen.text
        assert {"offen", "geheim"} <= titles(await moderator.get(f"/{house.network}/snapshot"))


async def test_a_snapshot_that_is_held_already_is_not_sent_again(house: House) -> None:
    async with house.http() as member:
        first = await member.get(f"/{house.network}/snapshot")
        held = {"If-None-Match": first.headers["etag"]}
        assert first.headers["cache-control"] == "private, no-cache"
        assert "Cookie" in first.headers["vary"]
        again = await member.get(f"/{house.network}/snapshot", headers=held)
        assert (again.status_code, again.content) == (304, b"")
        weak = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
        assert (await member.get(f"/{house.network}/snapshot", headers=weak)).status_code == 304
        await house.task("neu")
        fresh = await member.get(f"/{house.network}/snapshot", headers=held)
        assert "neu" in titles(fresh)
    async with house.http(house.guest) as guest:
        assert (await guest.get(f"/{house.network}/snapshot", headers=held)).status_code == 200


async def test_a_snapshot_is_compressed_for_who_can_read_it(house: House) -> None:
    async with house.http() as member:
        packed = await member.get(f"/{house.network}/snapshot", headers={"Accept-Encoding": "br, gzip"})
        plain = await member.get(f"/{house.network}/snapshot", headers={"Accept-Encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert packed.content == plain.content
        raw = member.stream("GET", f"/{house.network}/snapshot", headers={"Accept-Encoding": "gzip"})
        async with raw as response:
            sent = b"".join([chunk async for chunk in response.aiter_raw()])
        assert gzip.decompress(sent) == plain.content


async def test_a_crowd_that_asks_at_once_waits_for_one_making(house: House) -> None:
    async with house.http() as member:
        answers = await asyncio.gather(*(member.get(f"/{house.network}/snapshot") for _ in range(30)))
    assert len({answer.content for answer in answers}) == 1
    assert house.snapshots.made == 1


async def test_see5_absent_and_forbidden_give_the_same_answer(house: House) -> None:
    nowhere = new_id()
    async with house.http(new_id()) as stranger, house.http() as member:
        for route in ("snapshot", "entries?after=0", "journal", "snapshot?at=1"):
            forbidden = await stranger.get(f"/{house.network}/{route}")
            absent = await member.get(f"/{nowhere}/{route}")
            assert forbidden.status_code == absent.status_code == 404
            assert forbidden.text.replace(house.network, "") == absent.text.replace(nowhere, "")


# --- entries ---------------------------------------------------------------------------------------------------------


async def test_entries_come_in_order_and_in_pages(house: House) -> None:
    since, head = await house.stands()
    for number in range(5):
        await house.task(f"Aufgabe {number}")
    async with house.http() as member:
        first = (await member.get(f"/{house.network}/entries?after={since}&limit=3&head={head}&viewer=2")).json()
        assert [entry["seq"] for entry in first["entries"]] == [since + 1, since + 2, since + 3]
        rest = (await member.get(f"/{house.network}/entries?after={first['seq']}&head={first['head']}")).json()
        assert [entry["seq"] for entry in rest["entries"]] == [since + 4, since + 5]
        assert (rest["seq"], rest["head"]) == await house.stands()
        none = (await member.get(f"/{house.network}/entries?after={rest['seq']}")).json()
        assert (none["entries"], none["seq"], none["head"]) == ([], *await house.stands())


async def test_a_long_poll_answers_as_soon_as_something_happens(house: House) -> None:
    since, _ = await house.stands()
    async with house.http() as member:
        polling = asyncio.create_task(member.get(f"/{house.network}/entries?after={since}&wait=25"))
        await house.until(lambda: house.hub.rooms.waited_for(house.network))
        await house.task("endlich")
        (entry,) = (await polling).json()["entries"]
    assert entry["seq"] == since + 1


async def test_a_long_poll_without_news_ends_with_an_empty_page(house: House) -> None:
    since, head = await house.stands()
    async with house.http() as member:
        answer = (await member.get(f"/{house.network}/entries?after={since}&wait=0.05")).json()
    assert answer == {"space": house.network, "seq": since, "head": head, "entries": []}


async def test_a_right_lost_while_waiting_is_lost(house: House) -> None:
    since, _ = await house.stands()
    space = await house.kernel.space(house.network)
    assert space is not None
    (part,) = space.where(Participant, person=house.guest)
    async with house.http(house.guest) as guest:
        polling = asyncio.create_task(guest.get(f"/{house.network}/entries?after={since}&wait=25&viewer=4"))
        await house.until(lambda: house.hub.rooms.waited_for(house.network))
        change = ChangeParticipant(participant=part.id, person=house.guest, role="member")
        await house.small.accept(change)
        assert (await polling).status_code == 410


async def test_what_cannot_be_continued_is_gone(house: House) -> None:
    since, head = await house.stands()
    async with house.http() as member:
        for query in (f"after={since + 1}", f"after={since}&head={'0' * 16}", f"after={since}&viewer=1"):
            answer = await member.get(f"/{house.network}/entries?{query}")
            assert (answer.status_code, answer.json()) == (410, {"status": 410, "reason": None}), query
        assert (await member.get(f"/{house.network}/entries?after={since}&head={head}&viewer=2")).status_code == 200


async def test_see3_what_was_hidden_meanwhile_is_in_no_page_of_entries(house: House) -> None:
    since, _ = await house.stands()
    task = await house.task("Kanarienvogel")
    await house.small.accept(ShowTask(task=task, visibility=Visibility.MODERATORS))
    async with house.http(house.guest) as guest:
        for limit in (1, 500):
            answer = await guest.get(f"/{house.network}/entries?after={since}&limit={limit}")
            assert answer.status_code == 410
            assert "Kanarienvogel" not in answer.text


async def test_a_bad_query_is_told(house: House) -> None:
    queries = [
        "entries",
        "entries?after=-1",
        "entries?after=x",
        f"entries?after={2**70}",
        "entries?after=0&limit=0",
        "entries?after=0&wait=999",
        "journal?before=0",
        f"snapshot?at={2**70}",
    ]
    async with house.http() as member:
        for query in queries:
            answer = await member.get(f"/{house.network}/{query}")
            assert (answer.status_code, answer.json()["reason"]["reason"]) == (400, "invalid"), query


# --- the journal -----------------------------------------------------------------------------------------------------


async def test_the_journal_is_read_backwards_to_the_beginning(house: House) -> None:
    seq, _ = await house.stands()
    for number in range(7):
        await house.task(f"Aufgabe {number}")
    async with house.http() as member:
        newest = (await member.get(f"/{house.network}/journal?limit=3")).json()
        assert [entry["seq"] for entry in newest["entries"]] == [seq + 7, seq + 6, seq + 5]
        older = (await member.get(f"/{house.network}/journal?limit=100&before={newest['seq']}")).json()
        assert [entry["seq"] for entry in older["entries"]] == list(range(seq + 4, 0, -1))
        assert older["seq"] == 0


async def test_the_story_of_a_task(house: House) -> None:
    task = await house.task("Hofladen")
    await house.task("anderes")
    await house.small.accept(EditTask(task=task, title="Hofladen Rennerich"))
    async with house.http() as member:
        story = (await member.get(f"/{house.network}/journal?about={task}")).json()
    assert [entry["verb"] for entry in story["entries"]] == ["task.edit", "task.create"]
    assert story["entries"][0]["changes"][0]["was"] == {"title": "Hofladen"}


async def test_the_past_of_what_is_hidden_now_is_hidden_too(house: House) -> None:
    task = await house.task("Kanarienvogel")
    await house.small.accept(ShowTask(task=task, visibility=Visibility.MODERATORS))
    gone = await house.task("Kanarienvogel im Papierkorb", visibility=Visibility.MODERATORS)
    await house.small.accept(BinTask(task=gone))
    await house.small.accept(DeleteTask(task=gone))
    async with house.http(house.guest) as guest, house.http(house.coordinator) as moderator:
        for query in ("journal", f"journal?about={task}", f"journal?about={gone}"):
            assert "Kanarienvogel" not in (await guest.get(f"/{house.network}/{query}")).text
        assert (await guest.get(f"/{house.network}/journal?about={task}")).json()["entries"] == []
        assert "Kanarienvogel im Papierkorb" in (await moderator.get(f"/{house.network}/journal")).text


async def test_what_was_visible_to_the_last_stays_in_the_journal(house: House) -> None:
    task = await house.task("Abgesagt")
    await house.small.accept(BinTask(task=task))
    await house.small.accept(DeleteTask(task=task))
    async with house.http(house.guest) as guest:
        story = (await guest.get(f"/{house.network}/journal?about={task}")).json()
    assert [entry["verb"] for entry in story["entries"]] == ["task.delete", "task.bin", "task.create"]


# --- the past --------------------------------------------------------------------------------------------------------


async def test_the_board_as_it_was(house: House) -> None:
    task = await house.task("erst so")
    seq, head = await house.stands()
    await house.small.accept(EditTask(task=task, title="dann so"))
    await house.task("später")
    async with house.http() as member:
        past = await member.get(f"/{house.network}/snapshot?at={seq}")
        assert (past.json()["seq"], past.json()["head"]) == (seq, head)
        assert "erst so" in titles(past)
        assert titles(past).isdisjoint({"dann so", "später"})
        held = {"If-None-Match": past.headers["etag"]}
        assert (await member.get(f"/{house.network}/snapshot?at={seq}", headers=held)).status_code == 304
        assert (await member.get(f"/{house.network}/snapshot?at=0")).json()["entities"] == []
        assert (await member.get(f"/{house.network}/snapshot?at={seq + 3}")).status_code == 400


async def test_the_past_shows_what_one_may_see_now_and_could_see_then(house: House) -> None:
    hidden, shown, gone = (
        await house.task("jetzt geheim"),
        await house.task("einst geheim", visibility=Visibility.MODERATORS),
        await house.task("gelöscht"),
    )
    seq, _ = await house.stands()
    await house.small.accept(ShowTask(task=hidden, visibility=Visibility.MODERATORS))
    await house.small.accept(ShowTask(task=shown, visibility=Visibility.SPACE))
    await house.small.accept(BinTask(task=gone))
    await house.small.accept(DeleteTask(task=gone))
    async with house.http(house.guest) as guest, house.http(house.coordinator) as moderator:
        assert titles(await guest.get(f"/{house.network}/snapshot?at={seq}")) >= {"gelöscht"}
        assert "geheim" not in (await guest.get(f"/{house.network}/snapshot?at={seq}")).text
        past = titles(await moderator.get(f"/{house.network}/snapshot?at={seq}"))
        assert past >= {"jetzt geheim", "einst geheim", "gelöscht"}


async def test_every_moment_of_a_long_history_is_as_it_was(house: House) -> None:
    """Checkpoints stand on the way: before, at, between and after them the past must be the same as without."""
    task = await house.task("0")
    first, _ = await house.stands()
    writer = await house.client(house.coordinator)
    moments = STEP * 3 + 7
    for number in range(1, moments + 1):
        command = {"verb": "task.edit", "task": task, "title": f"{number}"}
        await writer.do(house.network, command)
    for _ in range(moments):
        await writer.hear("accepted")
    async with house.http() as member:
        for number in (0, 1, STEP - first, STEP - first + 1, STEP, STEP * 2 + 3, moments - 1, moments):
            past = await member.get(f"/{house.network}/snapshot?at={first + number}")
            assert titles(past) >= {str(number)}, number
            expected = (await house.kernel.entries(house.network, first + number - 1, 1))[0]
            assert past.json()["head"] == short(expected.head)


# --- commands --------------------------------------------------------------------------------------------------------


async def test_a_command_by_post_is_accepted_once(house: House) -> None:
    seq, _ = await house.stands()
    id, command = new_id(), {"verb": "task.create", "id": new_id(), "column": await house.column(), "title": "Per POST"}
    async with house.http() as member:
        answers = [
            await member.post(f"/{house.network}/commands", json={"id": id, "command": command}) for _ in range(2)
        ]
    for answer in answers:
        assert (answer.status_code, answer.json()) == (
            200,
            {"t": "accepted", "id": id, "seqs": {house.network: seq + 1}},
        )


async def test_a_refused_command_has_the_status_of_its_reason(house: House) -> None:
    column = await house.column()
    create = {"verb": "task.create", "id": new_id(), "column": column, "title": "x"}
    cases: list[tuple[Any, int, str]] = [
        ({"verb": "task.finish", "task": new_id()}, 404, "not_found"),
        ({**create, "column": new_id()}, 404, "not_found"),
        ({**create, "title": "x" * 10_000}, 400, "invalid"),
        ({**create, "author": new_id()}, 400, "invalid"),
        ({"verb": "task.explode"}, 400, "invalid"),
        ({"verb": "column.remove", "column": column}, 403, "not_allowed"),
    ]
    async with house.http() as member:
        for command, status, reason in cases:
            id = new_id()
            answer = await member.post(f"/{house.network}/commands", json={"id": id, "command": command})
            assert (answer.status_code, answer.json()["reason"]["reason"]) == (status, reason)
            assert (answer.json()["t"], answer.json()["id"]) == ("refused", id)


async def test_a_known_id_with_another_content_is_a_conflict(house: House) -> None:
    id, column = new_id(), await house.column()
    async with house.http() as member:
        for title, status in (("eins", 200), ("zwei", 409)):
            command = {"verb": "task.create", "id": new_id(), "column": column, "title": title}
            answer = await member.post(f"/{house.network}/commands", json={"id": id, "command": command})
            assert answer.status_code == status


BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "no JSON": (b"{", 400),
    "no text": (b'{"id":"\xff"}', 400),
    "no text inside the command": (
        json.dumps({"id": new_id(), "command": {"verb": "task.finish", "task": "?"}}).encode().replace(b"?", b"\xff"),
        400,
    ),
    "array": (b"[]", 400),
    "unknown field": (json.dumps({"id": new_id(), "command": {}, "by": new_id()}).encode(), 400),
    "no id": (json.dumps({"id": "1", "command": {}}).encode(), 400),
    "deep": (b'{"id":' + b"[" * 60_000, 400),
    "too large": (b" " * (FRAME_LIMIT + 1), 413),
}


async def test_a_bad_body_is_told_and_changes_nothing(house: House) -> None:
    before = await house.stands()
    async with house.http() as member:
        for name, (body, status) in BODIES.items():
            answer = await member.post(f"/{house.network}/commands", content=body)
            assert answer.status_code == status, name
            assert status == 413 or answer.json()["reason"]["reason"] == "invalid", name
    assert await house.stands() == before

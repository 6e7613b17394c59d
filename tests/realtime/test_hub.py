"""Seats: what is shown to whom, in which order, and how a seat that missed something goes on."""

from __future__ import annotations

import json
from typing import Any

from server.core.ids import new_id
from server.realtime.watching import LINGER
from shared_schema.base import Viewer, Visibility
from shared_schema.board import EditTask, ShowTask

from .conftest import House


async def test_seat1_a_change_reaches_every_seat_and_the_author_is_answered_first(any_house: House) -> None:
    author, other = await any_house.client(), await any_house.client(any_house.coordinator)
    seq, head = await any_house.stands()
    for client in (author, other):
        assert await client.watch(any_house.network) == {
            "t": "entries",
            "space": any_house.network,
            "entries": [],
            "head": head,
        }
    command = {"verb": "task.create", "id": new_id(), "column": await any_house.column(), "title": "Hofladen"}
    id = await author.do(any_house.network, command)
    assert await author.hear("accepted") == {"t": "accepted", "id": id, "seqs": {any_house.network: seq + 1}}
    shown = await author.hear("entries")
    assert [entry["seq"] for entry in shown["entries"]] == [seq + 1]
    assert shown["entries"][0]["command"] == id
    assert shown["head"] == (await any_house.stands())[1]
    assert await other.hear("entries") == shown


async def test_a_refused_command_is_answered_and_shown_to_nobody(any_house: House) -> None:
    client = await any_house.client()
    await client.watch(any_house.network)
    id = await client.do(any_house.network, {"verb": "task.finish", "task": new_id()})
    refused = await client.hear("refused")
    assert (refused["id"], refused["reason"]["reason"]) == (id, "not_found")
    await client.settle()
    assert not any('"entries":[{' in frame for frame in client.frames)


async def test_see5_a_space_that_one_may_not_see_and_one_that_does_not_exist_give_the_same_answer(
    any_house: House,
) -> None:
    stranger = await any_house.client(new_id())
    nowhere = new_id()
    assert await stranger.watch(any_house.network) == {
        "t": "left",
        "space": any_house.network,
        "reason": "no_access",
    }
    assert await stranger.watch(nowhere) == {"t": "left", "space": nowhere, "reason": "no_access"}


async def test_ord2_commands_of_one_client_keep_their_order(any_house: House) -> None:
    client = await any_house.client()
    column = await any_house.column()
    ids = [
        await client.do(
            any_house.network, {"verb": "task.create", "id": new_id(), "column": column, "title": f"{number}"}
        )
        for number in range(200)
    ]
    answers = [await client.hear("accepted") for _ in ids]
    assert [answer["id"] for answer in answers] == ids
    seqs = [answer["seqs"][any_house.network] for answer in answers]
    assert seqs == list(range(seqs[0], seqs[0] + 200))


# --- catching up -----------------------------------------------------------------------------------------------------


async def test_a_seat_is_caught_up_from_where_the_client_stands(any_house: House) -> None:
    first = await any_house.client()
    await first.watch(any_house.network)  # from now on the ring has everything
    since, head = await any_house.stands()
    for number in range(5):
        await any_house.task(f"Aufgabe {number}")
    second = await any_house.client()
    answer = await second.watch(any_house.network, since, head)
    assert [entry["seq"] for entry in answer["entries"]] == list(range(since + 1, since + 6))
    await any_house.task("danach")
    assert [entry["seq"] for entry in (await second.hear("entries"))["entries"]] == [since + 6]


async def test_ring_and_journal_catch_a_seat_up_alike(house: House) -> None:
    """Nobody watched, so that only the journal knows; then somebody watches, so that the ring does."""
    since, head = await house.stands()
    for number in range(3):
        await house.task(f"Aufgabe {number}")
    first = await house.client()
    from_journal = await first.watch(house.network, since, head)
    since, head = await house.stands()
    for number in range(3):
        await house.task(f"Aufgabe {number}")
    live: list[Any] = []
    while len(live) < 3:
        live += (await first.hear("entries"))["entries"]
    second = await house.client()
    from_ring = await second.watch(house.network, since, head)
    assert [entry["seq"] for entry in from_journal["entries"]] == [since - 2, since - 1, since]
    assert from_ring["entries"] == live


async def test_seat2_another_head_a_future_seq_and_a_seq_without_head_begin_anew(any_house: House) -> None:
    client = await any_house.client()
    seq, head = await any_house.stands()
    behind = {"t": "behind", "space": any_house.network, "seq": seq}
    assert await client.watch(any_house.network, seq, "0" * 16) == behind
    assert await client.watch(any_house.network, seq + 1, head) == behind
    assert await client.watch(any_house.network, 2**70, head) == behind
    assert await client.watch(any_house.network, seq) == behind
    assert await client.watch(any_house.network, 0, head) == behind
    assert (await client.watch(any_house.network, seq, head))["t"] == "entries"


async def test_what_was_made_for_another_kind_of_viewer_begins_anew(any_house: House) -> None:
    """SEAT2: a role may have changed while the client was away, and nothing in the space's entries says so."""
    client = await any_house.client(any_house.guest)
    seq, head = await any_house.stands()
    watch = {"t": "watch", "space": any_house.network, "since": seq, "head": head}
    await client.say(watch | {"viewer": int(Viewer.MEMBER)})
    assert await client.hear("behind") == {"t": "behind", "space": any_house.network, "seq": seq}
    await client.say(watch | {"viewer": int(Viewer.GUEST)})
    assert (await client.hear("entries"))["entries"] == []


async def test_seat2_too_far_behind_for_the_ring_begins_anew(house: House) -> None:
    since, head = await house.stands()
    column = await house.column()
    writer = await house.client()
    for _ in range(1_001):
        await writer.do(house.network, {"verb": "task.create", "id": new_id(), "column": column, "title": "x"})
    for _ in range(1_001):
        await writer.hear("accepted")
    assert await writer.watch(house.network, since, head) == {
        "t": "behind",
        "space": house.network,
        "seq": since + 1_001,
    }


# --- hidden means not sent -------------------------------------------------------------------------------------------


async def test_see4_a_hidden_task_is_a_bare_number_and_its_hiding_a_drop(any_house: House) -> None:
    guest, moderator = await any_house.client(any_house.guest), await any_house.client(any_house.coordinator)
    await guest.watch(any_house.network)
    await moderator.watch(any_house.network)
    task = await any_house.task("Kanarienvogel offen")
    await any_house.small.accept(ShowTask(task=task, visibility=Visibility.MODERATORS))
    await any_house.small.accept(EditTask(task=task, title="Kanarienvogel geheim"))
    last, _ = await any_house.stands()
    await guest.upto(last)
    await moderator.upto(last)
    seen = [entry for frame in guest.frames for entry in json.loads(frame).get("entries", ())]
    assert [change["do"] for entry in seen[:2] for change in entry["changes"]] == ["put", "drop"]
    assert seen[2] == {"shown": 0, "seq": last}
    assert "geheim" not in "".join(guest.frames)
    assert "geheim" in "".join(moderator.frames)


async def test_see3_what_was_hidden_meanwhile_is_not_replayed_to_a_guest_who_comes_back(any_house: House) -> None:
    since, head = await any_house.stands()
    watching = await any_house.client(any_house.coordinator)
    await watching.watch(any_house.network)
    task = await any_house.task("Kanarienvogel")
    await any_house.small.accept(ShowTask(task=task, visibility=Visibility.MODERATORS))
    guest, moderator = await any_house.client(any_house.guest), await any_house.client(any_house.coordinator)
    assert (await guest.watch(any_house.network, since, head))["t"] == "behind"
    assert (await moderator.watch(any_house.network, since, head))["t"] == "entries"
    await guest.settle()
    assert "Kanarienvogel" not in "".join(guest.frames)


async def test_a_task_that_is_shown_again_comes_back_live(any_house: House) -> None:
    task = await any_house.task("Kanarienvogel", visibility=Visibility.MODERATORS)
    guest = await any_house.client(any_house.guest)
    await guest.watch(any_house.network)
    await any_house.small.accept(ShowTask(task=task, visibility=Visibility.SPACE))
    (entry,) = (await guest.hear("entries"))["entries"]
    assert [change["entity"]["title"] for change in entry["changes"] if change["entity"]["kind"] == "task"] == [
        "Kanarienvogel"
    ]


# --- letting go ------------------------------------------------------------------------------------------------------


async def test_a_space_is_let_go_some_time_after_its_last_seat_and_comes_back(house: House) -> None:
    client = await house.client()
    await client.watch(house.network)
    await client.say({"t": "unwatch", "space": house.network})
    await client.settle()
    house.clock.ahead = LINGER - 1
    house.hub.sweep(house.clock())
    assert house.hub.rooms.ready() == {house.network}
    house.clock.ahead = LINGER + 1
    house.hub.sweep(house.clock())
    assert house.hub.rooms.ready() == set()
    since, head = await house.stands()
    await house.task("inzwischen")
    assert len((await client.watch(house.network, since, head))["entries"]) == 1
    house.clock.ahead *= 3
    await client.settle()
    house.hub.sweep(house.clock())
    assert house.hub.rooms.ready() == {house.network}


# --- states ----------------------------------------------------------------------------------------------------------


async def test_the_state_is_told_when_it_changes_and_to_who_comes_while_it_is_not_ok(any_house: House) -> None:
    early = await any_house.client()
    any_house.hub.set_state(writing="paused")
    assert await early.hear("state") == {"t": "state", "relay": "ok", "writing": "paused"}
    late = await any_house.client(any_house.guest)
    assert await late.hear("state") == {"t": "state", "relay": "ok", "writing": "paused"}
    any_house.hub.set_state(writing="ok")
    assert (await late.hear("state"))["writing"] == "ok"

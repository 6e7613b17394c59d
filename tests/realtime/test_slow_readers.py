"""A seat that does not keep up costs bounded memory, slows nobody, and is told what it has to do."""

from __future__ import annotations

from server.core.ids import new_id
from server.realtime.hub import STUCK
from server.realtime.links import BOUND
from shared_schema.base import Visibility
from shared_schema.board import AddComment, ShowTask

from .conftest import House

TIMES = 80
TEXT = 20_000


async def test_seat3_a_slow_reader_gets_behind_and_the_others_everything(any_house: House) -> None:
    slow, quick = await any_house.slow_client(), await any_house.client(any_house.guest)
    seq, _ = await any_house.stands()
    await slow.watch(any_house.network)
    await quick.watch(any_house.network)
    seen = await any_house.flood(await any_house.task("lang"), TIMES, reader=quick)
    assert seen == list(range(seq + 1, seq + TIMES + 2))

    got: list[int] = []
    while (message := await slow.next())["t"] == "entries":
        got += [entry["seq"] for entry in message["entries"]]
    assert message["t"] == "behind"
    assert got == list(range(seq + 1, seq + 1 + len(got)))
    waiting = sum(map(len, slow.frames))
    assert waiting < min(2 * BOUND + 200_000, TIMES * TEXT / 2), (
        "the bound, one frame of at most the bound, and what the network holds"
    )

    answer = await slow.watch(any_house.network, *await any_house.stands())
    assert answer["t"] == "entries"
    await any_house.task("weiter")
    assert len((await slow.hear("entries"))["entries"]) == 1


async def test_answers_are_never_left_out(any_house: House) -> None:
    slow = await any_house.slow_client()
    await slow.watch(any_house.network)
    task = await any_house.task("lang")
    ids = [await slow.do(any_house.network, {"verb": "task.block", "task": task, "reason": "x"}) for _ in range(3)]
    await any_house.flood(task, TIMES)
    answers: list[str] = []
    while len(answers) < len(ids):
        message = await slow.next()
        if message["t"] == "accepted":
            answers.append(message["id"])
    assert answers == ids


async def test_a_connection_that_never_drains_is_ended(house: House) -> None:
    stuck, watcher = await house.slow_client(), await house.client(house.guest)
    await stuck.watch(house.network)
    await watcher.watch(house.network)
    await house.flood(await house.task("lang"), TIMES)
    house.clock.ahead = STUCK
    house.hub.sweep(house.clock())
    assert await stuck.closed() == 1006
    await house.task("weiter")
    await watcher.settle()


async def test_a_frame_beyond_the_bound_is_a_snapshot_for_everybody(any_house: House) -> None:
    """An entry carries all that hangs on the task whose visibility it changes: a snapshot is shorter."""
    task = await any_house.task("lang")
    for _ in range(30):
        await any_house.small.accept(AddComment(id=new_id(), task=task, text="Z" * 10_000))
    client = await any_house.client()
    await client.watch(any_house.network)
    await any_house.small.accept(ShowTask(task=task, visibility=Visibility.AREA))
    seq, head = await any_house.stands()
    assert await client.hear("behind") == {"t": "behind", "space": any_house.network, "seq": seq}
    assert (await client.watch(any_house.network, seq, head))["entries"] == []

"""How much one person may send, and what happens beyond it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.core.budgets import Budgets
from server.core.ids import new_id
from server.realtime.protocol import MOST_SEATS, SILENCE
from shared_schema.base import Id


def test_a_burst_is_free_and_what_goes_beyond_has_to_wait() -> None:
    budgets = Budgets(burst=5, per_second=2)
    assert [budgets.spend("anna", 1, at=0) for _ in range(7)] == [0, 0, 0, 0, 0, 0.5, 1.0]
    assert budgets.spend("ben", 5, at=0) == 0


def test_what_was_spent_comes_back_with_time_and_never_more_than_that() -> None:
    budgets = Budgets(burst=5, per_second=2)
    budgets.spend("anna", 7, at=0)
    assert budgets.wait("anna", at=0) == 1.5
    assert budgets.wait("anna", at=1.5) == 0
    assert [budgets.spend("anna", 1, at=100) for _ in range(6)] == [0, 0, 0, 0, 0, 0.5]


def test_asking_costs_nothing() -> None:
    budgets = Budgets(burst=1, per_second=1)
    assert [budgets.wait("anna", at=0) for _ in range(9)] == [0] * 9


def test_who_has_all_of_it_back_is_forgotten() -> None:
    budgets = Budgets(burst=5, per_second=1)
    budgets.spend("anna", 1, at=0)
    budgets.spend("ben", 5, at=0)
    budgets.forget(at=1)
    assert len(budgets) == 1
    budgets.forget(at=5)
    assert len(budgets) == 0


async def test_over_budget_a_socket_is_read_slowly_and_nothing_is_lost_or_reordered(
    open_houses: Callable[..., Any],
) -> None:
    async with open_houses(budgets=Budgets(burst=5, per_second=50)) as house:
        client, column = await house.client(), await house.column()
        ids = [
            await client.do(house.network, {"verb": "task.create", "id": new_id(), "column": column, "title": f"{n}"})
            for n in range(20)
        ]
        assert [(await client.hear("accepted"))["id"] for _ in ids] == ids
        other = await house.client(house.guest)
        await other.settle()


def creating(space: Id, column: Id, title: str) -> dict[str, Any]:
    command = {"verb": "task.create", "id": new_id(), "column": column, "title": title}
    return {"t": "do", "id": new_id(), "space": space, "command": command}


async def test_an_outbox_of_a_day_offline_arrives_wholly_and_in_order(open_houses: Callable[..., Any]) -> None:
    """From one tab, while another one of the same person goes on working, by turns."""
    async with open_houses(budgets=Budgets(burst=100, per_second=1000)) as house:
        column = await house.column()
        outbox = [creating(house.network, column, f"{n}") for n in range(1000)]
        tab, other = await house.client(), await house.client()
        for first in range(0, 1000, 200):
            await tab.say(*outbox[first : first + 200])
        meanwhile = await other.do(house.network, outbox[0]["command"] | {"id": new_id()})
        assert (await other.hear("accepted"))["id"] == meanwhile
        answered = [await tab.hear("accepted") for _ in outbox]
        assert [answer["id"] for answer in answered] == [message["id"] for message in outbox]
        numbers = [answer["seqs"][house.network] for answer in answered]
        assert numbers == sorted(numbers)


async def test_who_waits_for_the_budget_is_not_taken_for_silent(open_houses: Callable[..., Any]) -> None:
    async with open_houses(budgets=Budgets(burst=1, per_second=20)) as house:
        client, column = await house.client(), await house.column()
        outbox = [creating(house.network, column, f"{n}") for n in range(20)]
        await client.say(*outbox)
        for _ in outbox[1:]:
            await client.hear("accepted")
            house.clock.ahead += 2 * SILENCE
            house.hub.sweep(house.clock())
        await client.hear("accepted")


async def test_all_seats_of_three_tabs_are_had_at_once(open_houses: Callable[..., Any]) -> None:
    """After a restart everybody comes back with everything they had open."""
    async with open_houses(budgets=Budgets(per_second=0.001)) as house:
        for _ in range(3):
            client = await house.client()
            await client.say(*({"t": "watch", "space": new_id(), "since": 0, "head": ""} for _ in range(MOST_SEATS)))
            for _ in range(MOST_SEATS):
                await client.hear("left")


async def test_over_budget_a_post_is_answered_when_to_come_again(open_houses: Callable[..., Any]) -> None:
    async with open_houses(budgets=Budgets(burst=2, per_second=0.01)) as house, house.http() as member:
        before, _ = await house.stands()
        body = {"id": new_id(), "command": {"verb": "task.finish", "task": new_id()}}
        answers = [await member.post(f"/{house.network}/commands", json=body) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [404, 404, 503]
        assert answers[2].json()["reason"] == {"reason": "unavailable"}
        assert 90 <= int(answers[2].headers["retry-after"]) <= 100
        assert (await house.stands())[0] == before

"""How much one person may send, and what happens beyond it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.core.ids import new_id
from server.realtime.budgets import Budgets


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


async def test_over_budget_a_post_is_answered_when_to_come_again(open_houses: Callable[..., Any]) -> None:
    async with open_houses(budgets=Budgets(burst=2, per_second=0.01)) as house, house.http() as member:
        before, _ = await house.stands()
        body = {"id": new_id(), "command": {"verb": "task.finish", "task": new_id()}}
        answers = [await member.post(f"/{house.network}/commands", json=body) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [404, 404, 503]
        assert answers[2].json()["reason"] == {"reason": "unavailable"}
        assert 90 <= int(answers[2].headers["retry-after"]) <= 100
        assert (await house.stands())[0] == before

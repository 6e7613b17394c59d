"""More comes than the database takes: what waits stays bounded, and everything is answered in the end, in order."""

from __future__ import annotations

import asyncio
from typing import Any

from server.core.ids import new_id
from server.core.inbox import MOST_WAITING
from server.realtime.limits import MOST_WAITING as MOST_OF_CONNECTION
from server.realtime.limits import Headcount
from server.realtime.socket import SocketProtocol
from tests.support.servers import Postgres

from .conftest import Client, House, open_house

CLIENTS = MOST_WAITING // MOST_OF_CONNECTION + 8
EACH = 2 * MOST_OF_CONNECTION


async def test_while_the_database_stands_still_what_waits_is_bounded_and_then_all_is_answered_in_order() -> None:
    with Postgres() as cluster, cluster.database() as url:
        async with open_house(url, SocketProtocol, headcount=Headcount(CLIENTS, CLIENTS)) as house:
            clients = [await house.client() for _ in range(CLIENTS)]
            outboxes = [[_finishing(house) for _ in range(EACH)] for _ in clients]
            with cluster.standing_still():
                for client, outbox in zip(clients, outboxes, strict=True):
                    await client.say(*outbox)
                await house.until(lambda: house.kernel.full)
                await _is_answered_at_once_by_post(house)
                assert len(house.kernel._committer.inbox) <= MOST_WAITING
            await asyncio.gather(*(_answered(*one) for one in zip(clients, outboxes, strict=True)))
            assert not house.kernel.full


def _finishing(house: House) -> dict[str, Any]:
    """A command that is refused, because there is no such task: that takes its way through the committer, too."""
    command = {"verb": "task.finish", "task": new_id()}
    return {"t": "do", "id": new_id(), "space": house.network, "command": command}


async def _is_answered_at_once_by_post(house: House) -> None:
    async with house.http() as member:
        body = {"id": new_id(), "command": {"verb": "task.finish", "task": new_id()}}
        answer = await member.post(f"/{house.network}/commands", json=body)
    assert (answer.status_code, answer.json()["reason"]) == (503, {"reason": "unavailable"})
    assert int(answer.headers["retry-after"]) >= 1


async def _answered(client: Client, outbox: list[dict[str, Any]]) -> None:
    answered = [await client.hear("refused") for _ in outbox]
    assert [answer["id"] for answer in answered] == [message["id"] for message in outbox]

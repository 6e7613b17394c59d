"""Who moves on to another process takes along what they know: what they saw once they do not see vanish."""

from __future__ import annotations

from pathlib import Path

from tests.faults.load import Writer, writers
from tests.faults.places import prepare
from tests.faults.scenes import scene, serving

MOVES = 6
"""The sweep, which makes the other process know the same, comes every two seconds: not before each of these."""


async def and_moves_on(writer: Writer) -> None:
    """Writes something, and loses the connection at once."""
    moved = len(writer.client.away)
    await writer.write(3)
    writer.client.hang_up()
    await writer.client.back_again(moved)


async def test_seat1_who_moves_to_a_process_that_is_behind_goes_on_where_they_stand(
    postgres_url: str, tmp_path: Path
) -> None:
    """Without Redis the other process is up to two seconds behind. A client may know more than it does."""
    place = await prepare(postgres_url, people=2, spaces=1)
    async with serving(postgres_url, 2) as running, scene(place, running, tmp_path, clients=2) as here:
        (writer, _), _ = writers(here.clients)
        for _ in range(MOVES):
            await and_moves_on(writer)
        await here.holds()

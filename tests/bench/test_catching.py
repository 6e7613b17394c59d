"""Coming back is measured as it happens: who missed a few entries gets them, who missed too many is behind."""

from __future__ import annotations

from pathlib import Path

from bench import halls
from bench.catching import catch_up, heads, length
from bench.data import make_ground
from bench.driver import MARK
from bench.journals import lengthen


async def test_who_missed_a_few_gets_them_and_who_missed_too_many_is_behind(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ground.db"
    ground = await make_ground(url)
    board, chief = ground.networks[0], ground.people[0]
    await lengthen(url, board.space, board.tasks[0], chief, 2_000)
    known = await heads(url, board.space, [100, 1_990])
    assert await length(url, board.space) == 2_000
    with halls.product(url, tmp_path, [chief]) as (_, (browser,)):
        wire = browser.socket()
        few, many = (catch_up(wire, board.space, since, known[since]) for since in (1_990, 100))
        wire.close()
    assert (few.answer, many.answer) == ("entries", "behind")
    assert few.bytes > 10 * len(MARK)

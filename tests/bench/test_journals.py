"""A journal that was made in bulk is one that the product could have written."""

from __future__ import annotations

from bench.catching import length
from bench.data import make_ground
from bench.journals import lengthen
from server.core.commands import Request
from server.core.database import open_database
from server.core.ids import new_id
from server.core.verify import Verified, verify_database
from shared_schema.base import Author
from shared_schema.board import EditTask
from shared_schema.frames import Accepted
from tests.support.areas import running_kernel


async def test_a_lengthened_journal_verifies_and_goes_on(database_url: str) -> None:
    ground = await make_ground(database_url)
    board, chief = ground.networks[0], ground.people[0]
    await lengthen(database_url, board.space, board.tasks[0], chief, 300)
    assert await length(database_url, board.space) == 300
    async with running_kernel(database_url) as kernel:
        edit = EditTask(task=board.tasks[0], title="Weiter")
        author = Author(kind="person", id=chief)
        answer = await kernel.submit(Request(id=new_id(), space=board.space, command=edit, author=author))
    assert isinstance(answer, Accepted)
    assert answer.seqs == {board.space: 301}
    database = open_database(database_url)
    try:
        found = await database.read(lambda connection: list(verify_database(connection)))
    finally:
        await database.close()
    assert all(isinstance(one, Verified) for one in found)

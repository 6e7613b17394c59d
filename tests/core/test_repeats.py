"""CMD2 for commands of two spaces: whichever journal is read first, a repeat gets the first answer."""

from __future__ import annotations

from server.core.commands import Request
from server.core.ids import derived_id, new_id
from shared_schema.base import SYSTEM
from shared_schema.board import SendTask
from shared_schema.frames import Accepted
from shared_schema.people import FoundSpace
from tests.support.areas import SmallArea


async def test_cmd2_a_repeat_of_a_command_of_two_spaces_gets_the_first_answer(small: SmallArea) -> None:
    task = await small.new_task()
    for number in range(4):  # ids sort either way
        other = derived_id("project", str(number))
        found = FoundSpace(id=other, space_kind="network", name="Netz", moderator=small.coordinator)
        request = Request(id=new_id(), space=small.area, command=found, author=SYSTEM)
        first = await small.kernel.submit(request)
        assert isinstance(first, Accepted)
        assert await small.kernel.submit(request) == first
        there, back = SendTask(task=task, space=other), SendTask(task=task, space=small.network)
        for send, space in ((there, small.network), (back, other)):
            id = new_id()
            answer = await small.send(send, space=space, id=id)
            assert isinstance(answer, Accepted)
            assert await small.send(send, space=space, id=id) == answer

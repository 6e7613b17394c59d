"""Taking back what one wrote oneself."""

from __future__ import annotations

from shared_schema.board import DescribeTask, Description
from shared_schema.frames import Accepted, Refused
from shared_schema.refusals import ChangedSince
from tests.support.areas import SmallArea


async def test_mrg3_mrg4_a_description_is_taken_back_as_long_as_nobody_wrote_since(small: SmallArea) -> None:
    """`only_if` names the revision that the author left behind: whoever knows that has seen the text."""
    task = await small.new_task()
    await small.accept(DescribeTask(task=task, text="Eins"))
    undone = await small.send(DescribeTask(task=task, text=""), only_if={"revision": 1})
    assert isinstance(undone, Accepted), undone
    late = await small.send(DescribeTask(task=task, text="Zwei"), only_if={"revision": 1})
    assert isinstance(late, Refused)
    assert late.reason == ChangedSince(now={"revision": 2})
    space = await small.kernel.space(small.network)
    assert space is not None
    assert space.get(Description, task).text == ""

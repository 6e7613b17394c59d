"""Founding a space: in the area that the command is sent to, and without a trace if it is refused."""

from __future__ import annotations

import asyncio

from server.core.commands import Request
from server.core.ids import new_id
from shared_schema.base import SYSTEM, Author, Id
from shared_schema.frames import Accepted, Refused
from shared_schema.journal import AnyCommand
from shared_schema.people import FollowDirectory, FoundSpace
from shared_schema.refusals import NotAllowed, NotFound
from tests.support.areas import SmallArea, found_small_area


def request(space: Id, command: AnyCommand, by: Id | None = None) -> Request:
    author = SYSTEM if by is None else Author(kind="person", id=by)
    return Request(id=new_id(), space=space, command=command, author=author)


async def test_areas_that_found_spaces_in_one_batch_get_each_their_own(small: SmallArea) -> None:
    other = await found_small_area(small.kernel)
    founding = [
        (area.area, FoundSpace(id=new_id(), space_kind="committee", name="Gremium"))
        for area in (small, other, small, other)
    ]
    answers = await asyncio.gather(*(small.kernel.submit(request(area, found)) for area, found in founding))
    assert all(isinstance(answer, Accepted) for answer in answers), answers
    for area, found in founding:
        space = await small.kernel.space(found.id)
        assert space is not None
        assert (space.area_id, space.kind) == (area, "committee")


async def test_cmd4_a_refused_founding_leaves_nothing_for_the_next_command(small: SmallArea) -> None:
    found = FoundSpace(id=new_id(), space_kind="committee", name="Gremium")
    role = FollowDirectory(person=small.member, through=small.network, role="member")
    refused, next_one = await asyncio.gather(
        small.kernel.submit(request(small.area, found, by=small.member)), small.kernel.submit(request(found.id, role))
    )
    assert isinstance(refused, Refused)
    assert refused.reason == NotAllowed()
    assert isinstance(next_one, Refused), "a command took effect in a space that nobody founded"
    assert next_one.reason == NotFound(kind="space", id=found.id)
    assert await small.kernel.space(found.id) is None


async def test_a_space_is_founded_in_an_area_only(small: SmallArea) -> None:
    found = FoundSpace(id=new_id(), space_kind="committee", name="Gremium")
    assert await small.refuse(found, space=small.network) == NotFound(kind="area", id=small.network)

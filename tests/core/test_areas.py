"""Several areas in one instance: what happens at once in two of them stays apart."""

from __future__ import annotations

import asyncio

from server.core.commands import Request
from server.core.ids import new_id
from shared_schema.base import SYSTEM
from shared_schema.frames import Accepted
from shared_schema.people import FoundArea, FoundSpace, Profile
from tests.support.areas import SmallArea


async def test_spaces_founded_at_once_in_two_areas_belong_each_to_its_own(small: SmallArea) -> None:
    areas = [small.area, new_id()]
    second = Request(id=new_id(), space=areas[1], command=FoundArea(name="Marbrunn"), author=SYSTEM)
    assert isinstance(await small.kernel.submit(second), Accepted)
    networks = [FoundSpace(id=new_id(), space_kind="network", name="Netz") for _ in areas]
    requests = [Request(id=new_id(), space=a, command=n, author=SYSTEM) for a, n in zip(areas, networks, strict=True)]
    answers = await asyncio.gather(*map(small.kernel.submit, requests))
    assert [type(answer) for answer in answers] == [Accepted, Accepted]
    for area, network in zip(areas, networks, strict=True):
        space = await small.kernel.space(network.id)
        assert space is not None
        assert (space.area_id, space.get(Profile, network.id).area) == (area, area)

"""The way into a space for a reader over HTTP: the space and what one looks at it as, or 404."""

from __future__ import annotations

from msgspec import Struct

from server.core.kernel import Kernel
from server.core.space import Space
from shared_schema.base import Id, Viewer
from shared_schema.refusals import NotFound, Refusal

from .access import viewer_in


class Look(Struct, frozen=True):
    """A space as a person may see it."""

    space: Space
    viewer: Viewer


async def look(kernel: Kernel, space: Id, person: Id) -> Look:
    """The space and the person's viewer kind. One that is not there and one that is closed to them are the same."""
    found = await kernel.space(space)
    area = await kernel.space(found.area_id) if found is not None else None
    viewer = viewer_in(found, area, person, kernel.now()) if found is not None and area is not None else None
    if found is None or viewer is None:
        raise Refusal(NotFound(kind="space", id=space))
    return Look(found, viewer)

"""The small area over both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.areas import SmallArea, found_small_area, running_kernel


@pytest.fixture
async def small(database_url: str) -> AsyncIterator[SmallArea]:
    async with running_kernel(database_url) as kernel:
        yield await found_small_area(kernel)

from __future__ import annotations

import pytest

from tests.support.worlds import World, small_world


@pytest.fixture
def world() -> World:
    return small_world()

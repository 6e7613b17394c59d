"""The demo area, seeded once; every test gets a copy of its own."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.core.kernel import Kernel
from server.core.moments import SetClock
from server.demo import seeding
from tests.support.areas import running_kernel

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
"""A Wednesday, nine days after the reference date of the scenario."""


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("demo") / "korridor.db"

    async def seed() -> None:
        clock = SetClock(NOW)
        async with running_kernel(f"sqlite:///{file}", clock=clock) as kernel:
            await seeding.seed(kernel, clock, NOW.date())

    asyncio.run(seed())
    return file


@pytest.fixture
async def selmachtal(seeded: Path, tmp_path: Path) -> AsyncIterator[Kernel]:
    """A kernel over the demo area; it is that Wednesday, ten o'clock."""
    file = tmp_path / "korridor.db"
    shutil.copy(seeded, file)
    async with running_kernel(f"sqlite:///{file}", clock=SetClock(NOW)) as kernel:
        yield kernel

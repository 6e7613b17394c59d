"""A run: how much of each thing it measures, and what its sections share."""

from __future__ import annotations

from pathlib import Path

import uvloop
from msgspec import Struct

from bench.data import Ground, make_ground

SIZES = (1_000, 5_000)


class Effort(Struct, frozen=True, kw_only=True):
    """How often and how long each thing is measured."""

    floods: int
    flood_s: float
    paces: int
    pace_s: float
    writes: int
    turns: int
    relay_s: float
    sockets: int
    idle_s: float
    points: int
    joins: int
    slow_s: float
    holes: int
    backed_up: int
    spaces: tuple[int, ...]
    tasks: tuple[int, ...]
    journal: tuple[int, ...]
    write_s: float
    colds: int
    warms: int
    paints: int
    moves: int
    first_start: bool


LONG = Effort(
    floods=5,
    flood_s=4,
    paces=3,
    pace_s=15,
    writes=3,
    turns=5,
    relay_s=5,
    sockets=5_000,
    idle_s=60,
    points=3,
    joins=20,
    slow_s=25,
    holes=3,
    backed_up=100_000,
    spaces=(10, 100, 1_000),
    tasks=(100, 1_000, 10_000),
    journal=(1_000, 10_000, 100_000, 1_000_000),
    write_s=5,
    colds=5,
    warms=100,
    paints=7,
    moves=40,
    first_start=True,
)
QUICK = Effort(
    floods=2,
    flood_s=1,
    paces=2,
    pace_s=1.2,
    writes=1,
    turns=2,
    relay_s=2,
    sockets=500,
    idle_s=5,
    points=1,
    joins=5,
    slow_s=25,
    holes=1,
    backed_up=5_000,
    spaces=(10, 30),
    tasks=(100, 1_000),
    journal=(1_000, 10_000),
    write_s=1.5,
    colds=2,
    warms=50,
    paints=2,
    moves=8,
    first_start=False,
)


class Bench(Struct, frozen=True):
    """What the sections share: a folder that goes away, the ground in an SQLite file there, and how much to do."""

    folder: Path
    effort: Effort
    sqlite: str
    ground: Ground


def prepare(folder: Path, effort: Effort) -> Bench:
    """Makes the ground."""
    url = f"sqlite:///{folder}/ground.db"
    return Bench(folder, effort, url, uvloop.run(make_ground(url, SIZES)))

"""The few goals of an area and their corridor: what lies inside, what outside, and the band of the indicator."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .base import Command, Entity, GivenId, Line, Text, Title


class Reading(Struct, frozen=True):
    """One value of an indicator on one day."""

    date: date
    value: float


class Band(Struct, frozen=True):
    """The corridor of an indicator on one day: from `lower` to `upper`, both inside."""

    date: date
    lower: float
    upper: float


class Indicator(Struct, frozen=True, kw_only=True):
    name: Title
    unit: Annotated[str, Meta(max_length=60)]
    direction: Literal["up", "down"]
    baseline: Reading
    target: Reading
    band: Annotated[tuple[Band, ...], Meta(max_length=40)] = ()
    readings: Annotated[tuple[Reading, ...], Meta(max_length=400)] = ()


class Goal(Entity, frozen=True, kw_only=True, tag="goal"):
    """A goal of the area. Its number is what people call it by; colours come after it."""

    number: int
    title: str
    statement: str = ""
    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    check_question: str = ""
    indicator: Indicator | None = None


class SetGoal(Command, frozen=True, kw_only=True, tag="goal.set"):
    """Writes a goal down, new or anew. At most seven goals; a number belongs to one goal only."""

    about = "id"

    id: GivenId
    number: Annotated[int, Meta(ge=1, le=7)]
    title: Title
    statement: Text = ""
    inside: Annotated[tuple[Line, ...], Meta(max_length=12)] = ()
    outside: Annotated[tuple[Line, ...], Meta(max_length=12)] = ()
    check_question: Annotated[str, Meta(max_length=500)] = ""
    indicator: Indicator | None = None


CorridorEntity = Goal
CorridorCommand = SetGoal

"""Board templates, and what a space is founded with."""

from __future__ import annotations

from typing import get_args

import pytest

from server.board.founding import board_id
from server.board.templates import PLANS, first_column_id
from server.core.wording import catalogue
from shared_schema.base import SYSTEM
from shared_schema.board import ApplyTemplate, BinTask, ChecklistLine, EditColumn, RemoveColumn, Task
from shared_schema.people import FoundArea, FoundSpace, Template
from shared_schema.refusals import NotFound
from tests.support.worlds import World, id_of

BOARD = board_id(id_of("network"))
EVENT = ["Vorbereitung", "Einladung und Werbung", "Am Tag selbst", "Nachbereitung", "Erledigt"]
TEMPLATES: tuple[Template, ...] = get_args(Template)


def apply(template: Template) -> ApplyTemplate:
    return ApplyTemplate(board=BOARD, template=template)


def titles(world: World, of: str = "network") -> list[str]:
    return [column.title for column in world.columns(of=of)]


def test_every_template_has_a_plan_and_all_its_words_in_both_languages() -> None:
    assert set(PLANS) == set(TEMPLATES)
    needed = {"template.board"}
    for plan in PLANS.values():
        needed |= {f"template.column.{column.key}" for column in plan.columns}
        for task in plan.tasks:
            needed |= {f"template.{task.key}"}
            needed |= {f"template.{task.key}.line_{line}" for line in range(1, task.lines + 1)}
    assert set(catalogue("de", "templates")) == set(catalogue("en", "templates")) == needed


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_has_a_column_for_done_tasks_and_starts_with_open_ones(template: Template) -> None:
    world = World()
    world.do(FoundArea(name="Area", language="en"), SYSTEM, to="area")
    found = FoundSpace(id=id_of("new"), space_kind="network", name="New", template=template)
    world.do(found, SYSTEM, to="area")
    columns = world.columns(of="new")
    assert [column.done for column in columns] == [False] * (len(columns) - 1) + [True]
    assert columns[-1].title == "Done"
    tasks = list(world["new"].all(Task))
    assert len(tasks) == len(PLANS[template].tasks)
    assert all(task.done_at is None for task in tasks)
    places = [(task.column, task.place) for task in tasks]
    assert len(set(places)) == len(places)


def test_the_columns_of_the_founding_can_be_named(world: World) -> None:
    keys = ("open", "doing", "waiting", "done")
    assert [first_column_id(id_of("network"), key) for key in keys] == [column.id for column in world.columns()]


def test_a_template_adds_what_is_missing_after_what_is_there(world: World) -> None:
    world.do(apply("event"))
    assert titles(world) == ["Offen", "In Arbeit", "Wartet", "Erledigt", *EVENT[:-1]]
    place = next(task for task in world["network"].all(Task) if task.title == "Ort buchen")
    lines = world["network"].where(ChecklistLine, task=place.id)
    assert len(lines) == 4


def test_a_template_applied_again_adds_nothing(world: World) -> None:
    world.do(apply("event"))
    assert world.do(apply("event"), "dora").changes == ()
    world.do(BinTask(task=next(world["network"].all(Task)).id))
    assert world.do(apply("event")).changes == ()


def test_what_was_removed_comes_again_as_something_new(world: World) -> None:
    first = world.columns()[0]
    world.do(RemoveColumn(column=first.id, tasks_to=world.column(1)))
    world.do(apply("plain"))
    again = next(column for column in world.columns() if column.title == first.title)
    assert again.id != first.id
    assert isinstance(world.refused(EditColumn(column=first.id, title="Nein")), NotFound)


def test_a_renamed_column_is_not_recognised_but_its_letters_case_is(world: World) -> None:
    world.do(EditColumn(column=world.column(0), title="OFFEN"))
    world.do(EditColumn(column=world.column(1), title="Läuft"))
    before = len(world.columns())
    world.do(apply("plain"))
    assert titles(world)[before:] == ["In Arbeit"]


def test_the_board_of_another_space_is_not_found(world: World) -> None:
    other = ApplyTemplate(board=board_id(id_of("other")), template="plain")
    assert isinstance(world.refused(other), NotFound)

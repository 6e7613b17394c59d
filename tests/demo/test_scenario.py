"""The scenario as data: moved by whole weeks, its dates in texts too."""

from __future__ import annotations

import re
from datetime import date, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.demo.history import TIMEZONE, history
from server.demo.scenario import REFERENCE, Story, id_of, monday, read
from shared_schema.board import PutTaskAway

BERLIN = ZoneInfo(TIMEZONE)


@settings(max_examples=20)
@given(st.dates(date(2026, 1, 1), date(2035, 12, 31)))
def test_the_reference_date_is_the_monday_of_this_week(today: date) -> None:
    reference = read(today).reference
    assert reference.weekday() == 0
    assert timedelta(0) <= today - reference < timedelta(days=7)


def test_all_days_move_together() -> None:
    told, later = read(REFERENCE), read(REFERENCE + timedelta(days=24))
    shift = timedelta(days=21)
    assert later.area.founded_on - told.area.founded_on == shift
    assert [task.due - shift for task in later.tasks] == [task.due for task in told.tasks]
    assert later.goals[0].indicator.target.date - told.goals[0].indicator.target.date == shift
    assert later.stories.tasks[0].stories[0].on - told.stories.tasks[0].stories[0].on == shift


def test_days_in_texts_are_written_out_as_told() -> None:
    titles = {task.id: task.title for task in read(REFERENCE).tasks}
    assert titles["ausbildung-arbeit-02"] == "Stadthalle Brachtenau für den 13. März 2027 reservieren"
    assert titles["ausbildung-arbeit-14"] == "Auswertung der Messe 2026 vorlegen"
    assert titles["gesundheit-miteinander-01"] == "Dienstplan der Gesundheitslotsin bis März 2027 festlegen"
    assert titles["gesundheit-miteinander-11"] == "Jahresabrechnung 2025 der Nachbarschaftshilfe prüfen"


def test_days_in_texts_move_with_the_others() -> None:
    titles = {task.id: task.title for task in read(REFERENCE + timedelta(weeks=52)).tasks}
    assert titles["ausbildung-arbeit-02"] == "Stadthalle Brachtenau für den 11. März 2028 reservieren"
    assert titles["ausbildung-arbeit-14"] == "Auswertung der Messe 2027 vorlegen"


@pytest.mark.parametrize("name", ["scenario.json", "stories.json"])
def test_no_day_stands_in_a_text_without_moving(name: str) -> None:
    months = "Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
    for line in (resources.files("server.demo") / name).read_text(encoding="utf-8").splitlines():
        text = re.sub(r'"\d{4}-\d\d-\d\d(T[^"]*)?"|"(b-)?20\d\d-\d\d"|\{\{[^}]*\}\}', "", line)
        assert not re.search(rf"\b20\d\d\b|\d\. ({months})|bis Ende ({months})", text), line


def test_every_story_says_one_thing() -> None:
    for told in read(REFERENCE).stories.tasks:
        for story in told.stories:
            said = [getattr(story, name) for name in Story.__struct_fields__ if name not in ("on", "by")]
            assert sum(map(bool, said)) == 1, story


def test_the_same_day_tells_the_same_history() -> None:
    first, again = history(read(REFERENCE)), history(read(REFERENCE + timedelta(days=6)))
    assert first == again
    assert len({step.id for step in first}) == len(first)


def test_things_happen_in_office_hours_and_never_after_the_reference_date() -> None:
    for today in (REFERENCE, REFERENCE + timedelta(weeks=30)):
        scenario = read(today)
        for step in history(scenario):
            local = step.at.astimezone(BERLIN)
            assert local.date() <= scenario.reference
            # The calendar puts away by the hour, whether summer time began or not.
            assert 9 <= local.hour < 17 or isinstance(step.command, PutTaskAway), step


def test_ids_are_named_by_kind_and_scenario_id() -> None:
    assert id_of("task", "mobilitaet-02") != id_of("person", "mobilitaet-02")
    assert id_of("task", "mobilitaet-02")[14] == "8"
    assert monday(date(2026, 11, 22)) == REFERENCE

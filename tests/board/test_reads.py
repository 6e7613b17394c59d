"""What a board page reads over HTTP besides its live space: the cold part of a task, and search."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from server.board import duties
from server.core.ids import new_id
from server.core.ledger import short
from server.core.space import kind_of
from shared_schema.base import Id, Visibility
from shared_schema.board import (
    AddChecklistLine,
    AddComment,
    BinTask,
    BlockTask,
    Column,
    CreateTask,
    DescribeTask,
    FinishTask,
    ShowTask,
)
from shared_schema.frames import Found, TaskPart
from shared_schema.people import AddParticipant, JoinPerson
from tests.support.areas import SmallArea
from tests.support.instances import Instance, running_instance


@pytest.fixture
async def instance(database_url: str) -> AsyncIterator[Instance]:
    async with running_instance(database_url) as instance:
        yield instance


@pytest.fixture
async def area(instance: Instance) -> SmallArea:
    return await instance.small_area()


async def make_task(area: SmallArea, title: str, by: Id | None = None) -> Id:
    space = await area.kernel.space(area.network)
    assert space is not None
    column = next(column for column in space.all(Column) if not column.done)
    task = new_id()
    await area.accept(CreateTask(id=task, column=column.id, title=title), by=by)
    return task


async def part_of(instance: Instance, area: SmallArea, task: Id, by: Id) -> TaskPart:
    async with instance.signed_in(by) as browser:
        answer = await browser.get(f"/api/spaces/{area.network}/tasks/{task}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return msgspec.json.decode(answer.content, type=TaskPart)


async def titles(instance: Instance, area: SmallArea, query: str, by: Id | None = None) -> list[str]:
    found = await search(instance, area, query, by or area.member)
    return [entity.title for entity in found.entities if kind_of(entity) == "task"]  # type: ignore[union-attr]


async def search(instance: Instance, area: SmallArea, query: str, by: Id) -> Found:
    async with instance.signed_in(by) as browser:
        answer = await browser.get(f"/api/spaces/{area.network}/search", params={"q": query})
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=Found)


# --- the cold part of a task -----------------------------------------------------------------------------------------


async def test_a_task_nobody_wrote_about_has_an_empty_part(instance: Instance, area: SmallArea) -> None:
    task = await make_task(area, "Haltestellen zählen")
    part = await part_of(instance, area, task, area.member)
    space = await area.kernel.space(area.network)
    assert space is not None
    assert (part.space, part.task, part.seq, part.head) == (area.network, task, space.seq, short(space.head))
    assert (part.description, part.description_html, part.comments, part.entities) == (None, "", (), ())


async def test_texts_come_as_typed_and_as_safe_html(instance: Instance, area: SmallArea) -> None:
    task = await make_task(area, "Haltestellen zählen")
    await area.accept(DescribeTask(task=task, text="Alle **38** <script>alert(1)</script>"))
    await area.accept(AddComment(id=new_id(), task=task, text=f"@[{area.member}] hilfst du?"))
    await area.accept(AddComment(id=new_id(), task=task, text="Gern."), by=area.member)
    part = await part_of(instance, area, task, area.member)
    assert part.description is not None
    assert part.description.text == "Alle **38** <script>alert(1)</script>"
    assert "<strong>38</strong>" in part.description_html
    assert "<script" not in part.description_html
    assert [comment.comment.author for comment in part.comments] == [area.coordinator, area.member]
    assert "Josef" in part.comments[0].html
    assert area.member in part.comments[0].comment.text


async def test_a_hidden_task_looks_like_none(instance: Instance, area: SmallArea) -> None:
    task = await make_task(area, "Vertraulich")
    await area.accept(DescribeTask(task=task, text="geheim"))
    await area.accept(ShowTask(task=task, visibility=Visibility.MODERATORS))
    nowhere = new_id()
    async with instance.signed_in(area.member) as browser:
        hidden = await browser.get(f"/api/spaces/{area.network}/tasks/{task}")
        none = await browser.get(f"/api/spaces/{area.network}/tasks/{nowhere}")
    assert hidden.status_code == none.status_code == 404
    assert hidden.text.replace(task, "ID") == none.text.replace(nowhere, "ID")
    assert (await part_of(instance, area, task, area.coordinator)).description_html == "<p>geheim</p>\n"


async def test_a_task_of_another_space_is_not_found_here(instance: Instance, area: SmallArea) -> None:
    task = await make_task(area, "Haltestellen zählen")
    async with instance.signed_in(area.coordinator) as browser:
        assert (await browser.get(f"/api/spaces/{area.area}/tasks/{task}")).status_code == 404


async def test_the_part_of_a_task_that_was_put_away_brings_the_task_itself(instance: Instance, area: SmallArea) -> None:
    task = await put_away(area, "Lange erledigt")
    part = await part_of(instance, area, task, area.member)
    kinds = {kind_of(entity): entity for entity in part.entities}
    assert kinds.keys() == {"task", "checklist_line"}
    assert [comment.comment.text for comment in part.comments] == ["Fertig."]


async def put_away(area: SmallArea, title: str) -> Id:
    task = await make_task(area, title)
    await area.accept(AddChecklistLine(id=new_id(), task=task, text="Schild am Rathaus"))
    await area.accept(AddComment(id=new_id(), task=task, text="Fertig."))
    await area.accept(FinishTask(task=task))
    later = datetime.now(UTC) + duties.PUT_AWAY_AFTER + timedelta(minutes=1)
    for space, due, done_at in await area.kernel.database.read(duties.due, later):
        await area.kernel.submit(duties.request(space, due, done_at))
    return task


# --- search ----------------------------------------------------------------------------------------------------------


async def test_every_word_has_to_occur_somewhere_in_or_on_a_task(instance: Instance, area: SmallArea) -> None:
    task = await make_task(area, "Mitfahrbank aufstellen")
    await area.accept(DescribeTask(task=task, text="Am Dorfplatz von Kaltenrieth"))
    await area.accept(AddChecklistLine(id=new_id(), task=task, text="Genehmigung einholen"))
    await area.accept(AddComment(id=new_id(), task=task, text="Holzbau Rennerich spendet."))
    await area.accept(BlockTask(task=task, reason="auf Unterschrift"))
    await make_task(area, "Dorfplatz kehren")
    for query in (
        "mitfahrbank",
        "BANK dorfplatz",
        "genehmigung kaltenrieth",
        "rennerich",
        "  unterschrift   aufstellen ",
    ):
        assert await titles(instance, area, query) == ["Mitfahrbank aufstellen"], query
    assert await titles(instance, area, "dorfplatz") == ["Dorfplatz kehren", "Mitfahrbank aufstellen"]
    assert await titles(instance, area, "dorfplatz rathaus") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("straße", True),
        ("STRASSE", True),
        ("strasse", True),
        ("bär", True),
        ("BÄR", True),
        ("ba\u0308r", True),  # as some keyboards send it
        ("bar", False),
        ("%", False),
        (".*", False),
        ("", False),
        ("   ", False),
    ],
)
async def test_case_does_not_matter_and_umlauts_do(
    instance: Instance, area: SmallArea, query: str, found: bool
) -> None:
    await make_task(area, "Bärenstraße sperren")
    assert bool(await titles(instance, area, query)) == found


async def test_what_one_may_not_see_is_not_found_by_any_word_of_it(instance: Instance, area: SmallArea) -> None:
    task = await make_task(area, "Vertraulich")
    await area.accept(AddComment(id=new_id(), task=task, text="Kündigung"))
    await area.accept(ShowTask(task=task, visibility=Visibility.MODERATORS))
    for word in ("vertraulich", "kündigung"):
        assert await titles(instance, area, word) == []
        assert await titles(instance, area, word, area.coordinator) == ["Vertraulich"]


async def test_a_reader_of_the_area_finds_what_the_area_may_see(instance: Instance, area: SmallArea) -> None:
    reader = new_id()
    await area.accept(JoinPerson(id=reader, name="Rita", role="reader"), space=area.area)
    task = await make_task(area, "Radweg planen")
    await make_task(area, "Radweg intern")
    await area.accept(ShowTask(task=task, visibility=Visibility.AREA))
    assert await titles(instance, area, "radweg", reader) == ["Radweg planen"]
    await area.accept(AddParticipant(person=reader, role="member"))
    assert await titles(instance, area, "radweg", reader) == ["Radweg intern", "Radweg planen"]


async def test_put_away_tasks_are_found_with_their_parts_and_binned_ones_are_not(
    instance: Instance, area: SmallArea
) -> None:
    await put_away(area, "Schild malen")
    binned = await make_task(area, "Schild wegwerfen")
    await area.accept(BinTask(task=binned))
    found = await search(instance, area, "schild", area.member)
    assert sorted(kind_of(entity) for entity in found.entities) == ["checklist_line", "task"]
    assert await titles(instance, area, "schild") == ["Schild malen"]


async def test_more_than_anyone_reads_is_said_to_be_more(
    instance: Instance, area: SmallArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.board.search.MOST_FOUND", 2)
    for number in range(3):
        await make_task(area, f"Brief {number}")
    found = await search(instance, area, "brief", area.member)
    assert (found.more, len(found.entities)) == (True, 2)
    assert await titles(instance, area, "brief") == ["Brief 2", "Brief 1"]

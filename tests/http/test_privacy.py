"""One's own data, and being forgotten: with account and sessions, in the file of the database, after a restore."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from server import backup, restore
from server.core import verify
from server.core.database import open_database
from server.core.ids import new_id
from server.core.verify import Verified
from server.people.accounts import Being, coming_in
from server.people.erasure_list import ErasureList, Listed
from shared_schema.base import Visibility
from shared_schema.board import AddComment, AssignTask, CreateTask
from shared_schema.people import AddParticipant, EditPerson, JoinPerson
from tests.support.areas import SmallArea
from tests.support.instances import Instance, running_instance

NAME = "Josef Winkelmoser"
EMAIL = "winkelmoser@brachtenau.example"


@pytest.fixture
async def instance(database_url: str) -> AsyncIterator[Instance]:
    async with running_instance(database_url) as instance:
        yield instance


@pytest.fixture
async def area(instance: Instance) -> SmallArea:
    """Josef, with an account, has said something, and something was said to him."""
    area = await instance.small_area()
    await area.accept(EditPerson(person=area.member, name=NAME, function="Fahrdienst"), space=area.area)
    await area.kernel.followed()
    await area.kernel.database.write(coming_in, Being(person=area.member, area=area.area), EMAIL)
    task = await area.new_task("Fahrplan")
    await area.accept(AssignTask(task=task, person=area.member))
    await area.accept(AddComment(id=new_id(), task=task, text="Das mache ich, Winkelmoser"), by=area.member)
    await area.accept(AddComment(id=new_id(), task=task, text=f"Danke @[{area.member}]"))
    return area


def everything(connection: Connection) -> bytes:
    """Every value of every table."""
    found: list[bytes] = []
    for table in inspect(connection).get_table_names():
        for row in connection.execute(text(f"SELECT * FROM {table}")):
            found += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(found)


def files_of(instance: Instance) -> bytes:
    """The database as it lies on the disk, with the log beside it; nothing where it is no file."""
    file = instance.settings.sqlite_file
    return b"" if file is None else b"".join(one.read_bytes() for one in file.parent.glob(file.name + "*"))


# --- one's own data --------------------------------------------------------------------------------------------------


async def test_own_data_holds_what_one_is_wrote_and_owns(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as browser:
        answer = await browser.get("/api/me/data")
        page = await browser.get("/api/me/data.html")
    data = answer.json()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert data["person"]["name"] == NAME
    assert data["account"]["email"] == EMAIL
    assert [one["by"] for one in data["sessions"]] == ["demo"]
    (network,) = (one for one in data["spaces"] if one["space"] == area.network)
    assert sorted(entity["kind"] for entity in network["entities"]) == [
        "comment",
        "comment",
        "ownership",
        "participant",
    ]
    assert [entry["verb"] for entry in network["entries"]] == ["comment.add"]
    assert NAME in page.text
    assert "<script" not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_what_is_hidden_from_somebody_is_not_among_their_data(instance: Instance, area: SmallArea) -> None:
    task = new_id()
    create = CreateTask(id=task, column=await area.first_column(), title="Geheim", visibility=Visibility.MODERATORS)
    await area.accept(create)
    await area.accept(AddComment(id=new_id(), task=task, text=f"Geheimes über @[{area.member}]"))
    async with instance.signed_in(area.member) as browser:
        assert "Geheim" not in (await browser.get("/api/me/data")).text


# --- being forgotten -------------------------------------------------------------------------------------------------


async def test_the_name_is_nowhere_any_more(
    instance: Instance, area: SmallArea, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert b"Winkelmoser" in await area.kernel.database.read(everything)
    async with instance.signed_in(area.member) as browser, instance.signed_in(area.coordinator) as other:
        assert (await browser.post(f"/api/people/{area.member}/erase", json={"name": NAME})).status_code == 204
        await area.kernel.followed()
        assert (await browser.get("/api/me")).status_code == 401
        for path in ("snapshot", "entries?after=0", "journal", "snapshot?at=5", "search?q=Winkelmoser"):
            said = (await other.get(f"/api/spaces/{area.network}/{path}")).text
            assert "winkelmoser" not in said.lower().replace('"query":"winkelmoser"', ""), path
    stored = (await area.kernel.database.read(everything)).lower()
    assert b"winkelmoser" not in stored
    assert b"winkelmoser" not in files_of(instance).lower()
    ours = [str(vars(one)) for one in caplog.records if one.name.startswith(("korridor", "server"))]
    assert ours
    assert not [line for line in ours if "winkelmoser" in line.lower()]
    outcomes = await area.kernel.database.read(lambda connection: list(verify.verify_database(connection)))
    assert all(isinstance(one, Verified) for one in outcomes)


async def test_it_takes_the_name_typed_by_hand_and_the_right_person(instance: Instance, area: SmallArea) -> None:
    async with instance.signed_in(area.member) as browser:
        wrong = await browser.post(f"/api/people/{area.member}/erase", json={"name": "Josef"})
        other = await browser.post(f"/api/people/{area.coordinator}/erase", json={"name": "Jana"})
    assert (wrong.status_code, other.status_code) == (409, 403)


async def test_who_moderates_alone_needs_a_successor_first(instance: Instance, area: SmallArea) -> None:
    path = f"/api/people/{area.coordinator}/erase"
    async with instance.signed_in(area.coordinator) as browser:
        alone = await browser.post(path, json={"name": "Jana"})
        assert alone.json()["reason"] == {"reason": "last_moderator"}
        successor = new_id()
        await area.accept(JoinPerson(id=successor, name="Nora", role="member"), space=area.area)
        await area.accept(AddParticipant(person=successor, role="moderator"))
        last = await browser.post(path, json={"name": "Jana"})
        assert last.json()["reason"] == {"reason": "last_coordination"}
        await area.accept(EditPerson(person=successor, role="coordination"), space=area.area)
        assert (await browser.post(path, json={"name": "Jana"})).status_code == 204


async def test_the_coordination_learns_where_others_wrote_the_name(instance: Instance, area: SmallArea) -> None:
    task = await area.new_task("Bei Winkelmoser nachfragen")
    path = f"/api/areas/{area.area}/erasures/{area.member}/mentions"
    async with instance.signed_in(area.coordinator) as browser:
        await browser.post(f"/api/people/{area.member}/erase", json={"name": NAME})
        await area.kernel.followed()
        assert (await browser.get(path)).json() == [{"space": area.network, "kind": "task", "id": task, "task": task}]


# --- after a restore -------------------------------------------------------------------------------------------------


async def test_jnl5_who_was_erased_stays_erased_after_a_restore(
    instance: Instance, area: SmallArea, tmp_path: Path
) -> None:
    older = BytesIO()
    await backup.backup(instance.settings.database_url, older)
    listed = ErasureList(tmp_path / "erasures")
    listed.add(Listed(area=area.area, person=area.member))
    url = f"sqlite:///{tmp_path}/restored.db"
    older.seek(0)
    outcomes = await restore.restore(url, older, listed.read())
    assert len(outcomes) == 2
    database = open_database(url)
    try:
        assert b"winkelmoser" not in (await database.read(everything)).lower()
    finally:
        await database.close()
    assert b"winkelmoser" not in (tmp_path / "restored.db").read_bytes().lower()


async def test_a_server_on_sqlite_keeps_the_list_beside_the_database(sqlite_url: str) -> None:
    async with running_instance(sqlite_url) as instance:
        area = await instance.small_area()
        async with instance.signed_in(area.member) as browser:
            await browser.post(f"/api/people/{area.member}/erase", json={"name": "Josef"})
        await area.kernel.followed()
        assert instance.settings.erasure_list is not None
        assert ErasureList(instance.settings.erasure_list).read() == [Listed(area=area.area, person=area.member)]

"""Erasure in the journal: what was said is gone, the chain and the replay hold, and nothing can be slipped in."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select, text

from server.core import erasing, ledger, verify
from server.core.ids import new_id
from server.core.tables import entities, journal
from server.core.verify import Difference
from server.people.erasing import erasure_of
from shared_schema.board import AddComment, AssignTask, Comment, CreateTask, DescribeTask, EditTask, Task
from shared_schema.frames import Accepted, Refused
from shared_schema.journal import Patch
from shared_schema.people import EditPerson, ErasePerson, Participant, Person, Trace
from shared_schema.refusals import LastCoordination, NotFound
from tests.support.areas import SmallArea

NAME = "Josef Winkelmoser"


@pytest.fixture
async def written(small: SmallArea) -> SmallArea:
    """The small area after Josef, under his whole name, has written on the board, and others about him."""
    await small.accept(EditPerson(person=small.member, name=NAME, function="Winkelmosers Fahrer"), space=small.area)
    await small.kernel.followed()
    task = new_id()
    column = await small.first_column()
    await small.accept(CreateTask(id=task, column=column, title=f"{NAME} fragt nach"), by=small.member)
    await small.accept(DescribeTask(task=task, text="Gruß, Winkelmoser"), by=small.member)
    await small.accept(EditTask(task=task, title="Nachgefragt"))
    await small.accept(AssignTask(task=task, person=small.member))
    await small.accept(AddComment(id=new_id(), task=task, text=f"Das war ich, {NAME}."), by=small.member)
    await small.accept(AddComment(id=new_id(), task=task, text=f"@[{small.member}] hat recht."))
    return small


async def differences(small: SmallArea) -> list[Difference]:
    found = await small.kernel.database.read(lambda connection: list(verify.verify_database(connection)))
    return [one for one in found if isinstance(one, Difference)]


async def heads(small: SmallArea) -> dict[int, bytes]:
    def read(connection: Connection) -> dict[int, bytes]:
        rows = select(journal.c.seq, journal.c.hash).where(journal.c.space == small.network)
        return {row.seq: bytes(row.hash) for row in connection.execute(rows)}

    return await small.kernel.database.read(read)


async def stored(small: SmallArea) -> bytes:
    """Every payload and every entity, as they are stored."""

    def read(connection: Connection) -> bytes:
        columns = (select(journal.c.payload), select(entities.c.body))
        return b"".join(bytes(value) for one in columns for value in connection.execute(one).scalars())

    return await small.kernel.database.read(read)


async def test_jnl5_the_name_is_gone_and_the_journal_is_whole(written: SmallArea) -> None:
    before = await heads(written)
    assert b"Winkelmoser" in await stored(written)
    await written.erase(written.member)
    assert b"winkelmoser" not in (await stored(written)).lower()
    assert await differences(written) == []
    after = await heads(written)
    assert {seq: after[seq] for seq in before} == before
    assert len(after) == len(before) + 1


async def test_what_they_did_stays_as_the_doing_of_a_former_member(written: SmallArea) -> None:
    await written.erase(written.member)
    network, area = await written.kernel.space(written.network), await written.kernel.space(written.area)
    assert network is not None
    assert area is not None
    (part,) = network.where(Participant, person=written.member)
    assert (part.name, part.function, part.erased, part.role) == ("", "", True, "member")
    person = area.get(Person, written.member)
    assert (person.name, person.erased) == ("", True)
    (task,) = (one for one in network.all(Task) if one.created_by == written.member)
    assert (task.title, task.created_by, task.comments) == ("Nachgefragt", written.member, 2)
    texts = {comment.author: comment.text for comment in network.all(Comment)}
    assert texts == {written.member: "", written.coordinator: f"@[{written.member}] hat recht."}
    entries = await written.kernel.entries_before(written.network, None, task.id, 100)
    assert [one.entry.by.id for one in entries].count(written.member) == 3
    patches = [change for one in entries for change in one.entry.changes if isinstance(change, Patch)]
    titles = [patch.fields["title"] for patch in patches if "title" in patch.fields]
    assert titles == ["Nachgefragt"]


async def test_what_others_wrote_about_them_stays_and_is_listed(written: SmallArea) -> None:
    comment = new_id()
    network = await written.kernel.space(written.network)
    assert network is not None
    (task,) = (one for one in network.all(Task) if one.created_by == written.member)
    await written.accept(AddComment(id=comment, task=task.id, text="Fragt Winkelmoser, der weiß es."))
    await written.erase(written.member)
    assert network.get(Comment, comment).text == "Fragt Winkelmoser, der weiß es."
    (trace,) = network.all(Trace)
    assert (trace.person, trace.of, trace.entity, trace.on) == (written.member, "comment", comment, task.id)
    assert await differences(written) == []


async def test_a_second_time_has_no_effect_and_two_people_can_be_erased(written: SmallArea) -> None:
    await written.erase(written.member)
    stand = await heads(written)
    erasure = await written.kernel.database.read(erasure_of, written.area, written.member)
    assert await written.kernel.database.write(erasing.erase, written.network, erasure) is None
    assert await heads(written) == stand
    assert await written.refuse(ErasePerson(person=written.member), space=written.area) == NotFound(
        kind="person", id=written.member
    )
    await written.accept(EditPerson(person=written.coordinator, role="coordination"), space=written.area)
    assert await written.refuse(ErasePerson(person=written.coordinator), space=written.area) == LastCoordination()
    assert await differences(written) == []


REPLACED = "WHERE space = :space AND payload_hash IS NOT NULL"
OTHER = "(SELECT payload FROM journal WHERE space = :space AND seq = 2)"


@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE journal SET payload = {OTHER} {REPLACED}",
        f"UPDATE journal SET payload_hash = NULL {REPLACED}",
        "UPDATE journal SET payload_hash = hash WHERE space = :space AND seq = 3",
    ],
)
async def test_jnl5_only_an_erasure_can_replace_what_an_entry_says(written: SmallArea, sql: str) -> None:
    await written.erase(written.member)

    def alter(connection: Connection) -> None:
        assert connection.execute(text(sql), {"space": written.network}).rowcount > 0

    await written.kernel.database.write(alter)
    (difference,) = await differences(written)
    assert difference.space == written.network


async def test_jnl5_a_payload_replaced_behind_the_chain_is_named(written: SmallArea) -> None:
    """As the one who alters it would do it: the hash of what was there is kept, as an erasure does."""
    await written.erase(written.member)

    def alter(connection: Connection) -> None:
        row = connection.execute(select(journal).where(journal.c.space == written.network, journal.c.seq == 1)).one()
        assert row.payload_hash is None
        values = {"payload": b'{"changes":[]}', "payload_hash": ledger.payload_hash(row.salt, row.payload), "salt": b""}
        connection.execute(
            journal.update().where(journal.c.space == written.network, journal.c.seq == 1).values(values)
        )

    await written.kernel.database.write(alter)
    (difference,) = await differences(written)
    assert difference.space == written.network


async def test_a_command_of_one_who_was_erased_is_answered_as_before(written: SmallArea) -> None:
    column, id, task = await written.first_column(), new_id(), new_id()
    create = CreateTask(id=task, column=column, title=f"Von {NAME}")
    first = await written.send(create, by=written.member, id=id)
    await written.erase(written.member)
    assert isinstance(first, Accepted)
    assert await written.send(create, by=written.member, id=id) == first
    later = await written.send(CreateTask(id=new_id(), column=column, title="Neu"), by=written.member)
    assert isinstance(later, Refused)

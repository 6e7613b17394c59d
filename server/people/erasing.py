"""What follows when a person is erased: every space of the area forgets them, the account goes, the list is kept.

The area's own journal comes last, because it is where a second attempt after a crash finds the names.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from server.core.erasing import Erasure
from server.core.forgetting import Forgotten
from server.core.ids import derived_id
from server.core.journal import decode_payload
from server.core.kernel import Kernel
from server.core.space import Space, kind_of
from server.core.tables import journal, spaces
from shared_schema.base import MODERATORS, Entity, Id
from shared_schema.journal import Entry, Patch, Put
from shared_schema.people import Person, Trace

from .departures import forget_account
from .erasure_list import ErasureList, Listed
from .sessions import Sessions

log = logging.getLogger("korridor.people")


class Erasing:
    """Carries an erasure out wherever something of the person is."""

    def __init__(self, kernel: Kernel, sessions: Sessions, listed: ErasureList | None) -> None:
        self._kernel = kernel
        self._sessions = sessions
        self._listed = listed

    async def after(self, area: Space, entry: Entry) -> None:
        """The same, after the entry that asks for it."""
        await self.carry_out(area, entry.about)

    async def carry_out(self, area: Space, person: Id) -> None:
        """Returns when nothing is left; a second time does no harm."""
        database = self._kernel.database
        if self._listed is not None:
            self._listed.add(Listed(area=area.id, person=person))
        else:
            log.warning("erasure_not_listed", extra={"person": person})
        await self._sessions.end_all(person)
        await database.write(forget_account, person)
        erasure = await database.read(erasure_of, area.id, person)
        for space in await database.read(spaces_of, area.id):
            await self._kernel.erase(space, erasure)
        await database.scrub()
        log.info("person_erased", extra={"person": person, "area": area.id})


def spaces_of(connection: Connection, area: Id) -> list[Id]:
    """The spaces of an area, itself last."""
    found = connection.execute(select(spaces.c.id).where(spaces.c.area == area).order_by(spaces.c.id)).scalars()
    return [*(id for id in found if id != area), area]


def erasure_of(connection: Connection, area: Id, person: Id) -> Erasure:
    """What is to be done in each space of the area."""
    names = tuple(sorted(set(_names(connection, area, person)) - {""}))
    return Erasure(id=derived_id("erase", area, person), forgotten=Forgotten(person=person, names=names), also=traces)


def _names(connection: Connection, area: Id, person: Id) -> Iterator[str]:
    """Every name that the person ever had in the area."""
    rows = select(journal.c.payload).where(journal.c.space == area).order_by(journal.c.seq)
    for payload in connection.execute(rows).scalars():
        for change in decode_payload(payload).changes:
            if isinstance(change, Put) and isinstance(change.entity, Person) and change.entity.id == person:
                yield change.entity.name
            elif isinstance(change, Patch) and (change.kind, change.id) == (kind_of(Person), person):
                yield from (str(values["name"]) for values in (change.fields, change.was) if "name" in values)


def traces(space: Space, forgotten: Forgotten) -> Iterable[Entity]:
    """Where others have written the name: once for each text, and for the moderators to see."""
    for entity in space:
        texts = (getattr(entity, name) for name in entity.texts)
        if any(isinstance(text, str) and forgotten.named_in(text) for text in texts):
            yield Trace(
                id=derived_id(space.id, "trace", forgotten.person, kind_of(entity), entity.id),
                to=MODERATORS,
                person=forgotten.person,
                of=kind_of(entity),
                entity=entity.id,
                on=entity.id if kind_of(entity) == "task" else getattr(entity, "task", None),
            )

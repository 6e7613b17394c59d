"""The spaces that somebody watches in this process, and who may go on watching.

What a commit batch brings is encoded and framed once per kind of viewer, and written straight to each seat's link
(`rooms.py`). All of it runs on the loop, and nothing waits while it shows.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from server.core.batch import Resolve
from server.core.journal import Committed
from server.core.kernel import Kernel
from server.core.space import Space
from shared_schema.base import Author, Id, Viewer
from shared_schema.frames import Where
from shared_schema.journal import Change, Put

from .rings import Line
from .rooms import Room
from .whereabouts import HERE, WHO

LINGER = 60.0
"""Seconds for which a space stays ready after the last seat left, so that a hall that reconnects at once finds it."""
ASK_AGAIN = 60.0
"""Seconds after which everybody's rights are looked at again: an access that ends on a date ends without an entry."""


class Rooms:
    """The rooms that are open. `begin` and `close` frame their time."""

    def __init__(
        self, kernel: Kernel, *, resolve: Resolve, rights_kinds: frozenset[str], clock: Callable[[], float]
    ) -> None:
        self._kernel = kernel
        self._resolve = resolve
        self._rights_kinds = rights_kinds
        self._clock = clock
        self._rooms: dict[Id, Room] = {}
        self._closed = False
        self._stop_listening = ExitStack()

    def begin(self) -> None:
        """Shows from now on what the kernel commits and what other processes say."""
        kernel = self._kernel
        for stop in (
            kernel.listen(self.show),
            kernel.relay.listen(HERE, self._hear_who_is_there, kernel),
            kernel.relay.listen(WHO, self._say_who_is_here, kernel),
        ):
            self._stop_listening.callback(stop)
        kernel.on_renewed(self._renew)

    def close(self) -> None:
        """Ends every wait and lets go of every space. To be told twice does no harm."""
        self._closed = True
        self._stop_listening.close()
        for room in self._rooms.values():
            room.close()
        self._rooms.clear()

    def sweep(self, at: float) -> None:
        """Looks at everybody's rights now and again, and lets go of spaces that nobody watches."""
        for id, room in list(self._rooms.items()):
            if at - room.asked_at >= ASK_AGAIN:
                self._ask_again(room)
            if room.empty and at - room.left_at >= LINGER:
                self._rooms.pop(id).close()
            room.whereabouts.refresh()

    # --- which there are ---------------------------------------------------------------------------------------------

    def find(self, id: Id) -> Room | None:
        """The room of a space if it is open."""
        return self._rooms.get(id)

    async def get(self, id: Id) -> Room | None:
        """The room of a space, opened if need be; None if there is no such space."""
        room = self._rooms.get(id)
        if room is not None:
            room.touch()  # whoever asks may have to wait for the journal before taking a seat
            return room
        with ExitStack() as keep:
            keep.enter_context(self._kernel.keep(id))
            space = await self._kernel.space(id)
            if space is None:
                return None
            keep.enter_context(self._kernel.keep(space.area_id))
            await self._kernel.space(space.area_id)
            space = self._kernel.peek(id)
            if id not in self._rooms and space is not None:
                self._rooms[id] = Room(self._kernel, space, keep.pop_all(), self._clock)
        return self._rooms.get(id)

    def watched(self) -> set[Id]:
        """The spaces that somebody has a seat in, or waits for."""
        return {id for id, room in self._rooms.items() if not room.empty}

    @property
    def seats(self) -> int:
        """How many seats are taken, in all spaces."""
        return sum(len(group) for room in self._rooms.values() for group in room.seats.values())

    def ready(self) -> set[Id]:
        """The spaces that are watched, or were a moment ago."""
        return set(self._rooms)

    def begin_anew(self, space: Id) -> None:
        """Every seat of a space gets `behind`: what it holds cannot be continued."""
        if space in self._rooms:
            self._rooms[space].begin_anew()

    def _renew(self, space: Id) -> None:
        if space in self._rooms:
            self._rooms[space].renew()

    async def wait_for(self, space: Id, after: int, at_most: float) -> None:
        """Returns when the space may have an entry after this one, or after so many seconds."""
        room = await self.get(space)
        if room is not None and room.ring.seq <= after and not self._closed:
            await room.wait(at_most)

    def waited_for(self, space: Id) -> int:
        """How many wait for news of a space without a seat."""
        return self._rooms[space].waiting if space in self._rooms else 0

    async def since(self, space: Id, seq: int, head: str | None = None) -> list[Line] | None:
        """What happened in a space after `seq` (at `head`, if given); None: that has to begin with a snapshot."""
        room = await self.get(space)
        return None if room is None else room.topped_up(seq, await room.since(seq, head))

    # --- showing, and to whom ----------------------------------------------------------------------------------------

    def show(self, space: Id, committed: list[Committed]) -> None:
        """New entries of a space, in order and after their commit. Those who lost a right get none of them."""
        if any(self._decides_rights(change) for one in committed for change in one.entry.changes):
            for room in list(self._rooms.values()):
                if space in (room.id, room.area_id):
                    self._ask_again(room)
        room_of_space = self._rooms.get(space)
        if room_of_space is not None:
            room_of_space.show(committed)

    def viewer(self, space: Space, area: Space, author: Author) -> Viewer | None:
        """As what this person looks at the space now; None: not at all."""
        return self._resolve(space, area, author, self._kernel.now()).viewer

    def _decides_rights(self, change: Change) -> bool:
        kind = change.entity.__struct_config__.tag if isinstance(change, Put) else change.kind
        return kind in self._rights_kinds

    def _ask_again(self, room: Room) -> None:
        """Resolves everybody's rights in a space anew: who has lost them leaves, who has others begins anew."""
        room.asked_at = self._clock()
        spaces = room.spaces()
        if spaces is None:
            room.begin_anew()
            return
        for author, seats in room.authors().items():
            viewer = self.viewer(*spaces, author)
            for seat in seats:
                if viewer is None:
                    seat.connection.show_out(room.id, room, "no_access")
                elif viewer != seat.viewer:
                    seat.connection.begin_anew(room)

    # --- who is where ------------------------------------------------------------------------------------------------

    def appear(self, space: Id, person: Id, where: Where | None) -> None:
        """Shows somebody without a socket where a space is watched, or no more (None)."""
        if space in self._rooms:
            self._rooms[space].whereabouts.appear(person, person, where)

    def _hear_who_is_there(self, space: str, said: bytes) -> None:
        if space in self._rooms:
            self._rooms[space].whereabouts.hear(said)

    def _say_who_is_here(self, space: str, _: bytes) -> None:
        if space in self._rooms:
            self._rooms[space].whereabouts.answer()

    def forget_others(self) -> None:
        """Nothing is heard any more of who is in other processes."""
        for room in self._rooms.values():
            room.whereabouts.forget_others()

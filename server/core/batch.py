"""One batch of commands on its way to the journal: decided on overlays, turned into rows. No SQL, no waiting."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from shared_schema.base import Author, Command, Id, SpaceKind, Viewer
from shared_schema.frames import Accepted, Refused
from shared_schema.journal import Change, Entry
from shared_schema.refusals import AlreadyExists, IdReused, Internal, NotFound, Refusal

from . import ledger, moments
from .commands import SYSTEM_ACTOR, Actor, Decision, Request, decide, operation, second_space
from .follow import is_followed
from .journal import Committed, Known, Opened, Writes, encode_payload
from .projections import PROJECTIONS
from .space import Space

log = logging.getLogger(__name__)

Answer = Accepted | Refused
Resolve = Callable[[Space, Space, Author, datetime], Actor]
"""(space, area, author, now) -> the actor: who this is in that space, and as what they look at it."""

NOBODY = Viewer(0)
encode = msgspec.json.Encoder().encode


class Waiting(Struct):
    """A request that waits for its answer; the one or two spaces it concerns, and how often others had them locked."""

    request: Request
    answered: Callable[[Answer], None]
    spaces: tuple[Id, ...] = ()
    missed: int = 0

    def __post_init__(self) -> None:
        space, other = self.request.space, second_space(self.request.command)
        self.spaces = (space,) if other in (None, space) else (space, other or "")

    def answer(self, answer: Answer) -> None:
        """Gives the answer. A mistake of whoever takes it concerns nobody else in the batch."""
        try:
            self.answered(answer)
        except Exception:
            log.exception("an answer was not taken")


class Batch:
    """Decides requests one after the other, each on what the ones before it left."""

    def __init__(self, spaces: dict[Id, Space], opened: Opened, now: datetime, resolve: Resolve) -> None:
        self._committed = spaces
        self._opened = opened
        self._now = now
        self._resolve = resolve
        self.overlays: dict[Id, Space] = {}
        self.founded: dict[Id, Space] = {}
        self.entries: dict[Id, list[Committed]] = {}
        self.answers: list[tuple[Waiting, Answer]] = []
        self._rows: list[dict[str, Any]] = []
        self._known: dict[tuple[Id, Id], Known] = dict(opened.known)

    # --- deciding ----------------------------------------------------------------------------------------------------

    def decide(self, waiting: Waiting) -> None:
        """Decides one request; its answer stands in `answers` and is true once the batch is committed."""
        request, founded = waiting.request, set(self.founded)
        try:
            answer: Answer = self._answer(request)
        except Refusal as refusal:
            answer = Refused(id=request.id, reason=refusal.reason)
        except Exception:
            answer = Refused(id=request.id, reason=internal(request))
        if isinstance(answer, Refused):
            self._forget(self.founded.keys() - founded)
        self.answers.append((waiting, answer))

    def _answer(self, request: Request) -> Accepted:
        canonical = encode(request.command)
        known = self._known.get((request.id, request.author.id))
        if known is not None and request.space in known.seqs:
            if known.fingerprint not in (None, ledger.fingerprint(known.salt, canonical)):  # None: it was erased
                raise Refusal(IdReused())
            return Accepted(id=request.id, seqs=known.seqs)
        here = self._space(request.space, request.command)
        other = second_space(request.command)
        there = None if other in (None, request.space) else self._space(other or "", request.command, here)
        area = self._area(here)
        by, decision = self._decision(request, here, there, area)
        return self._append(request, by, canonical, decision, here, there)

    def _decision(self, request: Request, here: Space, there: Space | None, area: Space) -> tuple[Actor, Decision]:
        by = self._actor(here, area, request.author)
        view = here.seen_by(NOBODY if by.viewer is None else by.viewer, area)
        if there is None:
            return by, decide(request, view, by, self._now)
        if there.area_id != here.area_id:
            raise Refusal(NotFound(kind="space", id=there.id))
        by_there = SYSTEM_ACTOR if there.id in self.founded else self._actor(there, area, request.author)
        view_there = there.seen_by(NOBODY if by_there.viewer is None else by_there.viewer, area)
        return by, decide(request, view, by, self._now, view_there, by_there)

    def _actor(self, space: Space, area: Space, author: Author) -> Actor:
        return SYSTEM_ACTOR if author.kind == "system" else self._resolve(space, area, author, self._now)

    def _forget(self, founded: Iterable[Id]) -> None:
        """Spaces that a refused command would have founded: there is nothing for the next one to find."""
        for id in founded:
            del self.founded[id], self.overlays[id]

    def _space(self, id: Id, command: Command, founder: Space | None = None) -> Space:
        """The overlay of a space; a new space where the command founds one, in the area that it is sent to."""
        if id in self.overlays:
            space = self.overlays[id]
            if self._begins(id, command) and space.seq:
                raise Refusal(AlreadyExists(kind="space", id=id))
            return space
        committed = self._committed.get(id)
        if committed is None:
            if not self._begins(id, command):
                raise Refusal(NotFound(kind="space", id=id))
            committed = self._new_space(id, command, founder)
            committed.head = ledger.genesis(id)
            self.founded[id] = committed
        elif self._begins(id, command):
            raise Refusal(AlreadyExists(kind="space", id=id))
        self.overlays[id] = committed.overlay()
        return self.overlays[id]

    def _begins(self, id: Id, command: Command) -> bool:
        op = operation(command)
        return op.founds and id == (getattr(command, op.there) if op.there else id)

    def _new_space(self, id: Id, command: Command, founder: Space | None) -> Space:
        if founder is None:
            return Space(id, "area", id)
        if founder.kind != "area":
            raise Refusal(NotFound(kind="area", id=founder.id))
        kind: SpaceKind = getattr(command, "space_kind", "area")
        return Space(id, kind, founder.id)

    def _area(self, space: Space) -> Space:
        """The area above a space, as this batch has it so far."""
        if space.area_id in self.overlays:
            return self.overlays[space.area_id]
        area = self._committed.get(space.area_id)
        if area is None:
            raise Refusal(NotFound(kind="space", id=space.id))
        return area

    # --- appending ---------------------------------------------------------------------------------------------------

    def _append(
        self, request: Request, by: Actor, canonical: bytes, decision: Decision, here: Space, there: Space | None
    ) -> Accepted:
        about_field = request.command.about
        about = request.space if about_field is None else getattr(request.command, about_field)
        other = there.id if there is not None else None
        salt = secrets.token_bytes(16)
        mark = ledger.fingerprint(salt, canonical)
        self._entry(here, request, by, about, decision.here, decision.unseen, other, salt, mark)
        seqs = {here.id: here.seq}
        if there is not None:
            self._entry(there, request, by, about, decision.there, (), here.id, secrets.token_bytes(16), None)
            seqs[there.id] = there.seq
        self._known[request.id, request.author.id] = Known(seqs, salt, mark)
        return Accepted(id=request.id, seqs=seqs)

    def _entry(
        self,
        space: Space,
        request: Request,
        by: Actor,
        about: Id,
        changes: list[Change],
        unseen: tuple[str, ...],
        other: Id | None,
        salt: bytes,
        mark: bytes | None,
    ) -> None:
        space.apply(changes)
        space.seq += 1
        space.at = max(self._now, space.at)
        entry = Entry(
            seq=space.seq,
            at=space.at,
            by=by.author,
            verb=str(request.command.__struct_config__.tag),
            about=about,
            command=request.id,
            changes=tuple(changes),
            unseen=unseen,
            other=other,
        )
        row = journal_row(space, entry, encode_payload(changes, unseen, other), salt, mark)
        self.entries.setdefault(space.id, []).append(Committed(entry, space.head))
        self._rows.append(row)

    # --- rows --------------------------------------------------------------------------------------------------------

    def writes(self) -> Writes | None:
        """The rows of everything accepted; None if nothing is to be written."""
        if not self._rows:
            return None
        rows = Writes(journal=self._rows)
        for id, entries in self.entries.items():
            space = self.overlays[id]
            rows.follow_ups.extend(_follow_up(id, one.entry) for one in entries if is_followed(one.entry.verb))
            head = {"seq": space.seq, "head": space.head, "at": moments.write(space.at)}
            if id in self.founded:
                rows.founded.append({"id": id, "kind": space.kind, "area": space.area_id, **head})
            else:
                rows.heads.append({"id": id, **head})
            for kind, entity_id, entity in space.touched():
                entity_rows(rows, id, kind, entity_id, entity)
        return rows


def journal_row(space: Space, entry: Entry, payload: bytes, salt: bytes, mark: bytes | None) -> dict[str, Any]:
    """The row of an entry that is the space's newest; the head of the space is its hash from now on."""
    at, by = moments.write(entry.at), entry.by
    space.head = ledger.entry_hash(
        space=space.id,
        prev=space.head,
        seq=entry.seq,
        at=at,
        by=(by.kind, by.id, by.for_),
        verb=entry.verb,
        about=entry.about,
        command=entry.command,
        payload=ledger.payload_hash(salt, payload),
    )
    return {
        "space": space.id,
        "seq": entry.seq,
        "at": at,
        "by_kind": by.kind,
        "by_id": by.id,
        "by_for": by.for_,
        "verb": entry.verb,
        "about": entry.about,
        "command": entry.command,
        "payload": payload,
        "salt": salt,
        "hash": space.head,
        "fingerprint": mark,
        "payload_hash": None,
    }


def entity_rows(rows: Writes, space: Id, kind: str, id: Id, entity: Any) -> None:
    """Adds what becomes of an entity's row (None: it is gone), and of the row that follows from it."""
    projection = PROJECTIONS.get(kind)
    projected = projection.row(entity) if projection and entity is not None else None
    if entity is None:
        rows.drops.append({"space": space, "kind": kind, "id": id})
    else:
        rows.upserts.append({"space": space, "kind": kind, "id": id, "body": encode(entity)})
    if projected is not None:
        rows.projected.setdefault(kind, []).append({"space": space, "id": id, **projected})
    elif projection:
        rows.unprojected.setdefault(kind, []).append({"space": space, "id": id})


def _follow_up(space: Id, entry: Entry) -> dict[str, Any]:
    return {"space": space, "seq": entry.seq, "at": moments.write(entry.at)}


def internal(request: Request) -> Internal:
    """The reason for a mistake of ours; call it where the exception is at hand, so that the log has it."""
    reference = secrets.token_hex(4)
    verb = request.command.__struct_config__.tag
    log.exception("command failed", extra={"reference": reference, "verb": verb, "space": request.space})
    return Internal(reference=reference)

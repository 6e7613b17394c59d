"""The judge: holds a history and what is in the database at the end against what Korridor promises.

Pure functions. Each answers with violations; none is what every test of this folder asks for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from shared_schema.base import Id
from tests.faults.history import Ask, Event, Invoke, Ok, Read, Refused, Saw

Kind = Literal[
    "lost",  # acknowledged, and not in the journal
    "twice",  # more than one entry of a command in a space
    "gap",  # a number is missing, in a journal or in what a client saw
    "wrong_seq",  # in the journal under another number than was told
    "another_answer",  # the same command was answered in two ways
    "refused_but_done",  # refused for good, and in the journal
    "reordered",  # acknowledged before another was sent, and yet behind it
    "stale_read",  # read less than the reader had been told or had seen before
    "phantom",  # seen or read by a client, and not in the journal
    "diverged",  # clients, or a client and a fresh snapshot, do not hold the same at the end
    "altered",  # `korridor verify` finds a difference
]

Journal = Sequence[tuple[int, Id]]
"""The entries of a space as they are stored: number and command."""


class Violation(Struct, frozen=True):
    """A broken promise."""

    kind: Kind
    space: Id
    what: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.space}: {self.what}"


class Held(Struct, frozen=True):
    """What somebody holds of a space at the end: a client, or a reader who has just come."""

    by: str
    space: Id
    seq: int
    things: Mapping[Any, Any]


class Evidence(Struct, frozen=True, kw_only=True):
    """All there is to judge by. `held` are the clients' states and fresh snapshots, `altered` what `verify` found."""

    events: Sequence[Event]
    journals: Mapping[Id, Journal]
    held: Sequence[Held] = ()
    altered: Sequence[tuple[Id, str]] = ()


def violations(evidence: Evidence) -> list[Violation]:
    """Every broken promise, the gravest first."""
    events, journals = evidence.events, evidence.journals
    return [
        *journal_violations(journals),
        *answer_violations(events, journals),
        *order_violations(events),
        *sight_violations(events, journals),
        *read_violations(events, journals),
        *end_violations(evidence.held),
        *(Violation("altered", space, what) for space, what in evidence.altered),
    ]


# --- the journal -----------------------------------------------------------------------------------------------------


def journal_violations(journals: Mapping[Id, Journal]) -> Iterator[Violation]:
    """Each space has the numbers 1 to n, and each command at most one of them."""
    for space, journal in journals.items():
        for expected, (seq, _) in enumerate(journal, 1):
            if seq != expected:
                yield Violation("gap", space, f"entry {expected} is missing, {seq} comes in its place")
                break
        for command, number in Counter(command for _, command in journal).items():
            if number > 1:
                yield Violation("twice", space, f"command {command} has {number} entries")


# --- answers ---------------------------------------------------------------------------------------------------------


def answer_violations(events: Iterable[Event], journals: Mapping[Id, Journal]) -> Iterator[Violation]:
    """Each command is in the journal where its answer says, always the same answer, and not at all if refused."""
    where = {space: {command: seq for seq, command in journal} for space, journal in journals.items()}
    told: dict[Id, Ok] = {}
    for event in events:
        if isinstance(event, Ok):
            first = told.setdefault(event.command, event)
            if first.seqs != event.seqs:
                yield Violation("another_answer", event.space, f"{event.command}: {first.seqs}, then {event.seqs}")
            elif first is event:
                yield from _kept(event, where)
        elif isinstance(event, Refused):
            if event.command in told:
                what = f"{event.command}: {told[event.command].seqs}, then refused {event.reason}"
                yield Violation("another_answer", event.space, what)
            elif event.command in where.get(event.space, {}):
                yield Violation("refused_but_done", event.space, f"{event.command}: {event.reason}")


def _kept(ok: Ok, where: Mapping[Id, Mapping[Id, int]]) -> Iterator[Violation]:
    for space, seq in ok.seqs.items():
        found = where.get(space, {}).get(ok.command)
        if found is None:
            yield Violation("lost", space, f"{ok.client} was told {seq} for {ok.command}, which is not in the journal")
        elif found != seq:
            yield Violation("wrong_seq", space, f"{ok.client} was told {seq} for {ok.command}, which is entry {found}")


# --- order -----------------------------------------------------------------------------------------------------------


def order_violations(events: Iterable[Event]) -> Iterator[Violation]:
    """What was acknowledged before something else was sent has the lower number, whoever sent them."""
    newest: dict[Id, int] = defaultdict(int)
    floor: dict[Id, int] = {}
    for event in events:
        if isinstance(event, Invoke):
            floor.setdefault(event.command, newest[event.space])
        elif isinstance(event, Ok):
            seq, before = event.seqs[event.space], floor.get(event.command, 0)
            if seq <= before:
                yield Violation("reordered", event.space, f"{event.command} is {seq}, sent when {before} was known")
            newest[event.space] = max(newest[event.space], seq)


# --- what clients see ------------------------------------------------------------------------------------------------


def sight_violations(events: Iterable[Event], journals: Mapping[Id, Journal]) -> Iterator[Violation]:
    """What a client sees is in the journal, and follows what it saw before without a hole."""
    entries = {space: dict(journal) for space, journal in journals.items()}
    stands: dict[tuple[str, Id], int] = {}
    for event in events:
        key = (event.client, event.space)
        if isinstance(event, Read) and event.anew:
            stands[key] = event.seq
        elif isinstance(event, Saw):
            for seq, command in event.entries:
                before = stands.get(key, 0)
                if seq > before + 1:
                    yield Violation("gap", event.space, f"{event.client} saw {seq} after {before}")
                stands[key] = max(before, seq)
                found = entries.get(event.space, {}).get(seq)
                if found is None or command not in (None, found):
                    what = f"{event.client} saw {command} as entry {seq}, which is {found}"
                    yield Violation("phantom", event.space, what)


def read_violations(events: Sequence[Event], journals: Mapping[Id, Journal]) -> Iterator[Violation]:
    """Whoever reads finds what they were told and saw before, and what the journal says at that number."""
    known: dict[tuple[str, Id], int] = defaultdict(int)
    asked: dict[tuple[str, int], int] = {}
    values = _values(events, journals)
    for event in events:
        key = (event.client, event.space)
        if isinstance(event, Ok):
            for space, seq in event.seqs.items():
                known[event.client, space] = max(known[event.client, space], seq)
        elif isinstance(event, Saw) and event.entries:
            known[key] = max(known[key], event.entries[-1][0])
        elif isinstance(event, Ask):
            asked[event.client, event.reading] = known[key]
        elif isinstance(event, Read):
            floor = asked.get((event.client, event.reading), known[key])
            if event.seq < floor:
                yield Violation("stale_read", event.space, f"{event.client} read {event.seq} and knew of {floor}")
            known[key] = max(known[key], event.seq)
            yield from _read(event, journals.get(event.space, ()), values)


class _Value(Struct):
    """The numbers of the entries that gave something a value, and the values."""

    seqs: list[int] = []
    values: list[str] = []

    def at(self, seq: int) -> str | None:
        index = bisect_right(self.seqs, seq)
        return self.values[index - 1] if index else None


def _values(events: Iterable[Event], journals: Mapping[Id, Journal]) -> dict[tuple[Id, Id], _Value]:
    writes = {event.command: event.writes for event in events if isinstance(event, Invoke) and event.writes}
    found: dict[tuple[Id, Id], _Value] = defaultdict(_Value)
    for space, journal in journals.items():
        for seq, command in journal:
            if command in writes:
                thing, value = writes[command]
                found[space, thing].seqs.append(seq)
                found[space, thing].values.append(value)
    return found


def _read(read: Read, journal: Journal, values: Mapping[tuple[Id, Id], _Value]) -> Iterator[Violation]:
    last = journal[-1][0] if journal else 0
    if read.seq > last:
        yield Violation("phantom", read.space, f"{read.client} read {read.seq}, the journal ends at {last}")
    for thing, value in read.values.items():
        written = values.get((read.space, thing), _Value())
        expected = written.at(read.seq)
        if value != expected:
            kind: Kind = "stale_read" if value is None or value in written.values else "phantom"
            what = f"{read.client} read {value!r} of {thing} at {read.seq}, where the journal says {expected!r}"
            yield Violation(kind, read.space, what)


# --- the end ---------------------------------------------------------------------------------------------------------


def end_violations(held: Iterable[Held]) -> Iterator[Violation]:
    """Everybody holds the same of a space in the end."""
    first: dict[Id, Held] = {}
    for one in held:
        other = first.setdefault(one.space, one)
        if (one.seq, one.things) != (other.seq, other.things):
            what = f"{one.by} at {one.seq} and {other.by} at {other.seq}: {_difference(one, other)}"
            yield Violation("diverged", one.space, what)


def _difference(one: Held, other: Held) -> str:
    for key in sorted(one.things.keys() | other.things.keys(), key=str):
        if one.things.get(key) != other.things.get(key):
            return f"{key} is {one.things.get(key)} here and {other.things.get(key)} there"
    return "the same things"

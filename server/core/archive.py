"""An archive: spaces with their journals and entities in one compressed file, the same for both kinds of database.

A line of JSON each: the header, what is kept beside the spaces, then space by space its row, its entries in order, its
entities, what is left to follow; last the closing record, by which a file that was cut or altered is noticed. Nothing
here asks a database.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import chain
from typing import Any, BinaryIO, Final, Literal

import msgspec
from msgspec import Raw, Struct
from sqlalchemy import Column, LargeBinary, Table

from shared_schema.base import Id

from .tables import entities, follow_ups, journal, spaces

FORMAT: Final = 1
LEVEL: Final = 3
"""Of zlib: twice as fast as the usual 6, and the file is a seventh larger."""

Holds = Literal["instance", "spaces"]
Of = Literal["space", "entry", "entity", "follow_up"]
PARTS: Final[tuple[Of, ...]] = ("entry", "entity", "follow_up")
"""The rows that belong to a space, in the order in which they stand behind its own."""
TABLES: Final[Mapping[Of, Table]] = {"space": spaces, "entry": journal, "entity": entities, "follow_up": follow_ups}
Values = dict[str, Any]
"""A row by the names of its columns."""


class Unreadable(Exception):
    """It is no whole archive that this version reads; the message goes on where the name of the file ends."""


class SpaceRows(Struct, frozen=True, kw_only=True):
    """All rows of a space: its own, the journal in order, the entities, the entries that followers still have to
    follow. To be read once, in this order."""

    space: Values
    journal: Iterable[Values]
    entities: Iterable[Values]
    follow_ups: Iterable[Values] = ()

    def parts(self) -> Iterator[tuple[Of, Iterable[Values]]]:
        """The rows that belong to it, by what they are."""
        yield from zip(PARTS, (self.journal, self.entities, self.follow_ups), strict=True)


# --- the lines -------------------------------------------------------------------------------------------------------


class Header(Struct, frozen=True, kw_only=True):
    """The first line: what the file holds, of which instance, from when, and which versions read it."""

    korridor: str
    holds: Holds
    schema: str
    instance: Id | None
    at: str
    format: int = FORMAT


class Line(Struct, frozen=True, kw_only=True, tag_field="part", tag="row"):
    """A row of one of the tables. It belongs to the space that was last named before it, and does not say so again."""

    of: Of
    row: dict[str, Raw]


class Beside(Struct, frozen=True, kw_only=True, tag_field="part", tag="beside"):
    """A row of a table that belongs to no space, such as an account."""

    table: str
    row: dict[str, Raw]


class Counts(Struct, frozen=True, kw_only=True):
    """How many rows an archive has."""

    spaces: int
    entries: int
    entities: int
    beside: int = 0


class Closing(Struct, frozen=True, kw_only=True, tag_field="part", tag="end"):
    """The last line: how many rows stand before it, and the SHA-256 of all of that."""

    counts: Counts
    digest: str


def _counts(counted: Counter[str]) -> Counts:
    return Counts(
        spaces=counted["space"], entries=counted["entry"], entities=counted["entity"], beside=counted["beside"]
    )


_encode = msgspec.json.Encoder().encode
_header = msgspec.json.Decoder(Header)
_line: msgspec.json.Decoder[Line | Beside | Closing] = msgspec.json.Decoder(Line | Beside | Closing)

# --- values ----------------------------------------------------------------------------------------------------------


def _write_binary(value: Any) -> Raw:
    """Payloads and bodies are JSON: they stand in the line byte for byte. Everything else is base64."""
    if value is None:
        return Raw(b"null")
    written = value.encode() if isinstance(value, str) else bytes(value)
    return Raw(written if _is_object(written) else _encode(written))


def _is_object(written: bytes) -> bool:
    if not written.startswith(b"{") or b"\n" in written:
        return False
    try:
        msgspec.json.decode(written, type=Raw)
    except msgspec.DecodeError:
        return False  # a damaged one is carried all the same; whoever verifies the archive learns of it
    return True


def _read_binary(raw: Raw) -> bytes | None:
    written = bytes(raw)
    if written.startswith(b"{"):
        return written
    return msgspec.json.decode(written, type=bytes | None)


def _writer(column: Column[Any]) -> Callable[[Any], Raw]:
    return _write_binary if isinstance(column.type, LargeBinary) else lambda value: Raw(_encode(value))


def _reader(column: Column[Any]) -> Callable[[Raw], Any]:
    if isinstance(column.type, LargeBinary):
        return _read_binary
    return msgspec.json.Decoder(column.type.python_type | None if column.nullable else column.type.python_type).decode


_WRITERS = {of: {column.name: _writer(column) for column in table.c} for of, table in TABLES.items()}


def _packed_beside(table: Table, row: Values) -> Beside:
    return Beside(table=str(table.name), row={column.name: _writer(column)(row[column.name]) for column in table.c})


def _packed(of: Of, row: Values) -> Line:
    writers = _WRITERS[of]
    return Line(of=of, row={name: writers[name](value) for name, value in row.items() if name != "space"})


# --- writing ---------------------------------------------------------------------------------------------------------


def write_archive(
    target: BinaryIO, header: Header, spaces: Iterable[SpaceRows], beside: Iterable[tuple[Table, Values]] = ()
) -> Counts:
    """Writes spaces as they come, after what is kept beside them; answers how many rows there were."""
    digest, counted = sha256(), Counter[str]()
    kept = (_packed_beside(table, row) for table, row in beside)
    with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=LEVEL, mtime=0) as file:
        for line in chain([header], kept, (_packed(of, row) for space in spaces for of, row in _rows(space))):
            written = _encode(line) + b"\n"
            digest.update(written)
            file.write(written)
            if isinstance(line, Line | Beside):
                counted[_of(line)] += 1
        file.write(_encode(Closing(counts=_counts(counted), digest=digest.hexdigest())) + b"\n")
    return _counts(counted)


def _of(line: Line | Beside) -> str:
    return line.of if isinstance(line, Line) else "beside"


def _rows(space: SpaceRows) -> Iterator[tuple[Of, Values]]:
    yield "space", space.space
    for of, rows in space.parts():
        for row in rows:
            yield of, row


# --- reading ---------------------------------------------------------------------------------------------------------

NO_ARCHIVE: Final = "is no backup and no export of Korridor"
CUT: Final = "is not whole: its end is missing"
DAMAGED: Final = "is damaged"
_UNDECODABLE = (msgspec.DecodeError, UnicodeError)


class Newer(Unreadable):
    """It takes a newer version to read it."""

    def __init__(self, header: Header) -> None:
        super().__init__(f"was written by a newer Korridor: install {header.korridor} or later to read it")


class Archive:
    """An archive that is read once, from its beginning. Whoever has read all spaces knows that the file was whole."""

    def __init__(self, source: BinaryIO) -> None:
        self._lines = _lines(source)
        self._digest, self._counted = sha256(), Counter[str]()
        self.header = self._begin()
        self._next = self._read()

    def beside(self, tables: Iterable[Table]) -> Iterator[tuple[Table, Values]]:
        """What is kept beside the spaces, to be read before them; rows of other tables are passed over."""
        known = {table.name: table for table in tables}
        readers = {name: {column.name: _reader(column) for column in table.c} for name, table in known.items()}
        while isinstance(self._next, Beside):
            line, self._next = self._next, self._read()
            if line.table in known:
                yield known[line.table], _values(line.row, readers[line.table])

    def spaces(self, tables: Mapping[Of, Table] = TABLES) -> Iterator[SpaceRows]:
        """The spaces in order. What is not read of one when the next is asked for is passed over.

        Rows have the columns of these tables; others, which an older version has written, are passed over, too.
        """
        readers = {of: {column.name: _reader(column) for column in table.c} for of, table in tables.items()}
        deque(self.beside(()), maxlen=0)
        while self._next is not None:
            space = next(self._run("space", readers["space"], {}), None)
            if space is None:
                raise Unreadable(DAMAGED)
            runs = [self._run(of, readers.get(of, {}), {"space": space["id"]}) for of in PARTS]
            yield SpaceRows(space=space, journal=runs[0], entities=runs[1], follow_ups=runs[2])
            deque(chain(*runs), maxlen=0)

    def _run(self, of: Of, readers: Mapping[str, Callable[[Raw], Any]], also: Values) -> Iterator[Values]:
        """The rows from here on, as long as they are of this kind; each has these values, too."""
        while isinstance(self._next, Line) and self._next.of == of:
            row, self._next = self._next.row, self._read()
            yield {**_values(row, readers), **also}

    def _begin(self) -> Header:
        try:
            first = next(self._lines, b"")
            self._digest.update(first)
            header = _header.decode(first)
        except (Unreadable, *_UNDECODABLE):
            raise Unreadable(NO_ARCHIVE) from None
        if header.format > FORMAT:
            raise Newer(header)
        return header

    def _read(self) -> Line | Beside | None:
        """The next row, or None behind the last one; then the file has proved to be whole."""
        written = next(self._lines, None)
        if written is None:
            raise Unreadable(CUT)
        try:
            line = _line.decode(written)
        except _UNDECODABLE:
            raise Unreadable(DAMAGED) from None
        if isinstance(line, Closing):
            self._close(line)
            return None
        self._digest.update(written)
        self._counted[_of(line)] += 1
        return line

    def _close(self, closing: Closing) -> None:
        whole = closing == Closing(counts=_counts(self._counted), digest=self._digest.hexdigest())
        if not whole or next(self._lines, None) is not None:
            raise Unreadable(DAMAGED)


def _values(row: Mapping[str, Raw], readers: Mapping[str, Callable[[Raw], Any]]) -> Values:
    try:
        return {name: readers[name](raw) for name, raw in row.items() if name in readers}
    except _UNDECODABLE:
        raise Unreadable(DAMAGED) from None


def _lines(source: BinaryIO) -> Iterator[bytes]:
    try:
        yield from gzip.GzipFile(fileobj=source, mode="rb")
    except EOFError:
        raise Unreadable(CUT) from None
    except (gzip.BadGzipFile, zlib.error):
        raise Unreadable(DAMAGED) from None

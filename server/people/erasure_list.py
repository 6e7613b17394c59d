"""The list of who was erased, kept outside the database: a restore of an older backup erases them again.

A file of one line of JSON for each, with ids alone. Lines are added and never changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from shared_schema.base import GivenId


class Listed(Struct, frozen=True, kw_only=True):
    """A person who is to stay erased."""

    area: GivenId
    person: GivenId


class UnreadableList(Exception):
    """The file is no list of erasures."""


_line = msgspec.json.Decoder(Listed)


class ErasureList:
    """The list in a file, which need not be there yet."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def add(self, listed: Listed) -> None:
        """Adds a line, on the disk when this returns; once is enough."""
        if listed in self.read():
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
            file.write(msgspec.json.encode(listed) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> list[Listed]:
        """Who stands in the list, each once."""
        if not self.file.exists():
            return []
        return read_lines(self.file.read_bytes().splitlines())


def read_lines(lines: Iterable[bytes]) -> list[Listed]:
    """The lines of a list, each once. Lists of several machines may be joined to one."""
    try:
        return list(dict.fromkeys(_line.decode(line) for line in lines if line.strip()))
    except (msgspec.MsgspecError, UnicodeError):
        raise UnreadableList from None

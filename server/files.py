"""A file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, cast

STANDARD = Path("-")
"""Stands for standard input and output."""


class CannotWrite(Exception):
    """The file cannot be written; the message says why."""


@contextmanager
def written_whole(path: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """A file to write to, which only its owner may read. It gets its name when all of it is on the disk.

    Whatever stands in its way comes out as `CannotWrite`, so that nobody takes it for an error of the database.
    """
    if path == STANDARD:
        yield _passed_on(sys.stdout.buffer)
        with _explained():
            sys.stdout.buffer.flush()
        return
    _refuse_existing(path, replace=replace)
    with _explained():
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            yield _passed_on(file)
            with _explained():
                file.flush()
                os.fsync(file.fileno())
        _refuse_existing(path, replace=replace)
        with _explained():
            os.replace(name, path)
            _keep_name(path.parent)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _refuse_existing(path: Path, *, replace: bool) -> None:
    if path.exists() and not replace:
        raise CannotWrite("it exists already, and --force was not given")


def _keep_name(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # some network drives cannot, and keep the name by themselves
        os.fsync(number)
    os.close(number)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(error.strerror or str(error)) from error


def _passed_on(file: BinaryIO) -> BinaryIO:
    return cast(BinaryIO, _PassedOn(file))


class _PassedOn(RawIOBase):
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, written: Any) -> int:
        with _explained():
            return self._file.write(written)

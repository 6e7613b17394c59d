"""A sample of every command: valid in form, about one thing that is somebody's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import inspect

from shared_schema.base import Command, Id, Visibility

Ids = Callable[[str], Id]
"""The id for a field, such as the task's for `task`."""


def sample(command: type[Command], ids: Ids) -> Command:
    """The command with nothing but what it must have, and `person` and `owner` where it may name one."""
    info = inspect.type_info(command)
    assert isinstance(info, inspect.StructType)
    given = {
        field.name: ids(field.name) if _is_id(field.type) else _value(field.type)
        for field in info.fields
        if field.required or field.name in ("person", "owner")
    }
    return msgspec.convert({"verb": command.__struct_config__.tag, **given}, command)


def _is_id(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.UnionType):
        return any(map(_is_id, kind.types))
    return isinstance(kind, inspect.StrType) and (kind.pattern or "").startswith("^[0-9a-f]{8}-")


def _value(kind: inspect.Type) -> Any:
    match kind:
        case inspect.UnionType():
            return None if kind.includes_none else _value(kind.types[0])
        case inspect.EnumType():
            return Visibility.SPACE if kind.cls is Visibility else next(iter(kind.cls))
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return kind.ge or 1
        case inspect.DateType():
            return "2026-11-16"
        case inspect.ListType() | inspect.VarTupleType():
            return [_value(kind.item_type)]
        case inspect.StrType() if (kind.pattern or "").startswith("^[0-9a-f]{64}"):
            return "0" * 64  # the hash of a token
        case inspect.StrType():
            return "Wort"
    raise TypeError(f"no sample for {kind}")

"""Texts that the server itself writes: mails and templates, from the same catalogue as the client's."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Final, Literal

Language = Literal["de", "en"]
PLACE: Final = re.compile(r"\{\{(\w+)\}\}")
"""Where a value stands, such as `{{name}}`."""


@cache
def catalogue(language: Language, area: str) -> dict[str, str]:
    """The texts of one area of the product, such as "templates", by their keys."""
    file = resources.files("shared_schema") / "texts" / language / f"{area}.json"
    words: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return words


def say(language: Language, area: str, key: str, /, **values: object) -> str:
    """A text with its values. One that stands for a `count` has two forms, `key_one` and `key_other`."""
    words = catalogue(language, area)
    count = values.get("count")
    form = key if count is None else f"{key}_{'one' if count == 1 else 'other'}"
    return PLACE.sub(lambda place: str(values[place[1]]), words[form])

"""A person's own data as a page that can be read and printed, without script and without style."""

from __future__ import annotations

from html import escape
from typing import Any

import msgspec

from server.core.wording import Language, say

from .own_data import OwnData

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
    "Content-Disposition": 'attachment; filename="korridor.html"',
    "Cache-Control": "no-store",
}


def page(data: OwnData, language: Language) -> str:
    """The page; the names of the fields stand there as in the other form."""
    title = say(language, "privacy", "privacy.page_title", area=data.area)
    body = _value(msgspec.to_builtins(data))
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<h1>{escape(title)}</h1><p>{escape(say(language, 'privacy', 'privacy.page_text'))}</p>{body}</html>"
    )


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{_value(of)}</dd>" for name, of in value.items()) + "</dl>"
    if isinstance(value, list | tuple):
        return "<ol>" + "".join(f"<li>{_value(one)}</li>" for one in value) + "</ol>" if value else "–"
    return "–" if value is None or value == "" else escape(str(value))

"""Markdown as people type it, rendered and sanitised.

Two walls, each of which would do alone: the renderer knows no raw HTML and no pictures, and what it gives passes an
allow-list. A mention `@[id]` becomes the person's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from shared_schema.base import Id

from .comments import MENTION

TAGS: Final = {
    *("p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s", "a", "span"),
    *("ul", "ol", "li", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}, "span": {"class", "data-person"}, "code": {"class"}}
SCHEMES: Final = {"http", "https", "mailto", "tel"}
_LEADS_SOMEWHERE: Final = re.compile(rf"(?:{'|'.join(sorted(SCHEMES))}):|/(?![/\\])", re.IGNORECASE)
"""A link names where it leads, or a page of this instance; anything else is text that only looks like a link."""
UNKNOWN: Final = "…"
"""Shown for somebody whom this reader does not know; the id says nothing to people."""


def _mention(state: StateInline, silent: bool) -> bool:
    found = MENTION.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("mention", "span", 0).meta = {"person": found[1]}
    state.pos = found.end()
    return True


def _render_mention(self: RendererHTML, tokens: list[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    person = tokens[at].meta["person"]
    name = escape(env["names"].get(person, UNKNOWN))
    return f'<span class="mention" data-person="{person}">@{name}</span>'


def _lower_headings(self: RendererHTML, tokens: list[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    """A text stands below the title of its task, so that its headings begin at the third level."""
    token = tokens[at]
    level = min(6, int(token.tag[1]) + 2)
    return f"<h{level}>" if token.nesting == 1 else f"</h{level}>\n"


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})
    markdown.enable(["table", "strikethrough"]).disable("image")
    markdown.inline.ruler.before("link", "mention", _mention)
    markdown.add_render_rule("mention", _render_mention)
    markdown.add_render_rule("heading_open", _lower_headings)
    markdown.add_render_rule("heading_close", _lower_headings)
    return markdown


_MARKDOWN: Final = _markdown()


def render(text: str, names: Mapping[Id, str]) -> str:
    """Safe HTML of a text; `names` says what the people mentioned are called."""
    html = _MARKDOWN.render(text, {"names": names})
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        attribute_filter=_keep_attribute,
    )


def _keep_attribute(tag: str, attribute: str, value: str) -> str | None:
    return None if attribute == "href" and not _LEADS_SOMEWHERE.match(value) else value

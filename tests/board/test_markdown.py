"""Markdown: what people see of what others type, and that nothing of it runs."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.board.markdown import ATTRIBUTES, SCHEMES, TAGS, render

ANNA = "00000000-0000-7000-8000-00000000000a"
NAMES = {ANNA: "Anna <b>Böhm</b> & Co."}

PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>@import '//x.example'</style>",
    "<form action=//x.example><input name=password></form>",
    "<base href=//x.example>",
    "<meta http-equiv=refresh content='0;url=//x.example'>",
    "<div style='background:url(//x.example)'>x</div>",
    "<details open ontoggle=alert(1)>",
    "<p id=app class=modal>x</p>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//x.example)",
    "[x](/\\x.example)",
    "[x](\\\\x.example)",
    "[x](x.example)",
    "<javascript:alert(1)>",
    "![x](https://x.example/pixel.png)",
    "![x](javascript:alert(1))",
    "[![x](https://x.example/pixel.png)](https://x.example)",
    '[x](https://x.example "t\\" onmouseover=\\"alert(1)")',
    "[x]: javascript:alert(1)\n\n[x]",
    "```html\n<script>alert(1)</script>\n```",
    '```" onload=alert(1)\nx\n```',
    "`<img src=x onerror=alert(1)>`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "\u202e<script>\u202calert(1)</script>",
    f"@[{ANNA}]",
    f"[@[{ANNA}]](javascript:alert(1))",
    f'<span class="mention" data-person="{ANNA}" onclick="alert(1)">x</span>',
    "| <script>alert(1)</script> | b |\n| --- | --- |\n| <img src=x onerror=alert(1)> | d |",
    "1" * 5000 + ". x",
    "[" * 3000 + "x" + "](y)" * 3000,
    "> " * 500 + "x",
    "*" * 5000 + "x" + "*" * 5000,
]


class Reader(HTMLParser):
    """What a browser makes of it: every tag and attribute."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def harmless(html: str) -> None:
    for tag, attributes in Reader(html).elements:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set()) | {"rel"}
        if tag == "a" and "href" in attributes:
            scheme = re.match(r"([a-z][a-z0-9+.-]*):|/(?![/\\])", attributes["href"] or "", re.IGNORECASE)
            assert scheme is not None
            assert scheme[1] is None or scheme[1].lower() in SCHEMES
            assert attributes["rel"] == "noopener noreferrer nofollow"


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_nothing_in_a_text_runs_or_loads(payload: str) -> None:
    harmless(render(payload, NAMES))


@given(st.text(alphabet="<>\"'&/=:;()[]!*_`#|-~@ \n\tajsrcipt0.x", max_size=200))
def test_nothing_in_any_text_runs_or_loads(text: str) -> None:
    harmless(render(text, NAMES))


@given(st.lists(st.sampled_from(PAYLOADS[:45]), max_size=4))
def test_payloads_do_not_help_each_other(payloads: list[str]) -> None:
    harmless(render("\n".join(payloads), NAMES))


def test_names_are_text_and_strangers_are_not_shown_by_their_id() -> None:
    stranger = "00000000-0000-7000-8000-00000000000b"
    html = render(f"Danke, @[{ANNA}] und @[{stranger}]!", NAMES)
    assert f'<span class="mention" data-person="{ANNA}">@Anna &lt;b&gt;Böhm&lt;/b&gt; &amp; Co.</span>' in html
    assert html.count(stranger) == 1


def test_a_mention_in_code_stays_as_typed() -> None:
    assert f"<code>@[{ANNA}]</code>" in render(f"`@[{ANNA}]`", NAMES)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**fett** und *kursiv* und ~~weg~~", "<strong>fett</strong> und <em>kursiv</em> und <s>weg</s>"),
        ("# Groß", "<h3>Groß</h3>"),
        ("##### Klein", "<h6>Klein</h6>"),
        ("- a\n- b", "<li>a</li>"),
        ("3. c", '<ol start="3">'),
        ("> Zitat", "<blockquote>"),
        ("Zeile\nZeile", "Zeile<br>"),
        ("| a | b |\n| - | - |\n| c | d |", "<td>c</td>"),
        ("`code`", "<code>code</code>"),
        ("---", "<hr>"),
        (
            "[Ort](https://example.org/karte)",
            '<a href="https://example.org/karte" rel="noopener noreferrer nofollow">Ort</a>',
        ),
        ("[Aufgabe](/spaces/1?task=2)", '<a href="/spaces/1?task=2"'),
        ("[a](b)", ">a</a>"),
        ("<mailto:a@example.org>", 'href="mailto:a@example.org"'),
        ("2 < 3 & 4", "2 &lt; 3 &amp; 4"),
    ],
    ids=range(15),
)
def test_what_people_type_looks_as_they_mean_it(text: str, html: str) -> None:
    assert html in render(text, NAMES)

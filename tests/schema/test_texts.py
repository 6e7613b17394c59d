"""The catalogues of both languages: complete, alike, short, polite, and without texts that nobody shows."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import get_args

import pytest

from shared_schema.refusals import AnyReason

ROOT = Path(__file__).parents[2]
TEXTS = ROOT / "shared_schema" / "texts"
AREAS = sorted(path.stem for path in (TEXTS / "de").glob("*.json"))
LANGUAGES = ("de", "en")

PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
PLURAL = re.compile(r"_(one|other)$")
LONGEST_SENTENCE = 20
"""Words. What is longer is read twice, by people in a hurry and by people who learn the language."""


def catalogue(language: str, area: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads((TEXTS / language / f"{area}.json").read_text(encoding="utf-8"))
    return texts


def everything(language: str) -> dict[str, str]:
    return {key: text for area in AREAS for key, text in catalogue(language, area).items()}


def test_both_languages_have_the_same_files() -> None:
    assert sorted(path.stem for path in (TEXTS / "en").glob("*.json")) == AREAS


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_say_the_same_things(area: str) -> None:
    german, english = (catalogue(language, area) for language in LANGUAGES)
    assert german.keys() == english.keys()
    for key, text in german.items():
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(english[key])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_stands_in_two_files(language: str) -> None:
    for first, second in combinations(AREAS, 2):
        assert not catalogue(language, first).keys() & catalogue(language, second).keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_has_both_forms(language: str) -> None:
    keys = everything(language).keys()
    stems = {PLURAL.sub("", key) for key in keys if PLURAL.search(key)}
    assert {form for stem in stems for form in (f"{stem}_one", f"{stem}_other")} <= keys
    assert not stems & keys, "a key is either a plural or not"


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_short(language: str) -> None:
    too_long = {
        key: sentence
        for key, text in everything(language).items()
        for sentence in re.split(r"(?<=[.!?:;])\s", text)
        if len(sentence.split()) > LONGEST_SENTENCE
    }
    assert not too_long


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_padded(language: str) -> None:
    # One text is read before a title and ends with the space between them.
    odd = {key: text for key, text in everything(language).items() if not text.strip() or text != text.lstrip()}
    assert not odd


def test_people_are_addressed_formally() -> None:
    familiar = re.compile(r"\b([Dd]u|[Dd]ich|[Dd]ir|[Dd]ein\w*|[Ee]uch|[Ee]uer\w*|[Ee]ure\w*)\b")
    assert not {key: text for key, text in everything("de").items() if familiar.search(text)}


def test_every_refusal_has_its_text() -> None:
    tags = {f"refusal.{reason.__struct_config__.tag}" for reason in get_args(AnyReason)}
    assert tags == catalogue("de", "refusals").keys()


def test_every_text_is_shown_somewhere() -> None:
    """A key stands in the code as a whole, or begins like one that is put together there."""
    sources = [
        path.read_text(encoding="utf-8")
        for folder, patterns in (("web/src", ("*.ts", "*.svelte")), ("server", ("*.py",)))
        for pattern in patterns
        for path in (ROOT / folder).rglob(pattern)
        if not path.name.endswith(".test.ts")
    ]
    code = "\n".join(sources)
    whole = set(re.findall(r"""['"`]([a-z_]+(?:\.[a-z_]+)+)['"`]""", code))
    begun = tuple(set(re.findall(r"[`\"']([a-z_]+\.(?:[a-z_]+[._])*[a-z_]*)(?:\$?\{)", code)))
    unused = {key for key in everything("de") if PLURAL.sub("", key) not in whole and not key.startswith(begun)}
    assert not unused

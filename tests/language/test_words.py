# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that texts for users use the terms of git, b4, checkpatch.pl and the kernel's documents."""

import re
import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from tests.language.texts import (
    LocatedText,
    find_code_strings,
    find_docstrings,
    find_documentation,
    find_rule_texts,
    find_templates,
)

_FILE = Path(__file__).with_name("words.toml")
_DATA = tomllib.loads(_FILE.read_text(encoding="utf-8"))
KINDS = ("rule", "code", "template", "documentation", "docstring")
WORDS = {
    kind: re.compile(
        "|".join(word["pattern"] for word in _DATA["word"] if kind in word.get("kinds", KINDS)),
        re.IGNORECASE,
    )
    for kind in KINDS
}
"""The words that a kind of text must not have."""
EXCEPTIONS = [
    (re.compile(exception["text"], re.IGNORECASE), exception) for exception in _DATA["exception"]
]


def _find_avoided_words(located_text: LocatedText) -> list[str]:
    if located_text.kind == "code" and re.fullmatch(r"[#\w.-]+(=[\w.]+)?[?~]?", located_text.text):
        return []  # a key, a column or an id, not a text
    plain_text = located_text.text
    for pattern, _ in EXCEPTIONS:
        plain_text = pattern.sub(" ", plain_text)
    return [match[0] for match in WORDS[located_text.kind].finditer(plain_text)]


def _format_word_advice(word: str) -> str:
    # do not match the whole text, because a pattern may look ahead at it
    return next(
        str(entry["use"])
        for entry in _DATA["word"]
        if re.search(entry["pattern"], word, re.IGNORECASE)
    )


Source = Callable[[], Iterable[LocatedText]]
SOURCES: tuple[Source, ...] = (
    find_rule_texts,
    find_code_strings,
    find_templates,
    find_documentation,
    find_docstrings,
)


@cache
def _collect_texts(source: Source) -> tuple[LocatedText, ...]:
    return tuple(source())


@pytest.mark.parametrize(
    "source",
    SOURCES,
    ids=lambda source: source.__name__,
)
def test_texts_use_the_terms_of_the_field(source: Source) -> None:
    problems = [
        f"{text.place}: {word!r}, use: {_format_word_advice(word)}"
        for text in _collect_texts(source)
        for word in _find_avoided_words(text)
    ]
    assert not problems, "\n".join([f"{len(problems)} words", *problems[:60]])


def test_every_exception_is_needed() -> None:
    all_texts = list(chain.from_iterable(map(_collect_texts, SOURCES)))
    for pattern, exception in EXCEPTIONS:
        assert len(exception["reason"]) > 10, exception
        used = any(
            WORDS[text.kind].search(match[0])
            for text in all_texts
            for match in pattern.finditer(text.text)
        )
        assert used, f"unused exception: {exception['text']}"


def test_word_list_detects_a_word() -> None:
    assert _find_avoided_words(
        LocatedText("x", "code", "the line stands there twice, put a blank behind it")
    )
    assert not _find_avoided_words(LocatedText("x", "code", "a blank line at the end of the file"))
    assert _find_avoided_words(LocatedText("x", "rule", "needless parentheses"))
    assert not _find_avoided_words(LocatedText("x", "docstring", "needless parentheses"))

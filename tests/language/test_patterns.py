# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that patterns.toml limits phrases that read like a translation in each area."""

import re
from collections import Counter

import pytest

from tests.language.patterns import DATA, PATTERNS, count_matches, find_matches, list_texts_by_area
from tests.language.texts import find_documentation

AREAS = (
    "docstring",
    "documentation",
    "help",
    "messages",
    "rule",
    "template",
    "tui",
)


@pytest.mark.parametrize(
    "area",
    AREAS,
)
def test_no_area_exceeds_its_limit(area: str) -> None:
    limits = DATA["ceiling"].get(area, {})
    excess = {
        name: number
        for name, number in count_matches().get(area, {}).items()
        if number > limits.get(name, 0)
    }
    advice = {pattern["name"]: pattern["use"] for pattern in DATA["pattern"]}
    assert not excess, "\n".join(
        [f"{name}: {excess[name]}, write: {advice[name]}" for name in excess]
        + [
            location
            for match_area, name, location in find_matches()
            if match_area == area and name in excess
        ]
    )


def test_every_area_has_texts() -> None:
    totals = Counter(area for area, _ in list_texts_by_area())
    assert set(totals) == set(AREAS)
    assert min(totals.values()) > 5


@pytest.mark.parametrize("pattern", DATA["pattern"], ids=lambda pattern: pattern["name"])
def test_pattern_finds_its_example(pattern: dict[str, str]) -> None:
    assert PATTERNS[pattern["name"]].search(pattern["example"])


def test_whole_page_is_read() -> None:
    read = [text for text in find_documentation() if "how-to/send.md" in text.place]
    assert len(read) > 20
    assert any(re.search(r"send\.md:[12]\d\d$", text.place) for text in read)

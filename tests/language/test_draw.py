# SPDX-License-Identifier: GPL-2.0-or-later
"""A draw has the promised share of each kind, and a seed always gives the same texts."""

from collections import Counter

import pytest

from tests.language.draw import SHARES, draw, is_phrase
from tests.language.texts import help_texts, public_docstrings


@pytest.mark.long
def test_a_draw_has_its_share_of_each_kind_and_repeats() -> None:
    texts = draw(7)
    assert Counter(text.kind for text in texts) == SHARES
    assert texts == draw(7)
    assert texts != draw(8)


@pytest.mark.long
def test_help_is_drawn_as_the_command_line_and_not_as_docstrings() -> None:
    help_places = {text.place for text in help_texts()}
    assert help_places
    assert not help_places & {text.place for text in public_docstrings()}


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("go to the next finding", True),
        ("{path} is not in the working tree", True),
        ("Sent messages", False),
        ("{reason} (press b to change)", True),
        ("; press v to copy the requests", False),
        ("{merged}, not {again}", False),
        ("Callable[[Repository, Progress], T]", False),
        ("black on bright green", False),
        ("KeyLine { height: 1; dock: bottom }", False),
    ],
)
def test_only_texts_that_can_be_read_alone_are_drawn(text: str, whole: bool) -> None:
    assert is_phrase(text) is whole

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test wrapping text at spaces without losing any text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.cli.output.stream import fold_text
from patchpilot.model.printable import width

_WORD = st.sampled_from(
    [
        "a",
        "list@example.org",
        "größe",
        "補丁",
        "\x1b[1m",
        "\x1b[0m",
        "x" * 50,
        "(maintainer,",
        "why:",
    ]
)
_LINE = st.tuples(st.integers(0, 30), st.lists(_WORD, max_size=30)).map(
    lambda pair: " " * pair[0] + " ".join(pair[1])
)


def _strip_colors(colored_text: str) -> str:
    return re.sub("\x1b\\[[0-9;]*m", "", colored_text)


@given(st.lists(_LINE, max_size=4).map("\n".join), st.integers(40, 100))
def test_wrapped_text_keeps_its_words(text: str, room: int) -> None:
    lines = fold_text(text, room).split("\n")
    assert "\n".join(lines).split() == text.split()
    for line in lines:
        assert width(_strip_colors(line)) <= room or len(_strip_colors(line).split()) == 1


@given(_LINE)
def test_short_text_is_unchanged(line: str) -> None:
    assert fold_text(line, max(1, width(_strip_colors(line)))) == line


@pytest.mark.parametrize(
    ("before", "command", "after"),
    [
        ("next: ", "patchpilot backport 1234abcd5678 --request --tested 6.1", ""),
        ("next: build it and try it: ", "patchpilot find --try 1234abcd5678 --in v6.1", ""),
        ("  if an older version works: ", "patchpilot find 'a: b' --good VERSION --bad 6.1", ""),
        ("  ", "git bisect start v6.2 v6.1  # or halve the commits with git", ""),
        (
            "note: to list all, run `",
            "patchpilot backport 1234abcd5678 --onto v6.1",
            "` in the tree",
        ),
    ],
)
def test_command_stays_on_one_line(before: str, command: str, after: str) -> None:
    for columns in (40, 50, 60, 80):
        folded = fold_text(before + command + after, columns)
        assert command in folded
        assert folded.split() == (before + command + after).split()
        assert all(command in line or width(line) <= columns for line in folded.split("\n"))

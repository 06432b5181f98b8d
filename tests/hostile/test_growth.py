# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that searches in untrusted code and subjects take linear time."""

from collections.abc import Callable

import pytest

from patchpilot.backports import changed_functions
from patchpilot.model import address, patch
from patchpilot.model.c_scanner import read_code
from patchpilot.tags import comparable_words
from tests.kit.growth import measure_seconds

# these tests measure time, so they run only with the long tests
pytestmark = pytest.mark.long

LONG = 30_000
_CASES: dict[str, tuple[Callable[[str], object], str]] = {
    "function": (changed_functions._NAME.search, "x"),
    "compared word": (comparable_words._WORD.search, "9"),
    "address": (address._BARE.search, "x"),
    "subject": (patch._AT_THE_END.search, " "),
}


@pytest.mark.parametrize("case", _CASES)
def test_long_word_is_scanned_quickly(case: str) -> None:
    search, piece = _CASES[case]
    text = piece * LONG
    assert search(text) is None
    # quadratic time would take 3 seconds or more
    assert measure_seconds(lambda: search(text), 3) < 0.5


@pytest.mark.parametrize("piece", ["x/*", "x\"'"], ids=["comment", "strings"])
def test_long_line_of_c_is_read_quickly(piece: str) -> None:
    text = piece * LONG
    assert len(read_code([text])[0]) == len(text)
    assert measure_seconds(lambda: read_code([text]), 3) < 0.5

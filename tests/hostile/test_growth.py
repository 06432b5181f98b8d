# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that searches in untrusted code and subjects take linear time."""

import time
from collections.abc import Callable

import pytest

from patchpilot.backports import changed_functions
from patchpilot.model import address, patch
from patchpilot.model.c_scanner import read_code
from patchpilot.tags import comparable_words

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
    start_time = time.process_time()
    assert search(piece * LONG) is None
    # quadratic time would take 3 seconds or more
    assert time.process_time() - start_time < 0.5


@pytest.mark.parametrize("piece", ["x/*", "x\"'"], ids=["comment", "strings"])
def test_long_line_of_c_is_read_quickly(piece: str) -> None:
    text = piece * LONG
    start_time = time.process_time()
    assert len(read_code([text])[0]) == len(text)
    assert time.process_time() - start_time < 0.5

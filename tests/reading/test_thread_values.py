# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the page about states names each state, and nothing that is not a state."""

import re
from pathlib import Path

from patchpilot.reading.thread_values import SeriesState

PAGE = Path(__file__).parents[2] / "docs/explanation/how-states-are-found.md"


def test_page_lists_every_state() -> None:
    content = PAGE.read_text()
    rows = set(re.findall(r"^\|[^|\n]+\| ([a-z-]+)(?= \||,)", content, re.MULTILINE))
    states = {str(state) for state in SeriesState}
    assert rows - {"state"} <= states
    assert all(re.search(rf"\b{state}\b", content) for state in states)

# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of Home: progress in words, the stages and the last events of the selected topic."""

import time
from dataclasses import replace

import pytest

from patchpilot.topic.home.home_topic import HomeEvent
from patchpilot.tui.screens.home_rows import detail, progress, states_of
from tests.screens.test_home import STANDING, topics


def test_the_progress_of_a_topic_is_in_words() -> None:
    sent, _, new, *_ = topics()
    kept = states_of(STANDING)
    assert progress(new, {}) == "not opened"
    assert progress(new, kept) == "2 of 8 done"
    assert progress(sent, kept) == "under-review"


@pytest.mark.parametrize("columns", [75, 115])
def test_the_lower_half_shows_the_stages_and_the_last_events(columns: int) -> None:
    event = HomeEvent(time.time() - 7300, "reply", "question by Maya Okafor")
    topic = replace(topics()[0], events=(event,) * 9)
    low, *rest = detail(topic, columns, 8, {}).plain.split("\n")[4:]
    names = ("Commit", "Checks", "Tags", "Preview" if columns > 100 else "Mail")
    assert all(name in low for name in names)
    assert "question by Maya" in rest[-1]
    high = detail(topic, columns, 24, {}).plain.split("\n")
    assert len(high) <= 24
    assert "● 8 Follow     under-review" in "\n".join(high)
    (head,) = (row for row in high if "Last events" in row)
    assert ("Stages" in head) is (columns > 100), (
        "beside each other where there is room"
    )
    assert sum("question by Maya" in row for row in high) > 5
    quiet = detail(topics()[2], columns, 24, {}).plain
    assert "no events: not sent yet" in quiet

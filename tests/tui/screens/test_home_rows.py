# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the columns of the topics match their header."""

from functools import partial

import pytest

from patchpilot.reading.thread_values import Turn
from patchpilot.tui.screens.home_rows import (
    cell_widths,
    column_titles,
    format_topic_news,
    load_topic_states,
    topic_rows,
)
from tests.tui.screens.test_home_screen import make_topics


@pytest.mark.parametrize("columns", [76, 116])
def test_row_columns_match_the_header(
    columns: int,
) -> None:
    news = partial(format_topic_news, states={})
    wide = cell_widths({Turn.YOURS: make_topics()}, columns, news)
    titles = column_titles(wide).plain[1:]
    for row in topic_rows({Turn.YOURS: make_topics()}, wide, news)[1:]:
        text, topic = row.text.plain, row.about
        assert len(text) <= columns
        new = f"{topic.unread} new · " if topic.unread else ""
        starts = (f"{new}{topic.news[:12]}", "answer the q", "fix it and s")
        assert text[titles.index("News") :].startswith(starts)
        assert text[titles.index("Ver") :].startswith(f"v{topic.version}" if topic.version else "–")
    assert ("Branch" in titles) is (columns >= 110)
    assert not load_topic_states({"commit": "no state"})

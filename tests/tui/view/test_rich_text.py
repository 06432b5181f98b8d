# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that text from messages is escaped, and that commands in sentences are shown as code."""

from hypothesis import given
from hypothesis import strategies as st

from patchpilot.model.printable import UNSAFE, make_printable, width
from patchpilot.tui.view.rich_text import color_diff_line, fit_text, highlight_code, plain_text


@given(st.text(), st.integers(1, 200))
def test_text_is_escaped(text: str, columns: int) -> None:
    for styled in (plain_text(text), color_diff_line(text)):
        assert not UNSAFE.search(styled.plain)
        assert not [span for span in styled.spans if "link" in str(span.style)]
    assert width(fit_text(text, columns)) == columns
    assert not UNSAFE.search(fit_text(text, columns))


@given(
    st.lists(
        st.sampled_from(
            [
                *"[]/=@",
                "red",
                "bold",
                "link",
                "\x1b[31m",
                "\x9b31m",
                "\u202e",
                "\u2066",
                "\x07",
                "x",
            ]
        )
    ).map("".join)
)
def test_markup_stays_text(text: str) -> None:
    assert plain_text(text).plain == make_printable(text).expandtabs(8)
    assert not plain_text(text).spans


def test_command_in_a_sentence_is_code() -> None:
    text = highlight_code("see `patchpilot doctor`, or `[b]` and a lone `")
    assert text.plain == "see patchpilot doctor, or [b] and a lone `"
    assert [
        text.plain[span.start : span.end] for span in text.spans if "cyan" in str(span.style)
    ] == ["patchpilot doctor", "[b]"]

# SPDX-License-Identifier: GPL-2.0-or-later
"""What comes out of an editor, whatever it left behind."""

import pytest

from patchpilot.topic.edit_commits import edit_text


@pytest.mark.parametrize(
    ("editor", "text"),
    [
        ("sed -i s/a/b/", "b\n"),
        ("false", None),
        ("rm -f", None),
        ("f() { rm $1 && mkdir $1; }; f", None),
        (r"f() { printf 'x\377y' > $1; }; f", "x\ufffdy"),
        ("truncate -s 0", ""),
    ],
)
def test_a_text_comes_back_or_none_where_there_is_no_file(
    editor: str, text: str | None
) -> None:
    assert edit_text(editor, "a\n", "DRAFT.txt") == text

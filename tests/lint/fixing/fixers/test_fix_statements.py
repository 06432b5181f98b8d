# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that long lines are broken where readers expect it, and that later lines are realigned."""

import pytest

from tests.kit.fixing import fix_patch_text
from tests.lint.fixing.test_try_fixes import list_added_code, make_patch

LONG = (
    "frob_wait_for_the_link(frob->parent->link, frob->timeout_in_milliseconds,"
    " frob->flags_of_the_link)"
)


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            f"\treturn {LONG};",
            (
                "\treturn frob_wait_for_the_link(frob->parent->link,\n"
                "\t\t\t\t      frob->timeout_in_milliseconds,\n"
                "\t\t\t\t      frob->flags_of_the_link);"
            ),
        ),
        (
            f"\tif (a &&\n\t    {LONG})",
            (
                "\tif (a &&\n"
                "\t    frob_wait_for_the_link(frob->parent->link,\n"
                "\t\t\t\t   frob->timeout_in_milliseconds,\n"
                "\t\t\t\t   frob->flags_of_the_link))"
            ),
        ),
        (
            (
                "\tframe->mode_of_the_link_that_is_up = frame->is_for_the_first_link ?"
                " FROB_MODE_OF_FIRST : FROB_MODE_OF_OTHERS;"
            ),
            (
                "\tframe->mode_of_the_link_that_is_up = frame->is_for_the_first_link"
                " ?\n\t\tFROB_MODE_OF_FIRST : FROB_MODE_OF_OTHERS;"
            ),
        ),
    ],
)
def test_long_line_is_broken(bad: str, good: str) -> None:
    body = bad.replace("\n", "\n+")
    assert (
        list_added_code(fix_patch_text(make_patch(f" \tint ret;\n \n+{body}\n \tint more;")))
        == good
    )


def test_following_line_is_realigned() -> None:
    patch_text = make_patch(
        "-static int frob_set(struct frob *frob,\n"
        "+static int frob_set_mode(struct frob *frob,\n"
        " \t\t    int mode)\n"
        " {\n"
        " \tint ret;"
    )
    fixed = fix_patch_text(patch_text).draft.patch.lines
    assert " \t\t    int mode)" not in fixed
    assert [line for line in fixed if line.endswith("int mode)")] == [
        "-\t\t    int mode)",
        "+\t\t\t int mode)",
    ]
    assert "@@ -10,4 +10,4 @@" in "\n".join(fixed)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that commit references and Fixes: tags are corrected only if it is certain which commit they
name.
"""

import pytest

from patchpilot.model.rule import Example
from tests.kit.fixing import fix_example, fix_patch_text
from tests.kit.snippets import SIGN_OFF
from tests.lint.fixing.test_try_fixes import make_patch

KNOWN = {"4364ac5ce03e00112233445566778899aabbccdd": "frob: use the link at once"}
RIGHT = 'Fixes: 4364ac5ce03e ("frob: use the link at once")'


def fix_tag(line: str) -> str:
    fix_outcome = fix_example(
        Example(
            bad=True,
            trailers=f"{line}\n{SIGN_OFF}",
            subject="frob: fix link time-out",
            history=KNOWN,
        )
    )
    return next(line for line in fix_outcome.draft.patch.message if "4364ac" in line.lower())


@pytest.mark.parametrize(
    "line",
    [
        'Fixes: 4364ac5 ("frob: use the link at once")',
        "Fixes: 4364ac5ce03e (frob: use the link at once)",
        'fixes: 4364ac5ce03e ("frob: use the link at once")',
        'Fixes: 4364ac5ce03e ("frob: use the link at")',
        "Fixes: 4364ac5ce03e (\"frob: Use the link at once\")",
        "Fixes: 4364ac5ce03e ('frob: use the link at once')",
    ],
)  # fmt: skip
def test_tag_is_normalized_and_titled(line: str) -> None:
    assert fix_tag(line) == RIGHT


@pytest.mark.parametrize(
    "line",
    [
        'Fixes: 4364ac5ce03e ("frob: something else altogether")',
        'Fixes: 4364ac5ce03e ("frob: use the link at once") and more',
    ],
)
def test_ambiguous_tag_is_kept(line: str) -> None:
    assert fix_tag(line) == line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("As in commit 4364ac5 it is used.", 'As in commit 4364ac5ce03e ("frob: use the link at once") it is used.'),  # noqa: E501
        ('See commit 4364ac5 ("frob: use the link at once").', 'See commit 4364ac5ce03e ("frob: use the link at once").'),  # noqa: E501
        ("See commit 4364ac5ce03e (frob: use the link at once).", 'See commit 4364ac5ce03e ("frob: use the link at once").'),  # noqa: E501
        ('See commit 4364ac5ce03e ("frob: another title").', None),
        ("Since commit 4364ac5 and commit 99aabb7 it uses the link early.", None),
        ("Since 4364ac5ce03e00112233 it uses the link early.", None),
    ],
)  # fmt: skip
def test_reference_in_the_text_is_fixed(text: str, expected: str | None) -> None:
    message = f"{text}\nOld boards do not stand that. Wait for the link before the first use.\n"
    fixed = fix_example(Example(bad=True, message=message, history=KNOWN))
    assert fixed.draft.patch.message[0] == (expected or text)


@pytest.mark.parametrize(
    ("tag", "better"),
    [
        (
            'Fixes: 0123456789ab "frob: add a driver"',
            'Fixes: 0123456789ab ("frob: add a driver")',
        ),
        (
            "Fixes: 0123456789ab(frob: add a driver)",
            'Fixes: 0123456789ab ("frob: add a driver")',
        ),
        ("Fixes: 0123456789ab (v4.7)", "Fixes: 0123456789ab (v4.7)"),
        (
            'Fixes: 0123456 ("frob: add a driver")',
            'Fixes: 0123456 ("frob: add a driver")',
        ),
    ],
)
def test_twelve_digit_fixes_tag_is_reformatted(tag: str, better: str) -> None:
    patch_text = make_patch(
        " \tint ret;\n+\tret = 1;\n \tint more;",
        message=(
            f"Wait for the link, so that it is up.\n\n{tag}\nSigned-off-by: Ada <ada@example.org>"
        ),
    )
    assert better in fix_patch_text(patch_text).draft.patch.message

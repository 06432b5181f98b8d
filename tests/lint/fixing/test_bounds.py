# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixing takes time that grows with the patch, and a draft keeps its counts whatever lines go."""

import time

import pytest

from patchpilot.lint.fixing.fixer import LineChange
from patchpilot.lint.fixing.patch_edit import PatchEdit
from patchpilot.model.finding import FixEdit
from patchpilot.model.mail import parse_patch
from patchpilot.services.check.apply_fixes import fix
from patchpilot.services.check.check_request import CheckRequest
from tests.bench import hostile

SHAPES = [
    ["+\ta=b+c ;if(x){\n"],
    ["+if (a)\n", "+{\n", "+}\n"],
    ["+\treturn( 0 );;\n"],
    ["+char* a;\n", "+\tint * b,*c;\n"],
    ["+\n"],
    ["+\t" + "a+b," * 200 + "\n"],
]


@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
def test_eight_times_the_findings_take_about_eight_times_as_long(shape: list[str]) -> None:
    def seconds(count: int) -> float:
        text = "".join(hostile.patch(hostile.new_file("drivers/net/a.c", count * len(shape), iter(shape * count))))
        began = time.process_time()
        fix(CheckRequest(["-"], strict=True, stdin=text.encode()), write=False)
        return time.process_time() - began

    seconds(5)
    # the square would be 64 times as long
    assert seconds(320) < 28 * max(seconds(40), 0.03)


def test_a_line_behind_a_hunk_may_go() -> None:
    text = "".join(hostile.patch(hostile.hunks(1))) + "junk\n-- \n2.43\n"
    patch = parse_patch(text.encode(), "x.patch")
    at = patch.lines.index("junk") + 1
    edits = LineChange(edits=(FixEdit(at, 1, ()), FixEdit(at - 1, 1, ("+int c;", "+int d;"))))
    draft = PatchEdit.of(patch).with_changes([edits])
    assert "@@ -1,1 +1,3 @@" in draft.patch.lines
    assert draft.patch.diff_error is None


def test_a_message_of_one_long_line_takes_little_time() -> None:
    text = "".join(hostile.patch(hostile.small(), message="the the " * 1000 + "\n" + hostile.SIGNED))
    began = time.process_time()
    fix(CheckRequest(["-"], strict=True, stdin=text.encode()), write=False)
    assert time.process_time() - began < 4

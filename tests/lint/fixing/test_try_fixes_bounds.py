# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that fixing takes linear time.

Also test that a draft's line counts stay correct when lines are removed.
"""

from collections.abc import Callable

import pytest

from patchpilot.checking.apply_fixes import fix_findings
from patchpilot.checking.driver import Driver, PatchSource
from patchpilot.lint.engine import find_findings
from patchpilot.lint.fixing.patch_edit import PatchEdit
from patchpilot.lint.fixing.try_fixes import (
    LEAST_CHECKS,
    MOST_CHECKED_LINES,
    Check,
    fix_patch,
)
from patchpilot.lint.lint_context import Context, Options
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding, FixEdit
from tests.bench import hostile
from tests.kit.fixing import fix_patch_text
from tests.kit.growth import measure_exponent, measure_seconds
from tests.kit.packs import load_all_rules


def _make_fix_task(patch_text: str) -> Callable[[], object]:
    """Return the task of fixing a patch that is read from standard input."""
    source = PatchSource(["-"], stdin=patch_text.encode())
    return lambda: fix_findings(Driver(Options(strict=True)), source, write=False)


SHAPES = [
    ["+\ta=b+c ;if(x){\n"],
    ["+if (a)\n", "+{\n", "+}\n"],
    ["+\treturn( 0 );;\n"],
    ["+char* a;\n", "+\tint * b,*c;\n"],
    ["+\n"],
    ["+\t" + "a+b," * 200 + "\n"],
    ["+ \n"],
    ["+*/\n"],
]


@pytest.mark.long
@pytest.mark.parametrize("shape", SHAPES)
def test_fixing_time_is_linear(
    shape: list[str],
) -> None:
    def make_task(count: int) -> Callable[[], object]:
        diff = hostile.generate_new_file_diff(
            "drivers/net/a.c", count * len(shape), iter(shape * count)
        )
        return _make_fix_task("".join(hostile.generate_patch_mail(diff)))

    assert measure_exponent(make_task, 40, 320, enough=1.5) <= 1.5


def test_long_name_next_to_a_plain_value_is_fast() -> None:
    line = f"+x = &(a->b) + &({'a' * 40}!.x);\n"
    text = "".join(
        hostile.generate_patch_mail(hostile.generate_new_file_diff("a.c", 1, iter([line])))
    )
    assert measure_seconds(_make_fix_task(text)) < 5


def make_counting_check(check: Check) -> tuple[Check, list[int]]:
    """Return a check, and the list of the numbers of lines of the patches that it checks."""
    lines: list[int] = []

    def check_and_count(patch: Patch) -> tuple[Context, tuple[Finding, ...]]:
        lines.append(len(patch.lines))
        return check(patch)

    return check_and_count, lines


FEW = tuple(rule for rule in load_all_rules() if rule.name == "trailing-space")
RULES = {rule.id: rule for rule in FEW}


def check_patch(patch: Patch) -> tuple[Context, tuple[Finding, ...]]:
    context = Context(patch, options=Options(strict=True))
    return context, find_findings(context, FEW)


def make_patch(body: str) -> str:
    return "".join(
        hostile.generate_patch_mail(
            hostile.generate_new_file_diff("drivers/net/a.c", body.count("\n"), iter([body]))
        )
    )


@pytest.mark.parametrize("count", [5, 900, 3000])
def test_number_of_checks_is_bounded(
    count: int,
) -> None:
    moved = iter(range(10_000))

    def check_and_report_more(patch: Patch) -> tuple[Context, tuple[Finding, ...]]:
        # each check has a finding that the earlier checks did not have
        context, found_findings = check_patch(patch)
        other_rule = next(iter(RULES.values()))
        line = patch.diff_line + 5 + next(moved) % count
        return context, (
            *found_findings,
            Finding(
                other_rule.id,
                other_rule.name,
                other_rule.severity,
                "new",
                patch_line=line,
            ),
        )

    patch = parse_patch(make_patch("+\tfrob();  \n" * count).encode(), "x.patch")
    check, lines = make_counting_check(check_and_report_more)
    outcome = fix_patch(patch, check, RULES)
    assert sum(lines) <= max(MOST_CHECKED_LINES, LEAST_CHECKS * len(patch.lines)) + len(patch.lines)
    assert len(lines) > 2
    assert outcome.draft.patch.diff_error is None


def test_decoded_message_is_not_fixed() -> None:
    patch_text = make_patch("+\tint a =3D\n+\t\t4 ;\n+\tint b=3D4;\n")
    encoding = "Content-Transfer-Encoding: quoted-printable\nSubject:"
    assert not fix_patch_text(patch_text.replace("Subject:", encoding)).fixed


def test_trailing_line_may_be_removed() -> None:
    text = (
        "".join(hostile.generate_patch_mail(hostile.generate_many_hunks_diff(1)))
        + "junk\n-- \n2.43\n"
    )
    patch = parse_patch(text.encode(), "x.patch")
    index = patch.lines.index("junk") + 1
    edits = (FixEdit(index, 1, ()), FixEdit(index - 1, 1, ("+int c;", "+int d;")))
    draft = PatchEdit.of(patch).apply_changes([edits])
    assert "@@ -1,1 +1,3 @@" in draft.patch.lines
    assert draft.patch.diff_error is None


@pytest.mark.long
def test_long_message_line_is_fast() -> None:
    text = "".join(
        hostile.generate_patch_mail(
            hostile.generate_small_diff(),
            message="the the " * 1000 + "\n" + hostile.SIGNED,
        )
    )
    assert measure_seconds(_make_fix_task(text)) < 4

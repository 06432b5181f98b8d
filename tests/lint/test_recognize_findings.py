# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that findings that were moved, reworded or reordered are recognized."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.lint.baseline import Remaining
from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context
from patchpilot.lint.recognize_findings import (
    LONGEST,
    FindingMark,
    hash_changes,
    make_mark,
    map_renamed_files,
    normalize_text,
    pair_with_earlier_patches,
)
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.waivers import Waiver
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding, Severity
from tests.kit.snippets import PATH, PROSE, SIGN_OFF, build_file_diff, mail


def make_patch(
    subject: str = "frob: wait",
    commit_text: str = PROSE,
    path: str = PATH,
    added: str = "int a;",
    *,
    offset: int = 10,
    subject_marks: str = "PATCH",
) -> Patch:
    """Return a patch that adds a line. Its hunk starts at line `offset`."""
    diff = (
        build_file_diff(path, f" \n \n \n+{added}\n \n \n ")
        .replace("@@ -10,", f"@@ -{offset},")
        .replace(" +10,", f" +{offset},")
    )
    return parse_patch(
        mail(f"[{subject_marks}] {subject}", f"{commit_text}\n\n{SIGN_OFF}", diff).encode(
            "utf-8", "surrogateescape"
        ),
        "a.patch",
    )


def make_finding(
    patch: Patch, reported_word: str | None, rule: str = "R1", path: str | None = None
) -> Finding:
    index = (
        next(number for number, line in enumerate(patch.lines, 1) if reported_word in line)
        if reported_word
        else None
    )
    return Finding(rule, "name", Severity.WARNING, "message", patch_line=index, path=path)


def test_moved_line_keeps_the_same_mark() -> None:
    old, new = (
        make_patch(added="\tfoo( 1 );"),
        make_patch(
            "frob: waits longer",
            "Other words.\n\nMore of them.",
            added="  foo( 1 );",
            offset=400,
        ),
    )
    assert make_mark(make_finding(old, "foo(", path=PATH), old) == make_mark(
        make_finding(new, "foo(", path=PATH), new
    )


@pytest.mark.parametrize("changes", [{"added": "foo( 2 );"}, {"path": "drivers/frob/other.c"}])
def test_other_lines_and_files_differ(changes: dict[str, str]) -> None:
    old, new = (
        make_patch(added="foo( 1 );"),
        make_patch(**{"added": "foo( 1 );", **changes}),
    )
    assert make_mark(make_finding(old, "foo(", path=PATH), old) != make_mark(
        make_finding(new, "foo(", path=changes.get("path", PATH)), new
    )


def test_subject_ignores_version_and_number() -> None:
    old, new = (
        make_patch(subject_marks="PATCH"),
        make_patch(subject_marks="PATCH net-next v3 2/7", commit_text="Other."),
    )
    assert make_mark(make_finding(old, "Subject:"), old) == make_mark(
        make_finding(new, "Subject:"), new
    )


def test_variable_text_is_ignored() -> None:
    first_patch = make_patch()
    text = (
        "\n".join(first_patch.lines)
        .replace("6 Jan 2026", "7 Jul 2026")
        .replace("From 0123456789ab", "From ba9876543210")
    )
    second_patch = parse_patch(text.encode(), "b.patch")
    for before, after in (("6 Jan 2026", "7 Jul 2026"), ("From 0123", "From ba98")):
        assert make_mark(make_finding(first_patch, before), first_patch) == make_mark(
            make_finding(second_patch, after), second_patch
        )


def test_whole_patch_finding_has_a_mark() -> None:
    first_patch = make_patch()
    left = [make_mark(make_finding(first_patch, None), first_patch)]
    reworded, reworked, another = (
        make_patch("frob: other words"),
        make_patch(added="int b;"),
        make_patch("frob: more", added="int c;"),
    )
    for one, known in (
        (first_patch, True),
        (reworded, True),
        (reworked, True),
        (another, False),
    ):
        assert Remaining(left).use_up_entry(make_mark(make_finding(one, None), one)) is known


def test_mark_ignores_context_and_white_space() -> None:
    assert hash_changes(make_patch(added="a  = 1;")) == hash_changes(
        make_patch("frob: x", "y", added="\ta = 1;", offset=90)
    )
    assert hash_changes(make_patch(added="a = 1;")) != hash_changes(make_patch(added="a = 2;"))


def test_long_lines_stay_distinct() -> None:
    assert len(normalize_text("x" * 10_000)) < LONGEST + 40
    assert normalize_text("x" * 10_000) != normalize_text("x" * 10_001)


def test_renamed_file_is_marked_under_the_old_path() -> None:
    text = (
        "diff --git a/a.c b/b.c\n"
        "similarity index 90%\n"
        "rename from a.c\n"
        "rename to b.c\n"
        "--- a/a.c\n"
        "+++ b/b.c\n"
        "@@ -1,2 +1,3 @@\n"
        " \n"
        "+foo( 1 );\n"
        " \n"
    )
    new_patch = parse_patch(mail("frob: move", f"{PROSE}\n\n{SIGN_OFF}", text).encode(), "b.patch")
    old_patch = make_patch(path="a.c", added="foo( 1 );")
    moved = map_renamed_files([new_patch])
    assert moved == {"b.c": "a.c"}
    assert make_mark(make_finding(new_patch, "foo(", path="b.c"), new_patch, moved) == make_mark(
        make_finding(old_patch, "foo(", path="a.c"), old_patch
    )


def test_patches_are_paired_like_range_diff() -> None:
    same, subject, rework = (
        make_patch("frob: one", added="int one;"),
        make_patch("frob: two", added="int two;"),
        make_patch("frob: three", added="int three;"),
    )
    new = [
        make_patch("frob: brand new", path="drivers/other/x.c", added="int x;"),
        make_patch("frob: three, said better", added="int three;"),
        make_patch("frob: two", added="long other;"),
        make_patch("frob: one", added="int one;", offset=70),
    ]
    assert pair_with_earlier_patches([same, subject, rework], new) == {1: 2, 2: 1, 3: 0}


@given(data=st.data(), count=st.integers(1, 6))
def test_reordered_patches_are_paired(data: st.DataObject, count: int) -> None:
    old = [make_patch(f"frob: number {number}", added=f"int v{number};") for number in range(count)]
    order = data.draw(st.permutations(range(count)))
    assert pair_with_earlier_patches(old, [old[index] for index in order]) == dict(enumerate(order))


def remove_sign_off(patch: Patch) -> tuple[Patch, Finding]:
    patch_text = "\n".join(patch.lines).replace(SIGN_OFF, "")
    patch = parse_patch(patch_text.encode(), "a.patch")
    findings = find_findings(Context(patch), load_rules())
    return patch, next(finding for finding in findings if finding.name == "no-sign-off")


def test_message_finding_belongs_to_the_patch() -> None:
    marks = []
    for of in (make_patch(), make_patch("frob: more", added="int c;")):
        one, reported = remove_sign_off(of)
        assert (reported.patch_line or 0) > one.diff_line
        marks.append((make_mark(reported, one), hash_changes(one)))
    assert marks[0][0] == FindingMark("", "CPM003", "frob: wait", marks[0][1])
    assert marks[0][0] != marks[1][0]


def test_path_waiver_does_not_cover_sign_offs() -> None:
    _, reported = remove_sign_off(make_patch())
    arguments = ("no-sign-off",)
    assert not Waiver("no-sign-off", "r", ("drivers/",)).covers_finding(reported, arguments)
    assert Waiver("no-sign-off", "r").covers_finding(reported, arguments)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test details of checkpatch.pl's rules that the examples in checks/ do not cover.

These are word order, caching, repositories, and hostile lines.
"""

import time

import pytest

from patchpilot.lint.detector import DETECTORS
from patchpilot.lint.detectors.files_not_c import Bindings
from patchpilot.lint.detectors.words import parse_spelling
from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.mail import parse_patch
from patchpilot.model.rule import Example, Finding, Rule, Severity
from tests.kit.snippets import COMMIT, MemoryTree, build_context

SPELLING = {"scripts/spelling.txt": "# a||b\nteh||the\nrecieve||receive\nan one||a one\n"}


def list_checkpatch_rules() -> list[Rule]:
    return [rule for rule in load_rules() if rule.checkpatch]


def check_example(example: Example, message_kind: str) -> list[Finding]:
    context = build_context(example)
    return list(
        find_findings(
            context,
            [rule for rule in list_checkpatch_rules() if rule.checkpatch == message_kind],
        )
    )


def test_spelling_lists_are_valid() -> None:
    assert parse_spelling(b"# x||y\nteh||the\nan one||a one\n\n") == (
        {"teh": "the"},
        {"an one": "a one"},
    )
    assert parse_spelling(None) is None


@pytest.mark.parametrize(
    ("message", "typos"),
    [
        ("teh link", 1),
        ("TEH link and Teh board", 2),
        ("teh teh", 1),
        ("teh, teh", 2),
        ("teh_link, un-teh, teh's", 0),
        ("This is an one.", 1),
        ("than one", 0),
    ],
)
def test_misspellings_are_whole_words(message: str, typos: int) -> None:
    assert (
        len(check_example(Example(bad=True, message=message, tree=SPELLING), "TYPO_SPELLING"))
        == typos
    )


def test_correction_keeps_the_case() -> None:
    one, other = check_example(
        Example(bad=True, message="Teh link, TEH board", tree=SPELLING), "TYPO_SPELLING"
    )
    assert (one.fix and one.fix.text, other.fix and other.fix.text) == (
        "Teh → The",
        "TEH → THE",
    )


def test_compatible_wildcards_are_matched() -> None:
    bindings = Bindings(b'const: acme,<.*>-frob\n- acme,x1-frub\n"^acme,.*":\n', b'  "^acme,.*":\n')
    assert bindings.documents_compatible("acme,fb7-frob")
    assert bindings.documents_compatible("acme,x1-frub")
    assert not bindings.documents_compatible("acme,nothing")
    assert bindings.knows_vendor("acme")
    assert not bindings.knows_vendor("acm")


def test_wrong_title_is_corrected() -> None:
    history = {COMMIT: "frob: add a driver"}
    right = Example(
        bad=False,
        message='See commit 0123456789ab ("frob: add a driver").',
        history=history,
    )
    assert not check_example(right, "GIT_COMMIT_ID")
    wrong = Example(
        bad=True,
        message='See commit 0123456789ab ("frob: add the driver").',
        history=history,
    )
    (finding,) = check_example(wrong, "GIT_COMMIT_ID")
    assert finding.fix
    assert finding.fix.text == 'commit 0123456789ab ("frob: add a driver")'


@pytest.mark.parametrize(
    ("title", "severity"),
    [("frob: use the link\nat once", Severity.CHECK), ("frob: use it\nat once", Severity.ERROR)],
)
def test_right_title_on_the_third_line_is_accepted(title: str, severity: Severity) -> None:
    example = Example(
        bad=True,
        message=f'It fails, as does commit\n0123456789ab ("{title}").',
        history={COMMIT: "frob: use the link at once"},
    )
    (finding,) = check_example(example, "GIT_COMMIT_ID")
    assert finding.severity is severity


@pytest.mark.parametrize(
    ("profile", "lines", "reported"),
    [
        ("linux", 3, True),
        ("linux", 4, False),
        ("u-boot", 1, True),
        ("u-boot", 2, False),
    ],
)
def test_help_length_depends_on_the_project(profile: str, lines: int, reported: bool) -> None:
    code = (
        'config FROB\n\tbool "Frob support"\n\thelp\n'
        + "\t  Say Y if your board has a frob.\n" * lines
    )
    context = build_context(Example(bad=reported, code=code, path="drivers/frob/Kconfig"))
    context = Context(context.patch, options=Options(strict=True, profile=profile))
    assert (
        bool(
            find_findings(
                context,
                [
                    rule
                    for rule in list_checkpatch_rules()
                    if rule.checkpatch == "CONFIG_DESCRIPTION"
                ],
            )
        )
        is reported
    )


def test_wrong_fixes_title_is_corrected() -> None:
    example = Example(
        bad=True,
        trailers='Fixes: 0123456789ab ("frob: add")',
        history={COMMIT: "frob: add a driver"},
    )
    (finding,) = check_example(example, "BAD_FIXES_TAG")
    assert finding.fix
    assert finding.fix.text == 'Fixes: 0123456789ab ("frob: add a driver")'


def test_older_kernels_accept_longer_fixes_ids() -> None:
    trailers = f'Fixes: {COMMIT} ("frob: add a driver")'
    assert check_example(Example(bad=True, trailers=trailers, kernel=(6, 1)), "BAD_FIXES_TAG")
    assert not check_example(Example(bad=False, trailers=trailers), "BAD_FIXES_TAG")


def test_nothing_is_unknown_without_a_repository() -> None:
    example = Example(bad=False, message="See commit fedcba987654 there.")
    assert not check_example(example, "UNKNOWN_COMMIT_ID")
    of_type = DETECTORS["checkpatch-commits"].function
    assert not of_type(build_context(example), {"type": "UNKNOWN_COMMIT_ID"})


def test_data_directory_overrides_the_tree(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "spelling.txt").write_text("lnik||link\n")
    context = build_context(Example(bad=True, message="The lnik of teh board"))
    context = Context(
        context.patch,
        tree=MemoryTree(SPELLING),
        options=Options(strict=True, data_dir=folder),
    )
    hits = find_findings(
        context,
        [rule for rule in list_checkpatch_rules() if rule.checkpatch == "TYPO_SPELLING"],
    )
    assert ["lnik" in hit.message for hit in hits] == [True]


@pytest.mark.long
@pytest.mark.parametrize(
    "code",
    [
        pytest.param("\tfoo = " + "(" * 2500, id="brackets"),
        pytest.param("\ta = " + "a->" * 800 + "kmalloc(sizeof(struct x))", id="members"),
        pytest.param('\tf("' + "." * 2500 + '%s", __func__);', id="dots"),
        pytest.param("\tmin(" + "foo(a, " * 400, id="nested calls"),
        pytest.param("\tx = " + "S_IRUGO | " * 250, id="modes"),
        pytest.param("\tdebugfs_create_u32(" + "a, " * 900, id="arguments"),
        pytest.param("__attribute__((" + "a(" * 800 + ")" * 800, id="attributes"),
        pytest.param('\tpr_info("' + '" "' * 900, id="strings"),
        pytest.param("\t " * 5000 + "x", id="blanks"),
        pytest.param("/* " + "* " * 20000, id="comment"),
        pytest.param('\tfoo(("%pZ" bar(\n' * 2000, id="unclosed calls"),
        pytest.param("\tmemset(a, b\n" * 2000, id="unclosed memsets"),
    ],
)
def test_hostile_line_takes_bounded_time(code: str) -> None:
    line_rules = [
        rule
        for rule in list_checkpatch_rules()
        if rule.pack
        in (
            "checkpatch-api",
            "checkpatch-files",
            "checkpatch-strings",
            "checkpatch-message",
        )
    ]
    context = build_context(Example(bad=True, path="drivers/frob/frob.c", code=code))
    start_time = time.process_time()
    find_findings(context, line_rules)
    assert time.process_time() - start_time < 60


@pytest.mark.long
@pytest.mark.parametrize(
    "message",
    [
        pytest.param("Fixes: 1234567 (" * 3000, id="fixes"),
        pytest.param("commit 1234567 " + "(" * 20000, id="brackets"),
        pytest.param("Cc: " + "<a@b" * 5000, id="angles"),
        pytest.param("the " * 20000, id="words"),
        pytest.param("/a" + ":1" * 10000, id="colons"),
        pytest.param("a/" * 10000, id="slashes"),
    ],
)
def test_hostile_message_takes_bounded_time(message: str) -> None:
    message_rules = [rule for rule in list_checkpatch_rules() if rule.pack == "checkpatch-message"]
    context = build_context(Example(bad=True, message=message))
    start_time = time.process_time()
    find_findings(context, message_rules)
    assert time.process_time() - start_time < 60


MARKED = (
    "Subject: [PATCH {mark}] foo: hand up the error\n"
    "\n{line}\n"
    "\nThe caller needs to know when bar() fails.\n"
    "\nSigned-off-by: Ada Fixer <ada@example.org>\n"
    "---\n"
)


@pytest.mark.parametrize(
    "line",
    [
        f"[ Upstream commit {COMMIT} ]",
        f"commit {COMMIT} upstream.",
        f"(cherry picked from commit {COMMIT})",
        f"(backported from commit {COMMIT} linux-next)",
        f"This is commit {COMMIT} upstream.",
        f"[ mainline commit {COMMIT} ]",
        f'Stable-dep-of: {COMMIT[:12]} ("foo: x")',
    ],
)
@pytest.mark.parametrize(
    ("mark", "compat", "reported"),
    [("6.1.y", False, False), ("6.1.y", True, True), ("net", True, True)],
)
def test_stable_marker_follows_the_stable_rules(
    line: str, mark: str, compat: bool, reported: bool
) -> None:
    patch = parse_patch(MARKED.format(mark=mark, line=line).encode(), "x")
    context = Context(patch, options=Options(checkpatch_compat=compat))
    hits = find_findings(
        context,
        [rule for rule in list_checkpatch_rules() if rule.checkpatch == "GIT_COMMIT_ID"],
    )
    assert bool(list(hits)) is reported


@pytest.mark.parametrize(
    "text",
    [
        'Since commit 0123456789ab ("frob: recieve teh link") the frob waits.',
        'Since commit 0123456789ab ("frob: recieve\nteh link") the frob waits.',
        'Since commit 0123456789ab\n("frob: recieve teh link") the frob waits.',
        'Fixes: 0123456789ab ("frob: recieve teh link")',
    ],
)
def test_title_of_another_commit_is_accepted(text: str) -> None:
    context = build_context(
        Example(
            bad=True,
            message=f"{text}\n\nSigned-off-by: Ada Fixer <ada@example.org>\n",
            tree=SPELLING,
        )
    )
    spelling_rules = [
        rule for rule in list_checkpatch_rules() if rule.checkpatch == "TYPO_SPELLING"
    ]
    assert not find_findings(context, spelling_rules)
    compat = Context(
        context.patch,
        tree=context.tree,
        options=Options(strict=True, checkpatch_compat=True),
    )
    assert find_findings(compat, spelling_rules)


def test_text_next_to_a_commit_title_is_checked() -> None:
    message = 'Teh commit 0123456789ab ("frob: recieve it") broke teh link.'
    assert (
        len(check_example(Example(bad=True, message=message, tree=SPELLING), "TYPO_SPELLING")) == 2
    )

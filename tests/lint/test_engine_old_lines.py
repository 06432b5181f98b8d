# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a finding on a line that was there before is marked and never an error."""

from pathlib import Path

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import choose_rules
from patchpilot.model.mail import parse_patch
from tests.kit.cli import call
from tests.kit.snippets import PROSE, SIGN_OFF, mail

PATH = "drivers/frob/frob.c"
MOVED = "-\tfrob_write(frob, FROB_MODE); \n \tfrob_stop(frob);\n+\tfrob_write(frob, FROB_MODE); \n"
TOUCHED = (
    "-\tfrob_write(frob, FROB_OLD, 1); \n+\tfrob_write(frob, FROB_NEW, 1); \n \tfrob_stop(frob);\n"
)
ADDED = (
    "-\tfrob_write(frob, FROB_OLD, 1);\n+\tfrob_write(frob, FROB_NEW, 1); \n \tfrob_stop(frob);\n"
)
SPACED = (
    "-\tfrob_write(frob, FROB_OLD, 1);\n+\tfrob_write(frob, FROB_OLD, 1); \n \tfrob_stop(frob);\n"
)
SAMPLES = {"moved": MOVED, "touched": TOUCHED, "added": ADDED, "spaced": SPACED}


def make_patch(body: str) -> str:
    diff = (
        f"diff --git a/{PATH} b/{PATH}\n--- a/{PATH}\n+++ b/{PATH}\n"
        f"@@ -10,4 +10,4 @@ static int frob_set(struct frob *frob)\n \tint ret = 0;\n \n{body}"
    )
    return mail("frob: wait for the link", f"{PROSE}\n\n{SIGN_OFF}", diff)


def list_trailing_spaces(body: str, **options: bool) -> list[tuple[str, bool]]:
    return list_findings(body, "TRAILING_WHITESPACE", **options)


def list_findings(body: str, selected: str, **options: bool) -> list[tuple[str, bool]]:
    patch = parse_patch(make_patch(body).encode(), "a.patch")
    rules = choose_rules(load_rules(), kernel=(6, 18), profile="linux", select=[selected])
    return [
        (str(finding.severity), finding.moved)
        for finding in find_findings(Context(patch, options=Options(**options)), rules)
    ]


@pytest.mark.parametrize("name", ["moved", "touched"])
def test_finding_that_was_there_is_no_error(name: str) -> None:
    assert list_trailing_spaces(SAMPLES[name], strict=True) == [("check", True)]
    assert ("error", True) not in list_trailing_spaces(SAMPLES[name])
    ((severity, _),) = list_trailing_spaces(SAMPLES[name], strict=True, checkpatch_compat=True)
    assert severity == "error"


@pytest.mark.parametrize("name", ["added", "spaced"])
@pytest.mark.parametrize("strict", [False, True])
def test_new_finding_on_an_old_line_is_an_error(name: str, strict: bool) -> None:
    ((severity, _),) = list_trailing_spaces(SAMPLES[name], strict=strict)
    assert severity == "error"


RETURN = "\treturn frob->link;"
SPACINGS = {
    "before semicolon": (RETURN, "\treturn frob->link ;", "SPACING"),
    "around arrow": (RETURN, "\treturn frob -> link;", "SPACING"),
    "after comma": ("\tfrob_set(frob, 1, 2);", "\tfrob_set(frob,1, 2);", "SPACING"),
    "around operator": ("\tframe = link + link;", "\tframe = link +link;", "SPACING"),
    "indented with spaces": (RETURN, f"        {RETURN.strip()}", "CODE_INDENT"),
}


@pytest.mark.parametrize("name", SPACINGS)
@pytest.mark.parametrize("strict", [False, True])
def test_white_space_finding_of_a_patch_is_new(name: str, strict: bool) -> None:
    good, bad, select = SPACINGS[name]
    rest = " \tfrob_stop(frob);\n"
    new = list_findings(f"-{good}\n+{bad}\n{rest}", select, strict=strict)
    assert [is_moved for _, is_moved in new] == [False]
    kept = list_findings(f"-\t{bad}\n+{bad}\n{rest}", select, strict=True)
    assert {is_moved for _, is_moved in kept} == {True}


def test_old_findings_are_folded(workdir: Path) -> None:
    file = workdir / "a.patch"
    file.write_text(make_patch(MOVED))
    outcome = call("check --strict", file)
    assert outcome.code == 0, outcome.out
    assert "1 finding on lines that were there before: show them with --all" in outcome.out
    assert "[trailing-space]" not in outcome.out
    assert "(on a line that was there before)" in call("check --strict --all", file).out

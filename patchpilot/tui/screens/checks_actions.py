# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of the checks stage, and what can be done about a finding."""

from typing import TYPE_CHECKING

from textual.binding import BindingType

from patchpilot.tui.screens.finding_text import Shown
from patchpilot.tui.view.key_bindings import key, more_key

if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckResult
    from patchpilot.services.fix_finding import Remedy

BINDINGS: list[BindingType] = [
    key(
        "a",
        "fix_one",
        "apply fix",
        "show the fix for the selected finding as a diff, then apply it",
    ),
    key(
        "A",
        "fix_safe",
        "apply all",
        "show all safe fixes as a diff, then apply them to your commits",
    ),
    key("f", "finding(1)", "next", "go to the next finding"),
    more_key("F", "finding(-1)", "previous finding", "go to the previous finding"),
    key("e", "edit", "edit", "open the line of the finding, or the commit message, in your editor"),
    key(
        "i",
        "waive",
        "waive",
        "waive the finding in this topic, with a reason; or remove the waiver",
    ),
    key("enter", "detail", "detail", "show the selected finding in detail"),
    key("o", "only", "filter", "show one severity, one rule, waived findings, or all findings"),
    more_key("S", "strict", "strict", "turn strict checks on or off (as checkpatch.pl --strict)"),
    more_key(
        "C",
        "names",
        "toggle rule names",
        "switch between patchpilot's and checkpatch.pl's rule names",
    ),
]


def can_fix(result: "CheckResult") -> bool:
    """Whether there is a finding with a certain fix: a safe one, or a tag that is asked for."""
    from patchpilot.services.fix_finding import Remedy, remedy_of

    certain = (Remedy.SAFE, Remedy.TAGS)
    return any(
        remedy_of(finding, result.rules) in certain
        for checked in result.patches
        for finding in checked.findings
    )


def remedy_here(now: Shown, result: "CheckResult") -> "Remedy":
    """How the finding is fixed here: one of the series or a waived one is edited."""
    from patchpilot.services.fix_finding import Remedy, remedy_of

    if not now.commit or now.suppressed:
        return Remedy.EDIT
    return remedy_of(now.finding, result.rules)


def commits_with(result: "CheckResult", remedy: "Remedy") -> list[str]:
    """The commits with a finding that is fixed in this way."""
    from patchpilot.services.fix_finding import remedy_of

    patches = (
        one
        for one in result.patches
        if any(remedy_of(finding, result.rules) is remedy for finding in one.findings)
    )
    return [one.patch.commit for one in patches if one.patch.commit]

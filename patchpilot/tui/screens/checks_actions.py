# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of the checks stage, and what can be done about a finding."""

from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

from patchpilot.tui.screens.finding_text import Shown

if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckResult
    from patchpilot.services.fix_finding import Remedy

BINDINGS: list[BindingType] = [
    Binding(
        "a",
        "fix_one",
        "apply fix",
        tooltip="show the fix for the selected finding as a diff, then apply it",
    ),
    Binding(
        "A",
        "fix_safe",
        "apply all",
        tooltip="show all safe fixes as a diff, then apply them to your commits",
    ),
    Binding("f", "finding(1)", "next", tooltip="go to the next finding"),
    Binding(
        "F", "finding(-1)", "previous finding", show=False, tooltip="go to the previous finding"
    ),
    Binding(
        "e",
        "edit",
        "edit",
        tooltip="open the line of the finding, or the commit message, in your editor",
    ),
    Binding(
        "i",
        "waive",
        "waive",
        tooltip="waive the finding in this topic, with a reason; or remove the waiver",
    ),
    Binding(
        "enter",
        "detail",
        "detail",
        key_display="Enter",
        tooltip="show the selected finding in detail",
    ),
    Binding(
        "o",
        "only",
        "filter",
        tooltip="show one severity, one rule, waived findings, or all findings",
    ),
    Binding(
        "S",
        "strict",
        "strict",
        show=False,
        tooltip="turn strict checks on or off (as checkpatch.pl --strict)",
    ),
    Binding(
        "C",
        "names",
        "toggle rule names",
        show=False,
        tooltip="switch between patchpilot's and checkpatch.pl's rule names",
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

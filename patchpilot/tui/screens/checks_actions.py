# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of the checks stage and the actions for a finding."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.binding import BindingType

from patchpilot.tui.screens.finding_text import Shown
from patchpilot.tui.view.key_bindings import key, more_key
from patchpilot.tui.view.shown_keys import NextKey, ShownKeys

if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckResult
    from patchpilot.services.fix_finding import FindingFixed, Remedy

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
    key("f", "finding(1)", "next finding", "go to the next finding"),
    more_key("F", "finding(-1)", "previous finding", "go to the previous finding"),
    key(
        "e",
        "edit",
        "edit",
        "open the line of the finding, or the commit message, in your editor",
    ),
    key(
        "i",
        "waive",
        "waive",
        "waive the finding in this topic, with a reason; or remove the waiver",
    ),
    key("enter", "detail", "show detail", "show the selected finding in detail"),
    key(
        "o",
        "only",
        "filter",
        "show one severity, one rule, waived findings, or all findings",
    ),
    more_key(
        "B",
        "build",
        "build",
        (
            "compile the files that each commit changes, before and after it; press B again"
            " to stop building"
        ),
    ),
    more_key(
        "S",
        "strict",
        "strict",
        "show the findings of all rules, or the usual ones",
    ),
    more_key(
        "C",
        "names",
        "toggle rule names",
        "switch between patchpilot's and checkpatch.pl's rule names",
    ),
]


def can_fix(result: "CheckResult") -> bool:
    """Whether any finding has a certain fix: a safe fix, or a missing tag."""
    from patchpilot.services.fix_finding import Remedy, remedy_of

    certain = (Remedy.SAFE, Remedy.TAGS)
    return any(
        remedy_of(finding, result.rules) in certain
        for checked in result.patches
        for finding in checked.findings
    )


def remedy_here(now: Shown, result: "CheckResult") -> "Remedy":
    """Return how a finding can be fixed from the TUI.

    A finding about the series, or a waived one, can only be fixed by editing.
    """
    from patchpilot.services.fix_finding import Remedy, remedy_of

    if not now.commit or now.suppressed:
        return Remedy.EDIT
    return remedy_of(now.finding, result.rules)


def commits_with(result: "CheckResult", remedy: "Remedy") -> list[str]:
    """Return the ids of the commits that have a finding with this remedy."""
    from patchpilot.services.fix_finding import remedy_of

    patches = (
        one
        for one in result.patches
        if any(remedy_of(finding, result.rules) is remedy for finding in one.findings)
    )
    return [one.patch.commit for one in patches if one.patch.commit]


def keys_now(
    result: "CheckResult",
    now: Shown | None,
    fixed: "FindingFixed | None",
    *,
    is_open: bool,
    can_fix_all: bool,
) -> ShownKeys:
    """Return the keys that apply to the selected finding and its fix.

    `is_open`: the finding's detail is on screen.
    """
    from patchpilot.services.fix_finding import Remedy

    hidden, labels = {"fix_one", "fix_safe", "finding", "waive", "detail", "select"}, {}
    if can_fix_all:
        hidden -= {"fix_safe"}
    if now:
        hidden -= {"finding", "waive", *(() if is_open else ("detail", "select"))}
        remedy = remedy_here(now, result)
        if remedy is not Remedy.EDIT and not (fixed and fixed.reason):
            hidden -= {"fix_one"}
        words = {Remedy.SIGN_OFF: "sign off", Remedy.TAGS: "add tag"}
        labels = {"fix_one": words.get(remedy, "fix"), "fix_safe": "fix all"}
    return ShownKeys(first="fix_one", hidden=frozenset(hidden), labels=labels)


def next_of(
    result: "CheckResult", found: Sequence[Shown], now: Shown | None
) -> NextKey | None:
    """Return the key to press next, or None for nothing.

    It applies the safe fixes first, then adds the sign-off.
    """
    from patchpilot.services.fix_finding import Remedy, remedy_of

    if can_fix(result):
        return NextKey("A", "review all safe fixes, then apply them")
    signs = [
        shown
        for shown in found
        if not shown.suppressed
        and remedy_of(shown.finding, result.rules) is Remedy.SIGN_OFF
    ]
    if not signs:
        return None
    return (
        NextKey("a", "sign off")
        if now in signs
        else NextKey("f", "go to the next finding")
    )

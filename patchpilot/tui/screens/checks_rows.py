# SPDX-License-Identifier: GPL-2.0-or-later
"""The findings of the checks stage, ordered by line, and the rows of their list."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.model.finding import Finding, Severity, Suppressed
from patchpilot.tui.screens.commit_rows import with_prefix
from patchpilot.tui.screens.finding_text import Shown, row_of
from patchpilot.tui.view.rich_text import STRONG, fitted, plain
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.row_list import Row

if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckResult

WAIVED = "waived"
"""The filter that shows the waived findings only."""
HIGH = 10
"""Rows of a list that has room for the names of files."""


def placed(
    result: "CheckResult", mark: str, only: str = ""
) -> tuple[tuple[str, ...], tuple[Shown, ...]]:
    """Return the lines of all patches, with the subject prefix, and the findings to show.

    `only` is the filter for the findings.
    """
    rows: list[str] = []
    found = [Shown(0, finding) for finding in result.series] if only != WAIVED else []
    found += [
        Shown(0, each.finding, suppressed=each) for each in result.suppressed_series
    ]
    several = len(result.patches) > 1
    for number, checked in enumerate(result.patches, 1):
        lines, commit = checked.patch.lines, checked.patch.commit or ""
        ends = _ends(lines)
        every: list[tuple[Finding, Suppressed | None]]
        every = [(finding, None) for finding in checked.findings]
        every += [(each.finding, each) for each in checked.suppressed]
        for finding, suppressed in every:
            at, whole = _row(finding, lines, ends)
            shown_number = number if several else 0
            found.append(
                Shown(len(rows) + at, finding, commit, shown_number, suppressed, whole)
            )
        rows.extend(with_prefix(lines, mark))
    chosen = (shown for shown in found if _is_chosen(shown, only))
    return tuple(rows), tuple(sorted(chosen, key=lambda shown: shown.line))


def _is_chosen(shown: Shown, only: str) -> bool:
    if shown.suppressed or only == WAIVED:
        return bool(shown.suppressed) and only == WAIVED
    return only in ("", str(shown.finding.severity), shown.finding.name)


def finding_rows(
    found: Sequence[Shown], columns: int, *, high: int, checkpatch: bool
) -> list[Row]:
    """Return the rows of the findings list for a panel of this size.

    In a high panel, a heading row with the file name precedes the findings of each file.
    """
    rows: list[Row] = []
    whole, before = high < HIGH, ""
    for at, shown in enumerate(found):
        if not whole and shown.file != before:
            before = shown.file
            rows.append(Row(plain(fitted(before, columns), STRONG)))
        rows.append(
            Row(row_of(shown, columns, checkpatch=checkpatch, whole=whole), shown, at)
        )
    return rows


def no_findings(result: "CheckResult | None") -> str:
    """Return the text shown when there are no findings."""
    waived = len(result.suppressed) if result else 0
    return "no findings" + (f" ({waived} waived; press o to show)" if waived else "")


def nothing_keys(result: "CheckResult", *, is_strict: bool) -> list[tuple[str, str]]:
    """Return the keys that lead on from a result without findings."""
    keys = [("n", f"go to {list(Stage)[Stage.CHECKS.number].label}")]
    if result.suppressed:
        keys.append(("o", "show the waived findings"))
    if result.left_out and not is_strict:
        keys.append(("S", f"show {result.left_out} more with --strict"))
    return keys


def filters(result: "CheckResult") -> list[tuple[str, str]]:
    """Return the filters for a result: all findings, a severity, waived findings, or a rule."""
    every = result.all
    severities = Counter(finding.severity for finding in every)
    answers = [("", f"All findings ({len(every)})")]
    answers += [
        (str(one), f"{str(one).capitalize()} ({severities[one]})")
        for one in Severity
        if severities[one]
    ]
    answers += (
        [(WAIVED, f"Waived ({len(result.suppressed)})")] if result.suppressed else []
    )
    names = Counter(finding.name for finding in every)
    return answers + [
        (name, f"{name} ({count})") for name, count in sorted(names.items())
    ]


def _ends(lines: Sequence[str]) -> tuple[int | None, int]:
    """The 0-based lines at which a patch's message ends (None: nowhere), and of the last text
    before git's signature.
    """
    signature = next(
        (number for number, line in enumerate(lines) if line == "-- "), len(lines)
    )
    last = next(
        (number for number in range(signature - 1, -1, -1) if lines[number].strip()), -1
    )
    return next(
        (number for number, line in enumerate(lines) if line == "---"), None
    ), last


def _row(
    finding: Finding, lines: Sequence[str], ends: tuple[int | None, int]
) -> tuple[int, bool]:
    """The 0-based line of a finding.

    Of one about the whole patch, such as a missing sign-off, the end of the message, and that it is
    one.
    """
    at, (message, last) = (finding.patch_line or 1) - 1, ends
    whole = (
        finding.column is None
        and last <= at < len(lines)
        and lines[at][:1] not in ("+", "-")
    )
    return (at if message is None else message, True) if whole else (at, False)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Attach the edits of safe fixes to findings, and count fixable findings.

Each fix is verified as with --fix.
"""

from collections.abc import Iterator

from patchpilot.checking.fixed_patch import fixed_patch
from patchpilot.checking.result import CheckedPatch, CheckResult
from patchpilot.lint.fixing.try_fixes import FixOutcome
from patchpilot.model.patch import Series
from patchpilot.model.printable import make_printable
from patchpilot.model.rule import Finding, FixEdit


def add_edits(result: CheckResult) -> CheckResult:
    """Add the edits of safe fixes to findings in files.

    Findings on one line that are fixed together share an edit.
    """
    return result._replace(patches=tuple(_add_edits(result, checked) for checked in result.patches))


MOST_TRIED = 50
"""Do not count fixable findings in more patches, because trying fixes is slow."""


def count_fixable(result: CheckResult) -> int:
    """Return how many findings --fix would fix.

    If there are too many patches to try, return 0.
    """
    if len(result.patches) > MOST_TRIED:
        return 0
    outcomes = (_try_fixes(result, checked) for checked in result.patches)
    return sum(len(outcome.fixed) for outcome in outcomes if outcome)


def _try_fixes(result: CheckResult, checked: CheckedPatch) -> FixOutcome | None:
    return fixed_patch(result, checked, (Series((checked.patch,)),))[1]


def _add_edits(result: CheckResult, checked: CheckedPatch) -> CheckedPatch:
    may_be_fixed = any(
        finding.path and finding.fix and finding.fix.kind == "safe" for finding in checked.findings
    )
    if not may_be_fixed or checked.patch.is_incomplete:
        return checked
    outcome = _try_fixes(result, checked)
    if outcome is None:
        return checked
    from patchpilot.checking.fix_commits import own_edits

    fixed = {(finding.rule, finding.patch_line) for finding in outcome.fixed}
    edits = {
        (path, line): FixEdit(
            edit.first, edit.last - edit.first + 1, tuple(map(_decode, edit.lines))
        )
        for path, of_file in own_edits(outcome).items()
        for edit in of_file
        for line in range(edit.first, edit.last + 1)
    }

    def proposed(findings: tuple[Finding, ...]) -> Iterator[Finding]:
        for finding in findings:
            edit = edits.get((finding.path or "", finding.line or 0))
            # JSON cannot represent undecodable bytes
            if (
                edit
                and finding.fix
                and (finding.rule, finding.patch_line) in fixed
                and make_printable(text := "".join(edit.insert)) == text
            ):
                finding = finding._replace(fix=finding.fix._replace(edits=(edit,)))
            yield finding

    return checked._replace(every=tuple(proposed(checked.every)))


def _decode(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape").removesuffix("\n")

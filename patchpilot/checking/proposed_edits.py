# SPDX-License-Identifier: GPL-2.0-or-later
"""Attach the edits of safe fixes to findings, and count fixable findings.

Each fix is verified as with --fix.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from patchpilot.checking.fixed_patch import (
    FixedPatch,
    FixWriter,
    add_unfixed_reasons,
    fixed_patch,
)
from patchpilot.checking.result import CheckedPatch, CheckResult
from patchpilot.lint.fixing.try_fixes import FixOutcome
from patchpilot.model.patch import Patch, Series
from patchpilot.model.printable import make_printable
from patchpilot.model.rule import Finding, FindingEdit

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository


def add_edits(result: CheckResult, repository: "Repository | None") -> CheckResult:
    """Add to each finding the edits of its safe fix, or the reason why it has none.

    Findings on one line that are fixed together share an edit. Lines of commits that --fix keeps
    have no edit; `repository` contains the commits.
    """
    from patchpilot.checking.fix_commits import CommitRewrite

    writer = CommitRewrite(repository, None, ()) if repository else None
    tried = [
        _try_fixes(result, checked, writer if checked.patch.commit else None)
        for checked in result.patches
    ]
    edited = result._replace(
        patches=tuple(
            _add_edits(checked, outcome)
            for checked, (_, outcome) in zip(result.patches, tried, strict=True)
        )
    )
    return add_unfixed_reasons(edited, [fixed for fixed, _ in tried], {})


MOST_TRIED = 50
"""Do not count fixable findings in more patches, because trying fixes is slow."""


def count_fixable(result: CheckResult) -> int:
    """Return how many findings --fix would fix.

    If there are too many patches to try, return 0.
    """
    if len(result.patches) > MOST_TRIED:
        return 0
    outcomes = (_try_fixes(result, checked)[1] for checked in result.patches)
    return sum(len(outcome.fixed) for outcome in outcomes if outcome)


def _try_fixes(
    result: CheckResult, checked: CheckedPatch, writer: FixWriter | None = None
) -> tuple[FixedPatch, FixOutcome | None]:
    return fixed_patch(result, checked, (Series((checked.patch,)),), writer)


def _add_edits(checked: CheckedPatch, outcome: FixOutcome | None) -> CheckedPatch:
    patch = checked.patch
    edits = _find_edits(patch, outcome) if outcome else {}
    fixed = {(each.rule, each.patch_line) for each in outcome.fixed} if outcome else set()

    def proposed(finding: Finding) -> Finding:
        line = patch.line_in_message(finding.patch_line) if finding.patch_line else None
        if not finding.path and line:
            finding = finding._replace(message_line=line)
        if not finding.fix or (finding.rule, finding.patch_line) not in fixed:
            return finding
        own = _edits_at(edits.get(finding.path or "", ()), finding.line if finding.path else line)
        return finding._replace(fix=finding.fix._replace(edits=own))

    return checked._replace(every=tuple(map(proposed, checked.every)))


def _edits_at(edits: Sequence[FindingEdit], line: int | None) -> tuple[FindingEdit, ...]:
    """Return the edits of a line; if none is on it, return the edits of a message."""
    on_line = [edit for edit in edits if edit.start <= (line or 0) <= edit.end]
    return tuple(on_line or (edit for edit in edits if not edit.path))


def _find_edits(patch: Patch, outcome: FixOutcome) -> Mapping[str, Sequence[FindingEdit]]:
    """Map the paths of files to their edits; "" is the commit message."""
    from patchpilot.checking.fix_commits import own_edits

    edits = [
        FindingEdit(path, edit.first, edit.last, tuple(map(_decode, edit.lines)))
        for path, of_file in own_edits(outcome).items()
        for edit in of_file
    ]
    edits += _message_edits(patch, outcome.draft.patch)
    by_path: dict[str, list[FindingEdit]] = {}
    for edit in edits:
        # JSON cannot represent undecodable bytes
        if make_printable(text := "".join(edit.insert)) == text:
            by_path.setdefault(edit.path, []).append(edit)
    return by_path


def _message_edits(patch: Patch, fixed: Patch) -> Iterator[FindingEdit]:
    if fixed.subject.title != patch.subject.title:
        yield FindingEdit("", 1, 1, (fixed.subject.title,))
    matcher = SequenceMatcher(None, patch.message, fixed.message, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind != "equal":
            yield FindingEdit("", start + 3, end + 2, tuple(fixed.message[new_start:new_end]))


def _decode(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape").removesuffix("\n")

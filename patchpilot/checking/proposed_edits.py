# SPDX-License-Identifier: GPL-2.0-or-later
"""Attach the edits of safe fixes to findings, and count fixable findings.

Each fix is verified as with --fix.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import partial
from typing import TYPE_CHECKING

from patchpilot.checking.fixed_patch import (
    FixedPatch,
    FixWriter,
    add_unfixed_reason,
    fixed_patch,
    map_fix_kinds,
    place_of,
)
from patchpilot.checking.result import CheckedPatch, CheckResult, CheckRun
from patchpilot.lint.engine import find_findings
from patchpilot.lint.fixing.try_fixes import FixOutcome, Key
from patchpilot.model.mail import parse_patch
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
    kinds = map_fix_kinds(result.setting)
    return result._replace(
        patches=tuple(
            add_patch_edits(result.setting, checked, writer if checked.patch.commit else None)
            for checked in result.patches
        ),
        every_of_series=tuple(
            add_unfixed_reason(kinds, finding, None) for finding in result.every_of_series
        ),
    )


def add_patch_edits(
    setting: CheckRun, checked: CheckedPatch, writer: FixWriter | None = None
) -> CheckedPatch:
    """Return a patch whose findings have their edits, or the reasons why they have none."""
    patch = checked.patch
    if setting.options.whole_files and len(patch.lines) > _LONG_FILE:
        fixed, outcomes = _fix_parts(setting, checked)
    else:
        fixed, outcome = fixed_patch(setting, checked, (Series((patch,)),), writer)
        outcomes = [outcome] if outcome else []
    edits: dict[str, list[FindingEdit]] = {}
    for outcome in outcomes:
        for path, of_file in collect_edits(outcome).items():
            edits.setdefault(path, []).extend(of_file)
    places, kinds = set(map(place_of, fixed.fixed)), map_fix_kinds(setting)

    def propose(finding: Finding) -> Finding:
        line = patch.line_in_message(finding.patch_line) if finding.patch_line else None
        if not finding.path and line:
            finding = finding._replace(message_line=line)
        if finding.fix and place_of(finding) in places:
            at = finding.line if finding.path else line
            own = _edits_at(edits.get(finding.path or "", ()), at)
            finding = finding._replace(fix=finding.fix._replace(edits=own))
        return finding if finding.edits else add_unfixed_reason(kinds, finding, fixed)

    return checked._replace(every=tuple(map(propose, checked.every)))


_LONG_FILE, _PART = 1000, 150
"""Lines of a file from which on it is fixed in parts, and the least of a part.

A fix that has to be reverted makes only its part be checked again.
"""


def _fix_parts(setting: CheckRun, checked: CheckedPatch) -> tuple[FixedPatch, list[FixOutcome]]:
    """Fix a whole file in parts that end with a function.

    Only findings that are also found in a part are fixed.
    """
    fixed: list[Finding] = []
    reasons: dict[Key, str] = {}
    outcomes: list[FixOutcome] = []
    for start, part in _split_file(checked.patch):
        end = start + len(part.lines)
        wanted = {
            _identify(finding)
            for finding in checked.findings
            if finding.fix and finding.fix.kind == "safe" and start <= (finding.line or 0) < end
        }
        if not wanted:
            continue
        series = Series((part,))
        found = find_findings(setting.context(part, series), setting.rules)
        of_part, outcome = fixed_patch(
            setting,
            CheckedPatch(part, tuple(found)),
            (series,),
            only=partial(_is_one_of, wanted),
        )
        offset = start - 1
        reasons |= {(rule, line + offset): why for (rule, line), why in of_part.reasons.items()}
        fixed += (
            finding._replace(patch_line=(finding.patch_line or 0) + offset)
            for finding in of_part.fixed
        )
        outcomes += [outcome] if outcome else []
    return FixedPatch(checked.patch, tuple(fixed), reasons=reasons), outcomes


def _is_one_of(wanted: set[tuple[object, ...]], _: Patch, finding: Finding) -> bool:
    return _identify(finding) in wanted


def _identify(finding: Finding) -> tuple[object, ...]:
    return finding.rule, finding.line, finding.column, finding.message


def _split_file(patch: Patch) -> Iterator[tuple[int, Patch]]:
    """Yield the parts of a whole file as patches, each with the number of its first line."""
    first = patch.files[0].hunks[0].patch_line
    lines, header = patch.lines[first:], patch.lines[: first - 1]
    start = 0
    for end in range(1, len(lines) + 1):
        is_long = end - start >= _PART and lines[end - 1].startswith("+}")
        if is_long or end - start >= 2 * _PART or end == len(lines):
            part = [*header, f"@@ -0,0 +{start + 1},{end - start} @@", *lines[start:end], ""]
            text = "\n".join(part).encode("utf-8", "surrogateescape")
            yield start + 1, parse_patch(text, patch.source)
            start = end


MOST_TRIED = 50
"""Do not count fixable findings in more patches, because trying fixes is slow."""


def count_fixable(result: CheckResult) -> int:
    """Return how many findings --fix would fix.

    If there are too many patches to try, return 0.
    """
    if len(result.patches) > MOST_TRIED:
        return 0
    return sum(
        len(fixed_patch(result.setting, checked, (Series((checked.patch,)),))[0].fixed)
        for checked in result.patches
    )


def _edits_at(edits: Sequence[FindingEdit], line: int | None) -> tuple[FindingEdit, ...]:
    """Return the edits that fix a finding on a line of a message or file.

    These are the edits of the line, or of the nearest line if the fix changes only others: a blank
    line is inserted with the line above. For a message, these are otherwise all edits.
    """
    if not edits:
        return ()
    distances = [max(edit.start - (line or 0), (line or 0) - edit.end, 0) for edit in edits]
    nearest = min(distances)
    if nearest and not edits[0].path:
        return tuple(edits)
    return tuple(
        edit for edit, distance in zip(edits, distances, strict=True) if distance == nearest
    )


def collect_edits(outcome: FixOutcome) -> dict[str, list[FindingEdit]]:
    """Map the paths of files to the edits of a patch; "" is the commit message."""
    from patchpilot.checking.fix_commits import own_edits

    of_patch = [
        FindingEdit(path, edit.first, edit.last, tuple(map(_decode, edit.lines)))
        for path, of_file in own_edits(outcome).items()
        for edit in of_file
    ]
    of_patch += _message_edits(outcome.original, outcome.draft.patch)
    edits: dict[str, list[FindingEdit]] = {}
    for edit in of_patch:
        # JSON cannot represent undecodable bytes
        if make_printable(text := "".join(edit.insert)) == text:
            edits.setdefault(edit.path, []).append(edit)
    return edits


def _message_edits(patch: Patch, fixed: Patch) -> Iterator[FindingEdit]:
    if fixed.subject.title != patch.subject.title:
        yield FindingEdit("", 1, 1, (fixed.subject.title,))
    matcher = SequenceMatcher(None, patch.message, fixed.message, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind != "equal":
            yield FindingEdit("", start + 3, end + 2, tuple(fixed.message[new_start:new_end]))


def _decode(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape").removesuffix("\n")

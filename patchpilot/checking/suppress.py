# SPDX-License-Identifier: GPL-2.0-or-later
"""Suppress findings that are waived or in a baseline."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.checking.check_result import (
    Baseline,
    BaselineWritten,
    StaleEntry,
    Suppressions,
    Waivers,
)
from patchpilot.lint.baseline import (
    Remaining,
    as_text,
    parse_baseline,
    read_baseline,
)
from patchpilot.lint.recognize_findings import FindingMark, mark_of, renames
from patchpilot.lint.waivers import Waiver, verify
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding, Suppressed
from patchpilot.write_file import write_file

if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckResult
    from patchpilot.model.rule import Rule


Sort = Callable[[Finding, Patch | None], Suppressed | None]


def apply_suppressions(
    result: "CheckResult",
    request: Suppressions,
    every_rule: "Sequence[Rule]",
) -> "CheckResult":
    """Move waived and baseline findings to the suppressed findings.

    Raises the same errors as verify(), read_baseline() and write_file().
    """
    verify(request.waivers, every_rule)
    if request.waivers:
        result = _apply_waivers(result, request, every_rule)
    if request.baseline is not None:
        result = _compare_with_baseline(result, request, request.baseline, every_rule)
    return result


def _partition(result: "CheckResult", sort: Sort) -> "CheckResult":
    """Run each finding through the suppressions, and set suppressed ones aside."""

    def part(
        findings: Sequence[Finding], patch: Patch | None
    ) -> tuple[tuple[Finding, ...], tuple[Suppressed, ...]]:
        asked = [(finding, sort(finding, patch)) for finding in findings]
        return tuple(finding for finding, why in asked if why is None), tuple(
            why for _, why in asked if why is not None
        )

    patches = []
    for checked in result.patches:
        kept, suppressed = part(checked.findings, checked.patch)
        patches.append(
            checked._replace(
                findings=kept, suppressed=(*checked.suppressed, *suppressed)
            )
        )
    kept, suppressed = part(result.series, None)
    return result._replace(
        patches=tuple(patches),
        series=kept,
        suppressed_series=(*result.suppressed_series, *suppressed),
    )


def _apply_waivers(
    result: "CheckResult", request: Suppressions, every_rule: "Sequence[Rule]"
) -> "CheckResult":
    words = {rule.id: rule.words for rule in every_rule}
    today = date.today()
    in_force: set[Waiver] = set()
    ended: dict[Waiver, None] = {}

    def sort(finding: Finding, patch: Patch | None) -> Suppressed | None:
        # the tree's own checkpatch.pl may report types that have no rule here
        names = words.get(finding.rule) or (
            finding.rule,
            finding.name,
            finding.checkpatch or finding.name,
        )
        title = patch.subject.title if patch else ""
        about = [
            waiver
            for waiver in request.waivers
            if waiver.subject in ("", title) and waiver.covers(finding, names)
        ]
        valid = next(
            (waiver for waiver in about if not waiver.has_expired(today)), None
        )
        if valid is None:
            ended.update(dict.fromkeys(about))
            return None
        in_force.add(valid)
        return Suppressed(
            finding,
            "waiver",
            valid.reason,
            valid.origin,
            valid.until.isoformat() if valid.until else None,
        )

    result = _partition(result, sort)
    # "not a fix" applies whether or not a rule asks
    unused = tuple(
        waiver
        for waiver in request.waivers
        if waiver not in in_force and waiver not in ended and not waiver.subject
    )
    if not (ended or unused):
        return result
    return result._replace(waivers=Waivers(tuple(ended), unused))


def _compare_with_baseline(
    result: "CheckResult",
    request: Suppressions,
    file: Path,
    every_rule: "Sequence[Rule]",
) -> "CheckResult":
    """Compare the result with the baseline, after writing it if requested.

    A written baseline contains every finding.
    """
    moved = renames(checked.patch for checked in result.patches)
    known = Counter[FindingMark]()
    if request.content:
        known = parse_baseline(file, request.content)
    elif request.content is None and (not request.write or file.exists()):
        known = read_baseline(file)
    ran = {rule.id: rule for rule in result.rules}
    names = {rule.id: rule.name for rule in every_rule}
    left = Remaining(known)
    marks: list[FindingMark] = []
    new_findings = 0

    def sort(finding: Finding, patch: Patch | None) -> Suppressed | None:
        nonlocal new_findings
        mark = mark_of(finding, patch)
        names.setdefault(finding.rule, finding.name)
        marks.append(mark)
        inside = left.take(mark) or bool(
            finding.path in moved and left.take(mark_of(finding, patch, moved))
        )
        new_findings += not inside
        return (
            Suppressed(finding, "baseline", "in the baseline", str(file))
            if inside or request.write
            else None
        )

    result = _partition(result, sort)
    gone = left.stale
    # an entry can only be stale if its rule ran
    stale = {
        mark: count
        for mark, count in gone.items()
        if mark.rule in ran
        and (ran[mark.rule].name, ran[mark.rule].severity)
        not in result.setting.options.hidden
    }
    if not request.write:
        entries = tuple(
            StaleEntry(
                mark.rule, names.get(mark.rule, mark.rule), mark.path, mark.text, count
            )
            for mark, count in stale.items()
        )
        return result._replace(baseline=Baseline(str(file), entries, None))
    counts = Counter(marks)
    for mark, count in gone.items():
        if mark not in stale:
            counts[mark] += count
    write_file(file, as_text(counts, names), hint="choose a file that you can write")
    written = BaselineWritten(len(marks), new_findings, sum(stale.values()))
    return result._replace(baseline=Baseline(str(file), (), written))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Suppress findings that are waived or listed in a baseline."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.checking.result import (
    Baseline,
    BaselineWritten,
    StaleEntry,
    Suppressions,
    Waivers,
)
from patchpilot.lint.baseline import (
    Remaining,
    format_baseline,
    parse_baseline,
    read_baseline,
)
from patchpilot.lint.recognize_findings import FindingMark, make_mark, map_renamed_files
from patchpilot.lint.waivers import TREE, Waiver, find_unmatched_paths, verify_waivers
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding, Suppression
from patchpilot.write_file import write_file

if TYPE_CHECKING:
    from patchpilot.checking.result import CheckResult
    from patchpilot.model.rule import Rule


Sort = Callable[[Finding, Patch | None], Suppression | None]


def apply_suppressions(
    result: "CheckResult",
    request: Suppressions,
    every_rule: "Sequence[Rule]",
) -> "CheckResult":
    """Mark waived findings and findings in the baseline as suppressed.

    Raise the errors of verify(), read_baseline() and write_file().
    """
    verify_waivers(request.waivers, every_rule)
    if request.waivers:
        result = _apply_waivers(result, request, every_rule)
    if request.baseline is not None:
        result = _compare_with_baseline(result, request, request.baseline, every_rule)
    return result


def _suppress(result: "CheckResult", sort: Sort) -> "CheckResult":
    def suppress(findings: Sequence[Finding], patch: Patch | None) -> Iterator[Finding]:
        for finding in findings:
            if finding.suppression:
                yield finding
                continue
            suppressed = finding._replace(suppression=sort(finding, patch))
            yield suppressed
            if suppressed.suppression and suppressed.suppression.by == "waiver":
                # the waiver is not about the findings that this one covers
                yield from suppress([it.move_to(finding) for it in finding.covered], patch)

    return result._replace(
        patches=tuple(
            checked._replace(every=tuple(suppress(checked.every, checked.patch)))
            for checked in result.patches
        ),
        every_of_series=tuple(suppress(result.every_of_series, None)),
    )


def _apply_waivers(
    result: "CheckResult", request: Suppressions, every_rule: "Sequence[Rule]"
) -> "CheckResult":
    words = {rule.id: rule.words for rule in every_rule}
    today = date.today()
    used: set[Waiver] = set()
    expired: dict[Waiver, None] = {}

    def sort(finding: Finding, patch: Patch | None) -> Suppression | None:
        # if no rule here reports this type, use the names in the finding, which is from the tree's
        # own checkpatch.pl
        names = words.get(finding.rule) or (
            finding.rule,
            finding.name,
            finding.checkpatch or finding.name,
        )
        title = patch.subject.title if patch else ""
        matching = [
            waiver
            for waiver in request.waivers
            if waiver.covers_subject(title) and waiver.covers_finding(finding, names)
        ]
        valid = next((waiver for waiver in matching if not waiver.has_expired(today)), None)
        if valid is None:
            expired.update(dict.fromkeys(matching))
            return None
        used.add(valid)
        return Suppression(
            "waiver",
            valid.reason,
            valid.origin,
            valid.until.isoformat() if valid.until else None,
        )

    result = _suppress(result, sort)
    # a "not a fix" waiver describes the commit, so it counts as used even if no rule reports the
    # commit
    unused = tuple(
        waiver
        for waiver in request.waivers
        if waiver not in used and waiver not in expired and not waiver.subject
    )
    without_files = _find_waivers_without_files(result, request.waivers)
    if not (expired or unused or without_files):
        return result
    return result._replace(waivers=Waivers(tuple(expired), unused, without_files))


def _find_waivers_without_files(
    result: "CheckResult", waivers: Sequence[Waiver]
) -> tuple[Waiver, ...]:
    """Return the waivers of the tree's file with paths that match no file, and only these paths."""
    tree = result.setting.tree
    if tree is None:
        return ()
    changed_paths = {path for checked in result.patches for path in checked.patch.paths}
    unmatched = (
        (waiver, find_unmatched_paths(waiver, tree, changed_paths))
        for waiver in waivers
        if waiver.kind == TREE
    )
    return tuple(waiver._replace(paths=paths) for waiver, paths in unmatched if paths)


def _compare_with_baseline(
    result: "CheckResult",
    request: Suppressions,
    file: Path,
    every_rule: "Sequence[Rule]",
) -> "CheckResult":
    """Compare the result with a baseline, or write all findings to a new one."""
    moved = map_renamed_files(checked.patch for checked in result.patches)
    recorded = Counter[FindingMark]()
    if request.content:
        recorded = parse_baseline(file, request.content)
    elif request.content is None and (not request.write or file.exists()):
        recorded = read_baseline(file)
    rules = {rule.id: rule for rule in result.rules}
    names = {rule.id: rule.name for rule in every_rule}
    remaining = Remaining(recorded)
    marks: list[FindingMark] = []
    new_findings = 0

    def sort(finding: Finding, patch: Patch | None) -> Suppression | None:
        nonlocal new_findings
        mark = make_mark(finding, patch)
        names.setdefault(finding.rule, finding.name)
        marks.append(mark)
        is_known = remaining.use_up_entry(mark) or bool(
            finding.path in moved and remaining.use_up_entry(make_mark(finding, patch, moved))
        )
        new_findings += not is_known
        if is_known or request.write:
            return Suppression("baseline", "in the baseline", str(file))
        return None

    result = _suppress(result, sort)
    unmatched = remaining.unused_entries
    # an entry is stale only if its rule ran
    stale = {
        mark: count
        for mark, count in unmatched.items()
        if mark.rule in rules
        and (rules[mark.rule].name, rules[mark.rule].severity) not in result.setting.options.hidden
    }
    if not request.write:
        entries = tuple(
            StaleEntry(mark.rule, names.get(mark.rule, mark.rule), mark.path, mark.text, count)
            for mark, count in stale.items()
        )
        return result._replace(baseline=Baseline(str(file), entries, None))
    counts = Counter(marks)
    for mark, count in unmatched.items():
        if mark not in stale:
            counts[mark] += count
    write_file(file, format_baseline(counts, names), hint="choose a file that you can write")
    written = BaselineWritten(len(marks), new_findings, sum(stale.values()))
    return result._replace(baseline=Baseline(str(file), (), written))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute the fixes for a patch, verify them by checking again, and pass them to a writer."""

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Protocol

from patchpilot.checking.fix_files import FixDirectory, PatchText
from patchpilot.checking.result import CheckedPatch, CheckResult, CheckRun
from patchpilot.lint.engine import find_findings
from patchpilot.lint.fixing.try_fixes import NOT_CERTAIN, FixOutcome, Key, fix_patch
from patchpilot.lint.lint_context import Context
from patchpilot.model.patch import Patch, Series
from patchpilot.model.rule import Finding

Only = Callable[[Patch, Finding], bool]
"""A function that returns whether to fix a patch's finding."""
WITHOUT_FIX = {
    "none": "the rule has no automatic fix",
    "suggest": "its fix is only a suggestion",
}
"""Kind of a rule's fix → the reason for not applying it."""
NEEDED = "a later patch depends on this line"


class FixedPatch(NamedTuple):
    """A patch, and the fixes applied to it.

    `texts` contains the changed texts. `refused` is the reason if some or all fixes were not
    applied, and `reasons` contains the reason for each finding that was not fixed.
    """

    patch: Patch
    fixed: tuple[Finding, ...] = ()
    texts: tuple[PatchText, ...] = ()
    refused: str = ""
    reasons: Mapping[Key, str] = {}

    @property
    def reason(self) -> str:
        """Return why the first finding was not fixed, or "" if no reason is known."""
        return self.refused or next(iter(self.reasons.values()), "")

    @property
    def diff(self) -> list[str]:
        mark = ("a/", "b/") if self.patch.commit else ("", "")
        return [
            line
            for text in self.texts
            for line in difflib.unified_diff(
                text.before,
                text.after,
                mark[0] + text.name,
                mark[1] + text.name,
                lineterm="",
            )
        ]


class FixWriter(Protocol):
    """A destination for fixes: patch files, commits or editor buffers."""

    def fixable_lines(self, patch: Patch) -> FixDirectory:
        """Return the lines of a patch that may be fixed."""

    def changed_texts(self, patch: Patch, outcome: FixOutcome) -> tuple[PatchText, ...]:
        """Return the changed texts, before and after the fix."""


def fixed_patch(
    setting: CheckRun,
    checked: CheckedPatch,
    series: Sequence[Series],
    writer: FixWriter | None = None,
    needed: AbstractSet[int] = frozenset(),
    only: Only | None = None,
) -> tuple[FixedPatch, FixOutcome | None]:
    """Apply as many fixes to a patch as possible.

    The outcome is None if nothing was fixed. Only findings that `only` accepts are fixed. The
    0-based lines in `needed` are kept, because later patches depend on them.
    """
    patch = checked.patch
    rules = {rule.id: rule for rule in setting.rules}
    safe = [
        finding
        for finding in checked.findings
        if finding.rule in rules
        and rules[finding.rule].remedy.kind == "safe"
        and (only is None or only(patch, finding))
    ]
    if not safe:
        return FixedPatch(patch), None
    directory = writer.fixable_lines(patch) if writer else FixDirectory()
    refused = directory.refused
    if patch.is_incomplete and not refused:
        part = "its first lines" if patch.cut else "the beginnings of its lines"
        refused = f"too long to fix: only {part} were checked"
    if refused:
        reasons = dict.fromkeys(map(place_of, safe), refused)
        return FixedPatch(patch, refused=refused, reasons=reasons), None
    own_series = next(each for each in series if any(patch is member for member in each.patches))
    context = setting.context(patch, own_series)

    def check_again(changed_patch: Patch) -> tuple[Context, tuple[Finding, ...]]:
        new_context = context.with_patch(changed_patch)
        return new_context, find_findings(new_context, setting.rules)

    suppressed = frozenset(place_of(each) for each in checked.every if each.suppression)
    if only is not None:
        suppressed |= frozenset(map(place_of, checked.findings)) - frozenset(map(place_of, safe))
    kept = {**directory.kept, **dict.fromkeys(needed, NEEDED)}
    on_kept = {place: kept[place[1]] for place in map(place_of, safe) if place[1] in kept}
    count = [kept.get(line) for _, line in map(place_of, safe)].count(NEEDED)
    notes = {
        NEEDED: f"{count} not fixed: a later patch depends on these lines; fix the commits and"
        " format the patches again"
    }
    note = "; ".join(notes.get(why, why) for why in dict.fromkeys(on_kept.values()))

    known = None
    if not setting.options.checkpatch_compat:
        # in checkpatch.pl mode, the findings were changed to match those of checkpatch.pl
        own = (finding for finding in checked.every if finding.rule in rules)
        known = context, tuple(sorted(own, key=finding_line))

    def may_touch(line: int) -> bool:
        return line < 0 or (line not in kept and directory.may_touch(line))

    outcome = fix_patch(
        patch,
        check_again,
        rules,
        may_touch=may_touch,
        suppressed=suppressed,
        known_findings=known,
    )
    reasons = {**outcome.reasons, **on_kept}
    if not outcome.changed:
        return FixedPatch(patch, refused=note, reasons=reasons), None
    texts = writer.changed_texts(patch, outcome) if writer else ()
    return FixedPatch(patch, outcome.fixed, texts, note, reasons), outcome


def finding_line(finding: Finding) -> float:
    """Return the patch line of a finding.

    The value for a finding about the whole patch sorts last.
    """
    return finding.patch_line or math.inf


def place_of(finding: Finding) -> tuple[str, int]:
    """Return the rule and the 0-based line of a finding."""
    return finding.rule, (finding.patch_line or 0) - 1


def add_unfixed_reasons(
    check: CheckResult,
    patches: Sequence[FixedPatch],
    outcomes: Mapping[int, FixOutcome],
) -> CheckResult:
    """Set the reason on each finding that was not fixed.

    `outcomes` maps the id() of each fixed patch to its outcome.
    """
    fixed_patches = {
        id(checked.patch): fixed for checked, fixed in zip(check.patches, patches, strict=True)
    }

    kinds = map_fix_kinds(check.setting)

    def with_reason(finding: Finding, patch: Patch | None) -> Finding:
        fixed = fixed_patches[id(patch)] if patch else None
        outcome = outcomes.get(id(fixed.patch)) if fixed else None
        return add_unfixed_reason(kinds, finding, fixed, outcome)

    return check.map_findings(with_reason)


def map_fix_kinds(setting: CheckRun) -> Mapping[str, str]:
    """Map the rules of a run to the kinds of their fixes."""
    return {rule.id: rule.remedy.kind for rule in setting.rules}


def add_unfixed_reason(
    kinds: Mapping[str, str],
    finding: Finding,
    fixed: FixedPatch | None,
    outcome: FixOutcome | None = None,
) -> Finding:
    """Set the reason if a finding was not fixed.

    `kinds` are the fix kinds of the rules. `fixed` is the finding's patch, or None for a finding
    about the series. With `outcome`, the finding is in the fixed patch.
    """
    if finding.suppression:
        return finding
    kind = kinds.get(finding.rule, "")
    if fixed is None or kind != "safe":
        return finding._replace(left=WITHOUT_FIX.get(kind, WITHOUT_FIX["none"]))
    rule, line = place_of(finding)
    if not outcome and (rule, line) in map(place_of, fixed.fixed):
        return finding._replace(left="")
    original_line = outcome.draft.origin[line] if outcome and line >= 0 else line
    return finding._replace(left=fixed.reasons.get((rule, original_line), NOT_CERTAIN))

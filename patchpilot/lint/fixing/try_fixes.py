# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply fixes to a patch, and revert unsuccessful ones.

A fix is kept if its finding disappears, no new finding appears, and the guard accepts it. The
patch is checked again after every round, so no fixer is trusted.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from patchpilot.lint.c.line_scan import COMMENT as NOTE
from patchpilot.lint.c.line_scan import ScannedLine, as_bytes, scan
from patchpilot.lint.fixing.fixer import (
    ColumnSpan,
    FixSite,
    LineChange,
    RegisteredFixer,
    combine_proposal,
    import_fixers,
)
from patchpilot.lint.fixing.guard import keeps_meaning
from patchpilot.lint.fixing.patch_edit import PatchEdit
from patchpilot.lint.fixing.realign import keep_columns
from patchpilot.lint.lint_context import Context, once
from patchpilot.model.patch import Hunk, Patch
from patchpilot.model.rule import Finding, FixEdit, Rule
from patchpilot.model.trailer import is_trailer, unfit

MOST_ROUNDS = 8
MOST_CHECKED_LINES = 4500
LEAST_CHECKS = 8
"""Maximum number of lines checked again, in all checks of a patch together, and the number of
checks allowed for a longer patch.
"""
SCARCE, NEAR = 3, 40
"""With so few checks left, the lines so near to a fix that failed are not fixed either."""
ONE_BY_ONE = 3
"""Number of fixes reverted one by one before all fixes of their rules are reverted."""
LONGEST_LINE = 400
"""The maximum length of a line that is fixed: a longer one may have hundreds of findings, each
tried by itself.
"""
TOO_LONG = f"its line has more than {LONGEST_LINE} characters"
NOT_CERTAIN = "no fix is certain here"
NOT_ADDED = "the fix would change lines that this patch does not add"
NOT_EQUAL = "the fix is not proved to keep the meaning of the code"
NOTHING_LEFT = "the fix would leave nothing of a hunk"
UNFIT_TRAILER = "its tag {why}"
ALIGNED = "lines that must not change are aligned with it"
CAUSES_OTHERS = "its fix would cause another finding"
NOT_GONE = "its fix would not remove the finding"
STOPPED = "fixing stopped after too many attempts on this patch"

Key = tuple[str, int]
"""A rule's id and the original index of a line, which identify a finding between checks; -1 without
a line.
"""
Check = Callable[[Patch], tuple[Context, tuple[Finding, ...]]]
"""A check of a patch, which returns its context and the findings."""


class AppliedFix(NamedTuple):
    """An applied fix: its finding, and the original indexes of the lines that it touched."""

    key: Key
    lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class FixOutcome:
    """The result of fixing a patch.

    It has the patch and the findings before and after, the findings that were fixed, and the
    reasons for those that have a fix but remain.
    """

    draft: PatchEdit
    original: Patch
    found: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    left: tuple[Finding, ...]
    reasons: Mapping[Key, str]

    @property
    def changed(self) -> bool:
        """Return whether the patch has changed."""
        return self.draft.patch.lines != self.original.lines


class TriedFix(NamedTuple):
    """The result of some rounds of fixing: the draft, its findings, and the applied fixes."""

    draft: PatchEdit
    context: Context
    found: tuple[Finding, ...]
    applied: tuple[AppliedFix, ...] = ()

    def keys(self) -> Counter[Key]:
        """Count the findings by rule and line."""
        return Counter(_key(finding, self.draft) for finding in self.found)

    def count_messages(self) -> Counter[tuple[str, str]]:
        """Count the findings by rule and message, regardless of their position."""
        return Counter((finding.rule, finding.message) for finding in self.found)


def fix_patch(
    patch: Patch,
    check: Check,
    rules: Mapping[str, Rule],
    *,
    may_touch: Callable[[int], bool] = lambda _: True,
    suppressed: frozenset[Key] = frozenset(),
    known: tuple[Context, tuple[Finding, ...]] | None = None,
) -> FixOutcome:
    """Apply all fixes to a patch.

    `check` checks a patch, `rules` maps ids to the rules of the run, and `known` is the check's
    result for this patch.

    Lines for whose index in the patch `may_touch` returns false do not change, and `suppressed`
    findings are not fixed.
    """
    start = TriedFix(PatchEdit.of(patch), *(known or check(patch)))
    fixing = _Fixing(check, rules, may_touch, start)
    tried, banned, reverted = start, set(suppressed), 0
    while fixing.left:
        after = fixing.rounds(tried, banned)
        if not after.applied:
            break
        causes = fixing.find_fixes_to_revert(tried, after)
        if not causes:
            # a rejected fix may work after the others, and a second run must find nothing to do
            tried, banned, reverted = after, set(suppressed), 0
            continue
        reverted += 1
        rules_of = {rule for rule, _ in causes if reverted > ONE_BY_ONE}
        near = [
            at
            for one in after.applied
            if one.key in causes and fixing.left <= SCARCE
            for at in one.lines
        ]
        banned |= {
            one.key
            for one in after.applied
            if one.key in causes
            or one.key[0] in rules_of
            or any(abs(at - line) < NEAR for at in one.lines for line in near)
        }
        fixing.reasons.update(causes if fixing.left else dict.fromkeys(causes, STOPPED))
    return FixOutcome(
        tried.draft,
        patch,
        start.found,
        tuple(_resolved_findings(start, tried, fixing.fixers)),
        tried.found,
        fixing.reasons,
    )


def _resolved_findings(
    start: TriedFix, tried: TriedFix, fixers: Mapping[str, RegisteredFixer]
) -> Iterable[Finding]:
    gone, fewer = (
        start.keys() - tried.keys(),
        start.count_messages() - tried.count_messages(),
    )
    for finding in start.found:
        key, text = _key(finding, start.draft), (finding.rule, finding.message)
        # an unfixable finding may only have moved to another line
        if gone[key] and (finding.rule in fixers or fewer[text]):
            gone[key] -= 1
            fewer[text] -= 1
            yield finding


class _Fixing:
    """The fixing of a patch: the number of checks `left`, and the `reasons` why findings remain.

    A longer patch is checked less often, so that the time grows only linearly with its length.
    """

    def __init__(
        self,
        check: Check,
        rules: Mapping[str, Rule],
        may_touch: Callable[[int], bool],
        start: TriedFix,
    ) -> None:
        self._check, self._rules, self._may_touch = check, rules, may_touch
        known = import_fixers() if start.found else {}
        self.fixers = {
            rule.id: known[rule.remedy.fixer]
            for rule in rules.values()
            if known and rule.remedy.fixer
        }
        lines = len(start.draft.patch.lines)
        self.left = max(LEAST_CHECKS, MOST_CHECKED_LINES // max(1, lines))
        self.reasons: dict[Key, str] = {}
        self._moved = _moved(start.context)

    def rounds(self, start: TriedFix, banned: set[Key]) -> TriedFix:
        """Apply fixes until none is left, with at most half of the remaining checks, because
        reverting needs the others.
        """
        tried = start._replace(applied=())
        for _ in range(min(MOST_ROUNDS, (self.left + 1) // 2)):
            changes, fixes = self._propose_changes(tried, banned)
            if not changes:
                break
            after = tried.draft.apply_changes(changes)
            then = tried.context.for_patch(after.patch)
            realigned, askew = keep_columns(
                (tried.draft, tried.context),
                (after, then),
                partial(self._may_change, tried.draft),
            )
            # lines below that must not change are aligned with this one, so keep it
            again = {fix.key for fix in fixes if askew & fix.lines}
            if again:
                if banned >= again:
                    break
                banned |= again
                self.reasons.update(dict.fromkeys(again, ALIGNED))
                continue
            draft = after.apply_changes([realigned]) if realigned.spans else after
            self.left -= 1
            tried = TriedFix(draft, *self._check(draft.patch), (*tried.applied, *fixes))
        return tried

    def _propose_changes(
        self, tried: TriedFix, banned: AbstractSet[Key]
    ) -> tuple[list[LineChange], list[AppliedFix]]:
        """Return the permitted, non-overlapping changes and their fixes.

        Record the reasons against the others.
        """
        changes: list[LineChange] = []
        fixes: list[AppliedFix] = []
        taken: defaultdict[int, set[ColumnSpan]] = defaultdict(set)
        for finding in tried.found:
            key = _key(finding, tried.draft)
            fixer = self.fixers.get(finding.rule)
            if key in banned or finding.patch_line is None or not fixer:
                continue
            if _is_long(tried.draft.patch, finding.patch_line):
                self.reasons[key] = TOO_LONG
                continue
            change = combine_proposal(fixer.propose(FixSite(tried.context, finding)))
            reason = NOT_CERTAIN
            if change:
                if _overlaps(change, taken):
                    continue
                touched = frozenset(tried.draft.origin[at - 1] for at in change.lines)
                reason = self._objection(change, tried)
                if not reason and _keeps_meaning(change, tried, fixer):
                    changes.append(change)
                    for span in change.columns:
                        taken[span.line].add(span)
                    fixes.append(AppliedFix(key, touched))
                    continue
            self.reasons[key] = reason or NOT_EQUAL
        return changes, fixes

    def _objection(
        self,
        change: LineChange,
        tried: TriedFix,
    ) -> str:
        """Return why a change is not allowed, because it touches other lines, or ""."""
        patch = tried.draft.patch
        texts = (text.strip() for edit in change.edits for text in edit.insert)
        for text in texts:
            if is_trailer(text) and (why := unfit(text)):
                return UNFIT_TRAILER.format(why=why)
        if any(_is_long(patch, number) for number in change.lines):
            return TOO_LONG
        inserted = {edit.start for edit in change.edits if not edit.delete}
        realigned = {
            number
            for edit in change.edits
            if _is_realigned(patch, edit)
            for number in range(edit.start, edit.start + edit.delete)
        }
        is_own = all(
            self._may_change(tried.draft, number, number in inserted)
            for number in change.lines - realigned
        )
        are_free = (self._may_touch(tried.draft.origin[at - 1]) for at in realigned)
        return "" if is_own and all(are_free) else NOT_ADDED

    def _may_change(
        self, draft: PatchEdit, number: int, is_inserted: bool = False
    ) -> bool:
        """Return whether a line may be changed.

        It must be in the message, or added by the patch and not only moved.
        """
        patch = draft.patch
        if not self._may_touch(draft.origin[number - 1]):
            return False
        if number < patch.diff_line:
            return number < patch.message_line + len(patch.message)
        text = patch.lines[number - 1]
        return (
            text.startswith(("+", "\\"))
            and not text.startswith("+++ ")
            and (is_inserted or text[1:] not in self._moved)
        )

    def find_fixes_to_revert(self, start: TriedFix, tried: TriedFix) -> dict[Key, str]:
        """Map fixes to revert to the reason: their finding remains, or they are nearest to a new
        finding.

        A finding that moved to another line is not new.
        """
        before, now = start.keys(), tried.keys()
        keys = [one.key for one in tried.applied]
        failed = {key: NOT_GONE for key in keys if now[key] and now[key] >= before[key]}
        increased = {
            rule for rule, _ in tried.count_messages() - start.count_messages()
        }
        increased.update(rule for rule, _ in keys)
        had, has = (Counter(one.rule for one in each.found) for each in (start, tried))
        touched = frozenset(line for one in tried.applied for line in one.lines)
        for rule, line in now - before:
            # a rule that reports the first of many places reports the next one after a fix
            is_elsewhere = line not in touched and line >= 0
            if rule not in increased or (is_elsewhere and has[rule] <= had[rule]):
                continue
            name = self._rules[rule].name if rule in self._rules else rule
            reason = f"{CAUSES_OTHERS}: {name}"
            failed.update(dict.fromkeys(_nearest(tried, line), reason))
        for before, after in zip(*map(_hunks, (start, tried)), strict=False):
            if _has_effect(before) and not _has_effect(after):
                places = {
                    start.draft.origin[line.patch_line - 1] for line in before.lines
                }
                failed.update(
                    (one.key, NOTHING_LEFT)
                    for one in tried.applied
                    if one.lines & places
                )
        return failed


def _nearest(tried: TriedFix, line: int) -> list[Key]:
    """Return the fixes that changed the lines nearest to a new finding, or all if it has no
    line.
    """
    origins = tried.draft.origin
    # an inserted line, whose index is negative, belongs to the one above it
    here = max(origins[: origins.index(line) + 1]) if line in origins else None
    away = {
        one.key: min((abs(at - here) for at in one.lines if at >= 0), default=0)
        for one in tried.applied
        if here is not None
    }
    least = min(away.values(), default=0)
    return [one.key for one in tried.applied if away.get(one.key, least) == least]


def _overlaps(change: LineChange, taken_spans: Mapping[int, set[ColumnSpan]]) -> bool:
    """Return whether changes overlap.

    Equal replacements do not overlap.
    """
    return any(
        span.start <= other.end and other.start <= span.end
        for span in change.columns
        for other in taken_spans.get(span.line, ())
        if span != other or span.end == sys.maxsize
    )


def _is_realigned(patch: Patch, edit: FixEdit) -> bool:
    """Return whether an edit only reindents lines that the patch leaves unchanged."""
    old = patch.lines[edit.start - 1 : edit.start - 1 + edit.delete]
    new = [line for line in edit.insert if line.startswith("+")]
    return (
        all(line.startswith(" ") for line in old)
        and [f"-{line[1:]}" for line in old] == list(edit.insert[: len(old)])
        and [line[1:].strip() for line in new] == [line[1:].strip() for line in old]
    )


def _is_long(patch: Patch, number: int) -> bool:
    """Return whether the line is too long to be fixed."""
    return any(len(line) > LONGEST_LINE for line in patch.lines[number - 1 : number])


def _keeps_meaning(change: LineChange, tried: TriedFix, fixer: RegisteredFixer) -> bool:
    """Return whether all lines of the change together keep the meaning of the code."""
    lines, diff_line = scan(tried.context).lines, tried.context.patch.diff_line
    touched = sorted(change.lines)
    code = [
        line
        for line in lines[max(touched[0], diff_line) - 1 : touched[-1]]
        if line.sign == "+"
    ]
    if not code:
        return True
    first, last = code[0], code[-1].number
    inside = _comment_state(first)
    if inside is None:
        return False
    old = [line.raw[1:] for line in code]

    after = tried.draft.excerpt(change, first.number, last)
    new = [as_bytes(text)[1:] for text in after if text.startswith("+")]
    return keeps_meaning(old, new, path=first.file, fixer=fixer, inside=inside)


def _comment_state(line: ScannedLine) -> str | None:
    """Return the state at the start of a line: "" in code or "*/" in a comment.

    Return None in a string that continues.
    """
    text, raw = (each[1:].lstrip(" \t") for each in (line.text, line.raw))
    if text.startswith(NOTE) and not raw.startswith(("/*", "//")):
        return "*/"
    return None if text.startswith("X") and not raw.startswith("X") else ""


@once
def _moved(context: Context) -> frozenset[str]:
    """Return the removed lines; an equal added line was moved and must not change."""
    return frozenset(
        line.text
        for change in context.patch.files
        for line in change.lines("-")
        if line.text.strip()
    )


def _hunks(tried: TriedFix) -> list[Hunk]:
    return [hunk for change in tried.draft.patch.files for hunk in change.hunks]


def _has_effect(hunk: Hunk) -> bool:
    """Return whether a hunk does more than add back its removed lines."""
    removed, added = (
        [line.text for line in hunk.lines if line.kind == kind] for kind in "-+"
    )
    return removed != added


def _key(finding: Finding, draft: PatchEdit) -> Key:
    at = finding.patch_line
    is_known = at is not None and at <= len(draft.origin)
    return finding.rule, draft.origin[at - 1] if at and is_known else -1

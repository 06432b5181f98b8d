# SPDX-License-Identifier: GPL-2.0-or-later
"""Applies fixes to a patch, and reverts those that do not work.

A fix is kept if its finding disappears, no new finding appears, and the guard accepts it. The
patch is checked again after every round, so no fixer is trusted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial

from patchpilot.lint.c.line_scan import ScannedLine, as_bytes, as_text
from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import (
    FixSite,
    LineChange,
    RegisteredFixer,
    import_fixers,
)
from patchpilot.lint.fixing.guard import keeps_meaning
from patchpilot.lint.fixing.patch_edit import PatchEdit
from patchpilot.lint.fixing.realign import keep_columns
from patchpilot.lint.fixing.round_changes import (
    AppliedFix,
    Key,
    RoundChanges,
)
from patchpilot.lint.lint_context import Context, once
from patchpilot.model.finding import Finding, FixEdit
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Rule
from patchpilot.model.trailer import is_trailer, unfit

MOST_ROUNDS = 8
MOST_STEPS = 24
MOST_STARTS = 6
MOST_PASSES = 4
MOST_CHECKED_LINES = 4500
LEAST_CHECKS = 8
"""How many lines are checked again, in all checks of a patch together, and the number of checks
that a longer patch may have.
"""
SCARCE, NEAR = 3, 40
"""With so few checks left, the lines so near to a fix that failed are not fixed either."""
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
        """Whether the patch has changed."""
        return self.draft.patch.lines != self.original.lines


Check = Callable[[Patch], tuple[Context, tuple[Finding, ...]]]
"""A check: takes a patch, returns the context it was checked in and the findings."""


def fix_patch(
    patch: Patch,
    check: Check,
    rules: Mapping[str, Rule],
    *,
    may_touch: Callable[[int], bool] = lambda _: True,
    suppressed: frozenset[Key] = frozenset(),
    known: tuple[Context, tuple[Finding, ...]] | None = None,
) -> FixOutcome:
    """Applies all fixes to a patch.

    `check` checks a patch, `rules` maps ids to the rules of the run, and `known` is the check's
    result for this patch.

    Lines for whose index in the patch `may_touch` returns false do not change, and `suppressed`
    findings are not fixed.
    """
    context, found = known or check(patch)
    start = PatchEdit.of(patch)
    known_fixers = import_fixers() if found else {}
    fixers = {
        rule.id: known_fixers[rule.remedy.fixer]
        for rule in rules.values()
        if found and rule.remedy.fixer
    }
    before = _counted(found, start)
    tried = TriedFix(start, context, found, ())
    reasons: dict[Key, str] = {}
    names = {id_: rule.name for id_, rule in rules.items()}
    fixing = Fixing(BoundedCheck(check, patch), fixers, may_touch, reasons, names)
    for _ in range(MOST_PASSES):
        last, (tried, whole) = tried, _pass(tried, fixing, set(suppressed))
        # a reverted fix may succeed now that the rest is fixed: a second call must find nothing to
        # do
        if (
            whole
            or fixing.check.left < 2
            or tried.draft.patch.lines == last.draft.patch.lines
        ):
            break
    if _is_empty_change(tried.draft.patch) and not _is_empty_change(patch):
        tried = TriedFix(start, context, found, ())
    gone = before - _counted(tried.found, tried.draft)
    fewer = _said(found) - _said(tried.found)
    fixed = []
    for one in found:
        key, said = _key(one, start), (one.rule, one.message)
        # what no fixer is for may only be on another line now
        if gone[key] and (one.rule in fixers or fewer[said]):
            gone[key] -= 1
            fewer[said] -= 1
            fixed.append(one)
    return FixOutcome(tried.draft, patch, found, tuple(fixed), tried.found, reasons)


class BoundedCheck:
    """A check that may be run a limited number of times.

    The limit is lower for longer patches, so that the total time grows only linearly with their
    length.
    """

    def __init__(self, check: Check, patch: Patch) -> None:
        self._check = check
        self.left = max(LEAST_CHECKS, MOST_CHECKED_LINES // max(1, len(patch.lines)))

    def __call__(self, patch: Patch) -> tuple[Context, tuple[Finding, ...]]:
        """Checks a patch, which takes one of the checks that are left."""
        self.left -= 1
        return self._check(patch)


@dataclass(frozen=True, slots=True)
class Fixing:
    """The input of fixing a patch, and the reasons why findings remain.

    The input is the check, the fixers and names of the rules by id, and the lines that may
    change.
    """

    check: BoundedCheck
    fixers: Mapping[str, RegisteredFixer]
    may_touch: Callable[[int], bool]
    reasons: dict[Key, str]
    names: Mapping[str, str]


def _pass(
    start: "TriedFix", fixing: Fixing, banned: set[Key]
) -> tuple["TriedFix", bool]:
    """Applies all fixes that cause no new finding; also returns whether no fix had to be reverted.

    Adds to the reasons why fixes are left out.
    """
    for number in range(MOST_STARTS):
        # half of the checks that are left, so that there are some for what must be reverted
        tried = _rounds(
            start, fixing, banned, min(MOST_ROUNDS, (fixing.check.left + 1) // 2)
        )
        causes = _fixes_to_revert(start, tried, fixing.names)
        to_revert = set(causes)
        if not to_revert:
            return tried, number == 0
        if fixing.check.left <= SCARCE:
            wrong = [
                at for one in tried.applied if one.key in causes for at in one.lines
            ]
            to_revert |= {
                one.key
                for one in tried.applied
                if any(abs(at - line) < NEAR for at in one.lines for line in wrong)
            }
        if not fixing.check.left:
            fixing.reasons.update(
                dict.fromkeys((one.key for one in tried.applied), STOPPED)
            )
            break
        if number >= MOST_STARTS // 2:
            # what reverting them one by one does not end: no fix of their rules
            rules = {rule for rule, _ in to_revert}
            to_revert |= {one.key for one in tried.applied if one.key[0] in rules}
        banned |= to_revert
        fixing.reasons.update({**dict.fromkeys(to_revert, CAUSES_OTHERS), **causes})
    return TriedFix(start.draft, start.context, start.found, ()), False


@dataclass(frozen=True, slots=True)
class TriedFix:
    """The result of some rounds of fixing: the draft, its findings, and the applied fixes."""

    draft: PatchEdit
    context: Context
    found: tuple[Finding, ...]
    applied: tuple[AppliedFix, ...]


def _rounds(start: TriedFix, fixing: Fixing, banned: set[Key], most: int) -> TriedFix:
    """Applies fixes until none is left to try, or `most` checks were made."""
    draft, context, found = start.draft, start.context, start.found
    applied: list[AppliedFix] = []
    for _ in range(MOST_ROUNDS):
        changes, fixes = _proposed(draft, context, found, fixing, banned)
        if not changes:
            break
        if not most:
            fixing.reasons.update(dict.fromkeys((one.key for one in fixes), STOPPED))
            break
        after = draft.with_changes(changes)
        then = context.for_patch(after.patch)
        realigned, askew = keep_columns(
            (draft, context),
            (after, then),
            partial(_is_ours, _moved_whole(context), fixing.may_touch),
        )
        # lines below that must not change are aligned with this one: it does not change either
        if askew:
            again = {one.key for one in fixes if askew & one.lines}
            if banned.issuperset(again):
                break
            banned |= again
            fixing.reasons.update(dict.fromkeys(again, ALIGNED))
            continue
        draft = after.with_changes([realigned]) if realigned.spans else after
        applied += fixes
        context, found = fixing.check(draft.patch)
        most -= 1
    return TriedFix(draft, context, found, tuple(applied))


def _proposed(
    draft: PatchEdit,
    context: Context,
    found: Sequence[Finding],
    fixing: Fixing,
    banned: AbstractSet[Key],
) -> tuple[list[LineChange], list[AppliedFix]]:
    """Return the changes that may be made, which do not overlap, and their fixes.

    Add to the reasons for the others.
    """
    changes: list[LineChange] = []
    fixes: list[AppliedFix] = []
    accepted = RoundChanges(draft.patch)
    for finding in found:
        key = _key(finding, draft)
        if (
            key in banned
            or finding.patch_line is None
            or finding.rule not in fixing.fixers
        ):
            continue
        if _is_long(draft.patch, finding.patch_line):
            fixing.reasons[key] = TOO_LONG
            continue
        fixer = fixing.fixers[finding.rule]
        change = fixer.function(FixSite(context, finding))
        if not change:
            fixing.reasons[key] = NOT_CERTAIN
            continue
        touched = frozenset(draft.origin[number - 1] for number in change.lines)
        if accepted.meets(change):
            continue
        may_touch = all(map(fixing.may_touch, touched))
        against = (
            _objection(change, draft, context, accepted) if may_touch else NOT_ADDED
        )
        if against or not _guarded(change, draft, context, fixer):
            fixing.reasons[key] = against or NOT_EQUAL
            continue
        changes.append(change)
        accepted.add(change)
        fixes.append(AppliedFix(key, touched))
    return changes, fixes


def _is_ours(
    moved: AbstractSet[str],
    may_touch: Callable[[int], bool],
    line: ScannedLine,
    origin: int,
) -> bool:
    """Whether the patch adds the line (does not only move it) and the line may change."""
    return line.added and as_text(line.raw[1:]) not in moved and may_touch(origin)


def _objection(
    change: LineChange, draft: PatchEdit, context: Context, accepted: "RoundChanges"
) -> str:
    """Why a change must not be made: it touches other lines than it may or empties a hunk; "" where
    it may be made.
    """
    patch = draft.patch
    moved = _moved_whole(context)
    lines = change.lines
    if why := _unfit_trailer(change):
        return UNFIT_TRAILER.format(why=why)
    inserted = {edit.start for edit in change.edits if not edit.delete}
    realigned = {
        number
        for edit in change.edits
        if _is_realigned(patch, edit)
        for number in range(edit.start, edit.start + edit.delete)
    }
    for number in lines:
        if _is_long(patch, number):
            return TOO_LONG
        text = patch.lines[number - 1] if number <= len(patch.lines) else ""
        in_diff = number >= patch.diff_line
        if in_diff and number in realigned:
            continue
        if in_diff and (
            not text.startswith(("+", "\\"))
            or text.startswith("+++ ")
            or (text[1:] in moved and number not in inserted)
        ):
            return NOT_ADDED
        if not in_diff and number >= patch.message_line + len(patch.message):
            return NOT_ADDED
    shrinks = (
        any(edit.delete > len(edit.insert) for edit in change.edits)
        and max(lines) >= patch.diff_line
    )
    if shrinks and not accepted.leaves_hunks(change):
        return NOTHING_LEFT
    return ""


def _unfit_trailer(change: LineChange) -> str:
    """Why a change would write a trailer that a commit message may not have; "" where it writes
    none.
    """
    new = (text.strip() for edit in change.edits for text in edit.insert)
    return next((why for text in new if is_trailer(text) and (why := unfit(text))), "")


def _is_realigned(patch: Patch, edit: FixEdit) -> bool:
    """Whether an edit replaces lines that the patch leaves alone by the same ones with another
    indent.
    """
    old = [
        line[1:]
        for line in patch.lines[edit.start - 1 : edit.start - 1 + edit.delete]
        if line.startswith(" ")
    ]
    new = [line[1:].strip() for line in edit.insert if line.startswith("+")]
    removed = [line[1:] for line in edit.insert if line.startswith("-")]
    return (
        bool(old)
        and len(old) == edit.delete
        and removed == old
        and new == [line.strip() for line in old]
    )


def _is_long(patch: Patch, number: int) -> bool:
    """Whether the line of this number is too long to be fixed."""
    return number <= len(patch.lines) and len(patch.lines[number - 1]) > LONGEST_LINE


def _guarded(
    change: LineChange, draft: PatchEdit, context: Context, fixer: RegisteredFixer
) -> bool:
    """Whether the code keeps its meaning, over all lines of the change together."""
    from patchpilot.lint.c.line_scan import scan

    lines = scan(context).lines
    numbers = sorted(
        number
        for number in change.lines
        if number >= context.patch.diff_line and lines[number - 1].sign == "+"
    )
    if not numbers:
        return True
    first = lines[numbers[0] - 1]
    inside = _inside(first.text, first.raw)
    if inside is None:
        return False
    old = [
        lines[number - 1].raw[1:]
        for number in range(numbers[0], numbers[-1] + 1)
        if lines[number - 1].sign == "+"
    ]

    def is_kept(counts: Iterable[int]) -> bool:
        before = old
        for count in counts:
            step = LineChange(change.spans[:count], change.edits)
            after = draft.excerpt(step, numbers[0], numbers[-1])
            new = [as_bytes(text)[1:] for text in after if text.startswith("+")]
            if not keeps_meaning(
                before, new, path=first.file, fixer=fixer, inside=inside
            ):
                return False
            before = new
        return True

    # one after the other: several changes of a line may look like others together
    count = len(change.spans)
    return is_kept([count]) or (
        1 < count <= MOST_STEPS and is_kept(range(1, count + 1))
    )


def _inside(text: str, raw: str) -> str | None:
    """Returns the state at the start of a line: code ("") or a comment ("*/").

    None in a string that continues.
    """
    if len(text) > 1 and text[1] == NOTE and not raw[1:].startswith(("/*", "//")):
        return "*/"
    blank = len(raw[1:]) - len(raw[1:].lstrip(" \t"))
    here = text[1 + blank : 2 + blank]
    if here == NOTE and not raw[1 + blank :].startswith(("/*", "//")):
        return "*/"
    return None if here == "X" != raw[1 + blank : 2 + blank] else ""


@once
def _moved_whole(context: Context) -> frozenset[str]:
    """Returns the removed lines: an added line that is the same was moved, and moved lines must not
    change.
    """
    return frozenset(
        line.text
        for change in context.patch.files
        for line in change.lines("-")
        if line.text.strip()
    )


def _fixes_to_revert(
    start: TriedFix, tried: TriedFix, names: Mapping[str, str]
) -> dict[Key, str]:
    """Returns the fixes to revert and why: those whose finding is still there, and those nearest to
    a new finding.

    A finding that is on another line than at the start is not new.
    """
    before, now = (_counted(one.found, one.draft) for one in (start, tried))
    keys = [one.key for one in tried.applied]
    failed = {key: NOT_GONE for key in keys if now[key] and now[key] >= before[key]}
    increased = {rule for rule, _ in _said(tried.found) - _said(start.found)}
    fixed = {rule for rule, _ in keys}
    before_by_rule, now_by_rule = (
        Counter(finding.rule for finding in one.found) for one in (start, tried)
    )
    touched = frozenset(line for one in tried.applied for line in one.lines)
    for key in now - before:
        # a rule that reports the first of many places reports the next one when that is fixed
        is_elsewhere = key[1] not in touched and key[1] >= 0
        is_moved = key[0] not in increased | fixed
        if is_moved or (is_elsewhere and now_by_rule[key[0]] <= before_by_rule[key[0]]):
            continue
        reason = f"{CAUSES_OTHERS}: {names.get(key[0], key[0])}"
        failed.update(dict.fromkeys(_nearest(tried, key[1]), reason))
    return failed


def _nearest(tried: TriedFix, line: int) -> list[Key]:
    """Return the findings whose fixes touched the lines nearest to a new finding; all without a
    line.
    """
    places = {origin: at for at, origin in enumerate(tried.draft.origin)}
    here, last = places.get(line), -1
    for origin in range(max((0, *(one for one in places if one >= 0))) + 1):
        # a deleted line was below the one before it
        last = places.setdefault(origin, last)
    away = {
        one.key: min(
            (abs(places[at] - here) for at in one.lines if at in places), default=0
        )
        for one in tried.applied
        if here is not None
    }
    least = min(away.values(), default=0)
    return [one.key for one in tried.applied if away.get(one.key, least) == least]


def _is_empty_change(patch: Patch) -> bool:
    """Whether the diff adds back everything that it removes: such a patch would be empty."""
    return patch.has_diff and all(
        [line.text for line in hunk.lines if line.kind == "-"]
        == [line.text for line in hunk.lines if line.kind == "+"]
        for change in patch.files
        for hunk in change.hunks
    )


def _said(found: Sequence[Finding]) -> Counter[tuple[str, str]]:
    """The findings by rule and message, wherever they are."""
    return Counter((one.rule, one.message) for one in found)


def _counted(found: tuple[Finding, ...], draft: PatchEdit) -> Counter[Key]:
    return Counter(_key(one, draft) for one in found)


def _key(finding: Finding, draft: PatchEdit) -> Key:
    at = finding.patch_line
    return (
        finding.rule,
        draft.origin[at - 1] if at is not None and at <= len(draft.origin) else -1,
    )

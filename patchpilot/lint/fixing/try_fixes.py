# SPDX-License-Identifier: GPL-2.0-or-later
"""Applies fixes to a patch: each is kept if its finding is gone, no other finding appears, and the guard accepts it; others are reverted.

The patch is checked again after every round, so no fixer is trusted to be right.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from patchpilot.lint.clang.line_scan import ScannedLine, as_bytes, as_text
from patchpilot.lint.clang.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import ColumnSpan, FixSite, LineChange, RegisteredFixer, import_fixers
from patchpilot.lint.fixing.guard import keeps_meaning
from patchpilot.lint.fixing.patch_edit import PatchEdit
from patchpilot.lint.fixing.realign import keep_columns
from patchpilot.lint.lint_context import Context
from patchpilot.model.finding import Finding, FixEdit
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Rule
from patchpilot.model.trailer import is_trailer, unfit

SAFE_ONLY = frozenset(("safe",))
MOST_ROUNDS = 8
MOST_STARTS = 10
MOST_PASSES = 4
LONGEST_LINE = 400
"""The maximum length of a line that is fixed: a longer one may have hundreds of findings, each tried by itself."""
Key = tuple[str, int]
"""A rule's id and the original index of a line, which identify a finding between checks; -1 without a line."""
TOO_LONG = f"its line has more than {LONGEST_LINE} characters"
NOT_CERTAIN = "no fix is certain here"
NEEDS_UNSAFE = "its fix needs --unsafe-fixes"
NOT_ADDED = "the fix would change lines that this patch does not add"
NOT_EQUAL = "the fix is not proved to keep the meaning of the code"
NOTHING_LEFT = "the fix would leave nothing of a hunk"
UNFIT_TRAILER = "its tag {why}"
ALIGNED = "lines that must not change are aligned with it"
CAUSES_OTHERS = "its fix would cause another finding"
NOT_GONE = "its fix would not remove the finding"


@dataclass(frozen=True, slots=True)
class FixOutcome:
    """A patch before and after fixing: the findings before, which of them are fixed, the findings after, and why those with a fix are left."""

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
    kinds: AbstractSet[str] = SAFE_ONLY,
) -> FixOutcome:
    """Applies all fixes of these `kinds` to a patch. `check` checks a patch, `rules` are those of the run by id.

    Lines whose index in the patch `may_touch` denies do not change, and findings that are `suppressed` are not fixed.
    """
    context, found = check(patch)
    start = PatchEdit.of(patch)
    fixers = {rule.id: _fixers_of(rule, kinds) for rule in rules.values() if rule.remedy.kind in kinds} if found else {}
    before = _counted(found, start)
    tried = TriedFix(start, context, found, ())
    reasons: dict[Key, str] = {}
    names = {id_: rule.name for id_, rule in rules.items()}
    for _ in range(MOST_PASSES):
        last, (tried, whole) = tried, _pass(tried, check, fixers, set(suppressed), may_touch, reasons, names)
        # a reverted fix may succeed now that the rest is fixed: a second call must find nothing to do
        if whole or tried.draft.patch.lines == last.draft.patch.lines:
            break
    if _is_empty_change(tried.draft.patch) and not _is_empty_change(patch):
        tried = TriedFix(start, context, found, ())
    gone = before - _counted(tried.found, tried.draft)
    fixed = []
    for one in found:
        key = _key(one, start)
        if gone[key]:
            gone[key] -= 1
            fixed.append(one)
    return FixOutcome(tried.draft, patch, found, tuple(fixed), tried.found, reasons)


class RuleFixers(NamedTuple):
    """The fixers of a rule that are tried, in this order, and those that only --unsafe-fixes would try."""

    tried: tuple[RegisteredFixer, ...]
    withheld: tuple[RegisteredFixer, ...] = ()


def _fixers_of(rule: Rule, kinds: AbstractSet[str]) -> RuleFixers:
    known = import_fixers()
    first = (known[rule.remedy.fixer],)
    second = (known[rule.remedy.unsafe],) if rule.remedy.unsafe else ()
    return RuleFixers((*first, *second)) if "unsafe" in kinds else RuleFixers(first, second)


def _pass(
    start: "TriedFix",
    check: Check,
    fixers: Mapping[str, RuleFixers],
    banned: set[Key],
    may_touch: Callable[[int], bool],
    reasons: dict[Key, str],
    names: Mapping[str, str],
) -> tuple["TriedFix", bool]:
    """Applies all fixes that cause no new finding; also returns whether no fix had to be reverted. Adds to `reasons` why fixes are left out.

    `names` are those of the rules by their ids.
    """
    before = _counted(start.found, start.draft)
    tried = start
    for number in range(MOST_STARTS):
        tried = _rounds(start.draft, start.context, start.found, check, fixers, banned, may_touch, reasons)
        causes = _fixes_to_revert(tried, before, names)
        to_revert = set(causes)
        if not to_revert:
            return tried, number == 0
        if number >= MOST_STARTS // 2:
            # what reverting them one by one does not end: no fix of their rules
            rules = {rule for rule, _ in to_revert}
            to_revert |= {one.key for one in tried.applied if one.key[0] in rules}
        banned |= to_revert
        reasons.update({**dict.fromkeys(to_revert, CAUSES_OTHERS), **causes})
    return TriedFix(start.draft, start.context, start.found, ()), False


@dataclass(frozen=True, slots=True)
class AppliedFix:
    """An applied fix: its finding, and the original indexes of the lines it touched."""

    key: Key
    lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class TriedFix:
    """The result of rounds of fixing: the draft, its findings, and the fixes applied."""

    draft: PatchEdit
    context: Context
    found: tuple[Finding, ...]
    applied: tuple[AppliedFix, ...]


def _rounds(
    draft: PatchEdit,
    context: Context,
    found: tuple[Finding, ...],
    check: Check,
    fixers: Mapping[str, RuleFixers],
    banned: set[Key],
    may_touch: Callable[[int], bool],
    reasons: dict[Key, str],
) -> TriedFix:
    """Applies fixes until none is left to try."""
    applied: list[AppliedFix] = []
    for _ in range(MOST_ROUNDS):
        changes: list[LineChange] = []
        accepted = RoundChanges(draft.patch)
        done = len(applied)
        for finding in found:
            key = _key(finding, draft)
            if key in banned or finding.patch_line is None or finding.rule not in fixers:
                continue
            if _is_long(draft.patch, finding.patch_line):
                reasons[key] = TOO_LONG
                continue
            site = FixSite(context, finding)
            fixer, change = next(((one, change) for one in fixers[finding.rule].tried if (change := one.function(site))), (None, None))
            if fixer is None or change is None:
                reasons[key] = NEEDS_UNSAFE if any(one.function(site) for one in fixers[finding.rule].withheld) else NOT_CERTAIN
                continue
            touched = frozenset(draft.origin[number - 1] for number in change.lines)
            if accepted.meets(change):
                continue
            against = _objection(change, draft, context, fixer, accepted) if all(map(may_touch, touched)) else NOT_ADDED
            if against:
                reasons[key] = against
                continue
            changes.append(change)
            accepted.add(change)
            applied.append(AppliedFix(key, touched))
        if not changes:
            break
        after = draft.with_changes(changes)
        then, findings = check(after.patch)
        kept = keep_columns((draft, context), (after, then), partial(_is_ours, _moved_whole(context), may_touch))
        if kept.askew:
            # lines below that must not change are aligned with this one: it does not change either
            again = [one for one in applied[done:] if kept.askew & one.lines]
            if not again or banned.issuperset(one.key for one in again):
                del applied[done:]
                break
            banned |= {one.key for one in again}
            reasons.update((one.key, ALIGNED) for one in again)
            del applied[done:]
            continue
        draft, context, found = after, then, findings
        if kept.change.spans:
            draft = draft.with_changes([kept.change])
            context, found = check(draft.patch)
    return TriedFix(draft, context, found, tuple(applied))


def _is_ours(moved: AbstractSet[str], may_touch: Callable[[int], bool], line: ScannedLine, origin: int) -> bool:
    """Whether the patch adds the line (does not only move it) and the line may change."""
    return line.added and as_text(line.raw[1:]) not in moved and may_touch(origin)


def _objection(change: LineChange, draft: PatchEdit, context: Context, fixer: RegisteredFixer, accepted: "RoundChanges") -> str:
    """Why a change must not be made: it touches other lines than it may, empties a hunk, or may change the meaning; "" where it may be made."""
    patch = draft.patch
    moved = _moved_whole(context)
    lines = change.lines
    if why := _unfit_trailer(change):
        return UNFIT_TRAILER.format(why=why)
    inserted = {edit.start for edit in change.edits if not edit.delete}
    realigned = {number for edit in change.edits if _is_realigned(patch, edit) for number in range(edit.start, edit.start + edit.delete)}
    for number in lines:
        if _is_long(patch, number):
            return TOO_LONG
        text = patch.lines[number - 1] if number <= len(patch.lines) else ""
        in_diff = number >= patch.diff_line
        if in_diff and number in realigned:
            continue
        if in_diff and (not text.startswith(("+", "\\")) or text.startswith("+++ ") or (text[1:] in moved and number not in inserted)):
            return NOT_ADDED
        if not in_diff and number >= patch.message_line + len(patch.message):
            return NOT_ADDED
    shrinks = any(edit.delete > len(edit.insert) for edit in change.edits) and max(lines) >= patch.diff_line
    if shrinks and not accepted.leaves_hunks(change):
        return NOTHING_LEFT
    return "" if _guarded(change, context, fixer) else NOT_EQUAL


def _unfit_trailer(change: LineChange) -> str:
    """Why a change would write a trailer that a commit message may not have; "" where it writes none."""
    new = (text.strip() for edit in change.edits for text in edit.insert)
    return next((why for text in new if is_trailer(text) and (why := unfit(text))), "")


def _is_realigned(patch: Patch, edit: FixEdit) -> bool:
    """Whether an edit replaces lines that the patch leaves alone by the same ones with another indent."""
    old = [line[1:] for line in patch.lines[edit.start - 1 : edit.start - 1 + edit.delete] if line.startswith(" ")]
    new = [line[1:].strip() for line in edit.insert if line.startswith("+")]
    removed = [line[1:] for line in edit.insert if line.startswith("-")]
    return bool(old) and len(old) == edit.delete and removed == old and new == [line.strip() for line in old]


def _is_long(patch: Patch, number: int) -> bool:
    """Whether the line of this number is too long to be fixed."""
    return number <= len(patch.lines) and len(patch.lines[number - 1]) > LONGEST_LINE


class RoundChanges:
    """The changes of a round so far, by the lines they touch, and how many changed lines they leave in each hunk."""

    def __init__(self, patch: Patch) -> None:
        hunks = [hunk for change in patch.files for hunk in change.hunks]
        self._lines = patch.lines
        self._starts = [hunk.patch_line for hunk in hunks]
        self._left = [sum(line.kind in "+-" for line in hunk.lines) for hunk in hunks]
        self._spans: dict[int, set[ColumnSpan]] = {}
        self._edited: set[int] = set()

    def add(self, change: LineChange) -> None:
        """Adds a change."""
        for span in change.spans:
            self._spans.setdefault(span.line, set()).add(span)
        if change.edits:
            self._edited |= change.lines
        for hunk, lost in self._losses(change).items():
            self._left[hunk] -= lost

    def meets(self, change: LineChange) -> bool:
        """Whether the change touches lines of another one."""
        if change.edits:
            return any(number in self._edited or number in self._spans for number in change.lines)
        return any(span.line in self._edited or _overlaps(span, self._spans.get(span.line, ())) for span in change.spans)

    def leaves_hunks(self, change: LineChange) -> bool:
        """Whether every hunk still changes something after it."""
        return all(self._left[hunk] > lost for hunk, lost in self._losses(change).items())

    def _losses(self, change: LineChange) -> dict[int, int]:
        """Returns, by hunk, how many changed lines it removes."""
        losses: dict[int, int] = {}
        for edit in change.edits:
            hunk = bisect_right(self._starts, edit.start) - 1
            if hunk >= 0:
                # the mark of a missing newline is not a changed line
                gone = self._lines[edit.start - 1 : edit.start - 1 + edit.delete]
                lost = _changed_lines(gone) - _changed_lines(edit.insert)
                losses[hunk] = losses.get(hunk, 0) + lost
        return losses


def _changed_lines(lines: Sequence[str]) -> int:
    return sum(line.startswith(("+", "-")) for line in lines)


def _overlaps(span: ColumnSpan, others: Iterable[ColumnSpan]) -> bool:
    return any(span != other and span.start <= other.end and other.start <= span.end for other in others)


def _guarded(change: LineChange, context: Context, fixer: RegisteredFixer) -> bool:
    """Whether the code keeps its meaning, over all lines of the change together."""
    from patchpilot.lint.clang.line_scan import scan

    lines = scan(context).lines
    numbers = sorted(number for number in change.lines if number >= context.patch.diff_line and lines[number - 1].sign == "+")
    if not numbers:
        return True
    first = lines[numbers[0] - 1]
    inside = _inside(first.text, first.raw)
    if inside is None:
        return False
    old = [lines[number - 1].raw[1:] for number in range(numbers[0], numbers[-1] + 1) if lines[number - 1].sign == "+"]
    after = PatchEdit.of(context.patch).excerpt(change, numbers[0], numbers[-1])
    new = [as_bytes(text)[1:] for text in after if text.startswith("+")]
    version = context.tree.version if context.tree else None
    return keeps_meaning(old, new, path=first.file, fixer=fixer, inside=inside, version=version)


def _inside(text: str, raw: str) -> str | None:
    """Returns the state at the start of a line: code ("") or a comment ("*/"); None in a string that continues."""
    if len(text) > 1 and text[1] == NOTE and not raw[1:].startswith(("/*", "//")):
        return "*/"
    blank = len(raw[1:]) - len(raw[1:].lstrip(" \t"))
    here = text[1 + blank : 2 + blank]
    if here == NOTE and not raw[1 + blank :].startswith(("/*", "//")):
        return "*/"
    return None if here == "X" != raw[1 + blank : 2 + blank] else ""


def _moved_whole(context: Context) -> frozenset[str]:
    """Returns the removed lines: an added line that is the same was moved, and moved lines must not change."""
    found: frozenset[str] | None = context.shared.get("fixing.moved")
    if found is None:
        found = context.shared["fixing.moved"] = frozenset(
            line.text for change in context.patch.files for line in change.lines("-") if line.text.strip()
        )
    return found


def _fixes_to_revert(tried: TriedFix, before: Counter[Key], names: Mapping[str, str]) -> dict[Key, str]:
    """Returns the fixes to revert and why: those whose finding is still there, and those nearest to a new finding."""
    now = _counted(tried.found, tried.draft)
    keys = [one.key for one in tried.applied]
    failed = {key: NOT_GONE for key in keys if now[key] and now[key] >= before[key]}
    before_by_rule, now_by_rule = Counter(key[0] for key in before.elements()), Counter(key[0] for key in now.elements())
    touched = {number for one in tried.applied for number in one.lines}
    for key in now - before:
        # a rule that reports the first of many places reports the next one when that is fixed
        if key[1] not in touched and key[1] >= 0 and now_by_rule[key[0]] <= before_by_rule[key[0]]:
            continue
        near = _nearest(tried, key[1])
        caused = [one.key for one in tried.applied if near & one.lines] or keys
        failed.update(dict.fromkeys(caused, f"{CAUSES_OTHERS}: {names.get(key[0], key[0])}"))
    return failed


def _nearest(tried: TriedFix, line: int) -> frozenset[int]:
    """Returns the line nearest to a new finding that a fix touched: the same, else one above, else one below; for a new line, both neighbors."""
    touched = {number for one in tried.applied for number in one.lines}
    origin = tried.draft.origin
    if line not in origin:
        return frozenset()
    at = origin.index(line)
    if line < 0 and (neighbors := touched.intersection(origin[max(0, at - 1) : at + 2])):
        return frozenset(neighbors)
    for place in [*range(at, -1, -1), *range(at + 1, len(origin))][:200]:
        here: int = origin[place]
        if here in touched:
            return frozenset((here,))
        # deleted lines were between this one and the one before it
        previous = next((origin[up] for up in range(place - 1, -1, -1) if origin[up] >= 0), -1)
        gone = max((number for number in touched if previous < number < here), default=None)
        if gone is not None:
            return frozenset((gone,))
    return frozenset()


def _is_empty_change(patch: Patch) -> bool:
    """Whether the diff adds back everything that it removes: such a patch would be empty."""
    return patch.has_diff and all(
        [line.text for line in hunk.lines if line.kind == "-"] == [line.text for line in hunk.lines if line.kind == "+"]
        for change in patch.files
        for hunk in change.hunks
    )


def _counted(found: tuple[Finding, ...], draft: PatchEdit) -> Counter[Key]:
    return Counter(_key(one, draft) for one in found)


def _key(finding: Finding, draft: PatchEdit) -> Key:
    at = finding.patch_line
    return (finding.rule, draft.origin[at - 1] if at is not None and at <= len(draft.origin) else -1)

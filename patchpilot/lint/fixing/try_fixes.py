# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply fixes to a patch, and revert those that fail.

A fix is kept if its finding disappears, no new finding appears, and the code keeps its meaning. The
patch is checked again after each round.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from patchpilot.lint.c.line_scan import ScannedLine, scan_patch, to_byte_text
from patchpilot.lint.fixing.fixer import (
    LONGEST_LINE,
    Change,
    FixSite,
    RegisteredFixer,
    import_fixers,
    list_edits,
)
from patchpilot.lint.fixing.guard import keeps_meaning
from patchpilot.lint.fixing.patch_edit import ColumnSpan, PatchEdit
from patchpilot.lint.fixing.realign import keep_columns
from patchpilot.lint.lint_context import Context
from patchpilot.model.c_scanner import COMMENT as NOTE
from patchpilot.model.patch import Hunk, Patch
from patchpilot.model.rule import Finding, FixEdit, Rule
from patchpilot.model.trailer import explain_unfit_trailer, is_trailer

MOST_ROUNDS = 8
MOST_CHECKED_LINES = 4500
LEAST_CHECKS = 8
"""The maximum number of lines in all checks of a patch, and the minimum number of checks."""
SCARCE, NEAR = 3, 40
"""With few checks left, lines near a failed fix are not fixed."""
_MOST_OF_A_MACRO = 200
"""Maximum number of lines of a macro above a fix."""
ONE_BY_ONE = 3
"""Number of attempts after which all fixes of a rule are reverted together."""
TOO_LONG = f"its line has more than {LONGEST_LINE} characters"
NOT_CERTAIN = "no fix is certain here"

Key = tuple[str, int]
"""The rule id and original line index of a finding, or -1 for a finding without a line."""
Check = Callable[[Patch], tuple[Context, tuple[Finding, ...]]]
"""A function that checks a patch."""


@dataclass(frozen=True, slots=True)
class FixOutcome:
    """The result of fixing a patch: the findings before and after, the fixed findings, and the
    reason for each fix that was not applied.
    """

    draft: PatchEdit
    original: Patch
    findings: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    left: tuple[Finding, ...]
    reasons: Mapping[Key, str]

    @property
    def changed(self) -> bool:
        return self.draft.patch.lines != self.original.lines


class TriedFix(NamedTuple):
    """A patch after several rounds of fixing.

    `applied` maps fixed findings to the original indexes of the changed lines.
    """

    draft: PatchEdit
    context: Context
    findings: tuple[Finding, ...]
    applied: Mapping[Key, frozenset[int]] = {}

    def count_finding_keys(self) -> Counter[Key]:
        return Counter(_finding_key(finding, self.draft) for finding in self.findings)

    def count_messages(self) -> Counter[tuple[str, str]]:
        return Counter((finding.rule, finding.message) for finding in self.findings)


def fix_patch(
    patch: Patch,
    check: Check,
    rules: Mapping[str, Rule],
    *,
    may_touch: Callable[[int], bool] = lambda _: True,
    suppressed: frozenset[Key] = frozenset(),
    known_findings: tuple[Context, tuple[Finding, ...]] | None = None,
) -> FixOutcome:
    """Apply all fixes to a patch.

    `rules` maps ids to the rules of the run, and `known_findings` is the result of `check` for this
    patch. Only lines whose index `may_touch` accepts are changed. `suppressed` findings are not
    fixed.
    """
    start = TriedFix(PatchEdit.of(patch), *(known_findings or check(patch)))
    fixers = import_fixers() if start.findings else {}
    fixing = _Fixing(
        check,
        rules,
        may_touch,
        {
            rule.id: fixers[rule.remedy.fixer]
            for rule in rules.values()
            if rule.remedy.fixer in fixers
        },
        # a line that is both removed and added was only moved
        frozenset(
            line.text for change in patch.files for line in change.lines("-") if line.text.strip()
        ),
        # do not fix a damaged message, because its decoded lines cannot be parsed as a message
        # again
        max(LEAST_CHECKS, MOST_CHECKED_LINES // max(1, len(patch.lines)))
        if not patch.damage
        else 0,
    )
    attempt, banned, reverted = start, set(suppressed), 0
    while fixing.left:
        after = fixing.apply_all_fixes(attempt, banned)
        if not after.applied:
            break
        causes = fixing.find_fixes_to_revert(attempt, after)
        if not causes:
            # retry rejected fixes, because some only work after others
            attempt, banned, reverted = after, set(suppressed), 0
            continue
        reverted += 1
        rules_of = {rule for rule, _ in causes if reverted > ONE_BY_ONE}
        nearby = [
            change_index
            for key in causes
            if fixing.left <= SCARCE
            for change_index in after.applied[key]
        ]
        banned |= {
            key
            for key, lines in after.applied.items()
            if key in causes
            or key[0] in rules_of
            or any(abs(change_index - line) < NEAR for change_index in lines for line in nearby)
        }
        fixing.reasons.update(
            causes
            if fixing.left
            else dict.fromkeys(causes, "fixing stopped after too many attempts on this patch")
        )
    return FixOutcome(
        attempt.draft,
        patch,
        start.findings,
        tuple(_find_resolved_findings(start, attempt, fixing.fixers)),
        attempt.findings,
        fixing.reasons,
    )


def _find_resolved_findings(
    start: TriedFix, attempt: TriedFix, fixers: Mapping[str, RegisteredFixer]
) -> Iterator[Finding]:
    missing = start.count_finding_keys() - attempt.count_finding_keys()
    for finding in start.findings:
        key = _finding_key(finding, start.draft)
        # another fix may move the words of a finding that has no fix, or change them
        if missing[key] and finding.rule in fixers:
            missing[key] -= 1
            yield finding


@dataclass
class _Fixing:
    """The rules and limits for fixing a patch.

    `left` is the number of checks left. Long patches are checked less often, so that the time is
    linear. `reasons` maps each finding to the reason why it was not fixed.
    """

    check: Check
    rules: Mapping[str, Rule]
    may_touch: Callable[[int], bool]
    fixers: Mapping[str, RegisteredFixer]
    moved: frozenset[str]
    left: int
    reasons: dict[Key, str] = field(default_factory=dict)

    def apply_all_fixes(self, start: TriedFix, banned: set[Key]) -> TriedFix:
        """Apply fixes until none is left.

        At most half of the remaining checks are used, because the other half is needed to revert
        fixes.
        """
        attempt = start._replace(applied={})
        for _ in range(min(MOST_ROUNDS, (self.left + 1) // 2)):
            changes, fixes = self._propose_changes(attempt, banned)
            if not changes:
                break
            after = attempt.draft.apply_changes(changes)
            realigned, askew = keep_columns(
                (attempt.draft, attempt.context),
                (after, attempt.context.with_patch(after.patch)),
                partial(self._may_change_line, attempt.draft),
            )
            # reject a fix after which a line that must not change would be misaligned
            rejected = {key for key, lines in fixes.items() if askew & lines}
            if rejected:
                banned |= rejected
                self.reasons.update(
                    dict.fromkeys(rejected, "lines that must not change are aligned with it")
                )
                continue
            draft = after.apply_changes([realigned]) if realigned else after
            self.left -= 1
            applied = {**attempt.applied, **fixes}
            attempt = TriedFix(draft, *self.check(draft.patch), applied)
        return attempt

    def _propose_changes(
        self, attempt: TriedFix, banned: AbstractSet[Key]
    ) -> tuple[list[Change], dict[Key, frozenset[int]]]:
        """Return changes that do not overlap, and the lines fixed for each finding.

        Record why the other changes were dropped.
        """
        changes: list[Change] = []
        fixes: dict[Key, frozenset[int]] = {}
        used_spans: defaultdict[int, set[ColumnSpan]] = defaultdict(set)
        for finding in attempt.findings:
            key = _finding_key(finding, attempt.draft)
            fixer = self.fixers.get(finding.rule)
            if key in banned or finding.patch_line is None or not fixer:
                continue
            is_long = _is_long(attempt.draft.patch, finding.patch_line)
            site = FixSite(attempt.context, finding)
            change = () if is_long else list_edits(fixer.propose(site))
            spans = tuple(attempt.draft.edited_columns(change))
            if any(_overlaps_any(span, used_spans[span.line]) for span in spans):
                continue
            reason = TOO_LONG if is_long else self._find_objection(change, attempt, fixer)
            if reason:
                self.reasons[key] = reason
                continue
            changes.append(change)
            for span in spans:
                used_spans[span.line].add(span)
            fixed_lines = fixes.get(key, attempt.applied.get(key, frozenset()))
            lines = {attempt.draft.origin[span.line - 1] for span in spans}
            fixes[key] = fixed_lines | lines
        return changes, fixes

    def _find_objection(self, change: Change, attempt: TriedFix, fixer: RegisteredFixer) -> str:
        draft = attempt.draft
        if all(edit.insert == draft.old_lines(edit) for edit in change):
            return NOT_CERTAIN
        for text in (text.strip() for edit in change for text in edit.insert):
            if is_trailer(text) and (reason := explain_unfit_trailer(text)):
                return f"its tag {reason}"
        if any(_is_long(draft.patch, span.line) for span in draft.edited_columns(change)):
            return TOO_LONG
        if not all(self._may_apply_edit(draft, edit) for edit in change):
            return "the fix would change lines that this patch does not add"
        if _keeps_meaning(change, attempt, fixer):
            return ""
        return "the fix is not proved to keep the meaning of the code"

    def _may_apply_edit(self, draft: PatchEdit, edit: FixEdit) -> bool:
        numbers = range(edit.start, edit.start + max(edit.delete, 1))
        if _is_realigned(draft, edit):
            return all(self.may_touch(draft.origin[number - 1]) for number in numbers)
        return all(self._may_change_line(draft, number, not edit.delete) for number in numbers)

    def _may_change_line(self, draft: PatchEdit, number: int, is_inserted: bool = False) -> bool:
        """Return whether the author wrote a line, so that it may be changed.

        These are the subject, the message, and the added lines that were not moved.
        """
        patch = draft.patch
        text = patch.lines[number - 1]
        if number < patch.diff_line:
            is_own = number == patch.header_line("Subject") or (
                0 <= number - patch.message_line < len(patch.message)
            )
        else:
            is_own = (
                text.startswith(("+", "\\"))
                and not text.startswith("+++ ")
                and (is_inserted or text[1:] not in self.moved)
            )
        return is_own and self.may_touch(draft.origin[number - 1])

    def find_fixes_to_revert(self, start: TriedFix, attempt: TriedFix) -> dict[Key, str]:
        """Return the fixes to revert, each with the reason.

        A fix is reverted if its finding remains, or if it is closest to a new finding. A finding
        that moved is not new.
        """
        before, after = start.count_finding_keys(), attempt.count_finding_keys()
        failed = {
            key: "its fix would not remove the finding"
            for key in attempt.applied
            if after[key] >= max(before[key], 1)
        }
        suspect_rules = {rule for rule, _ in attempt.count_messages() - start.count_messages()}
        suspect_rules.update(rule for rule, _ in attempt.applied)
        increase = Counter(finding.rule for finding in attempt.findings)
        increase.subtract(finding.rule for finding in start.findings)
        touched = frozenset().union(*attempt.applied.values())
        for rule, line in after - before:
            # a rule may report only the first of several problems; if that is fixed, it reports the
            # next; a finding without a fix may have moved with its words
            may_move = rule not in self.fixers or (line not in touched and line >= 0)
            if rule not in suspect_rules or (may_move and increase[rule] <= 0):
                continue
            name = self.rules[rule].name if rule in self.rules else rule
            reason = f"its fix would cause another finding: {name}"
            failed.update(dict.fromkeys(_find_nearest_fixes(attempt, line), reason))
        for old, new in zip(*map(_list_hunks, (start, attempt)), strict=False):
            removed, added = (
                [line.text for line in new.lines if line.kind == kind] for kind in "-+"
            )
            lines = {start.draft.origin[line.patch_line - 1] for line in old.lines}
            failed |= {
                key: "the fix would leave nothing of a hunk"
                for key, touched_lines in attempt.applied.items()
                if removed == added and touched_lines & lines
            }
        return failed


def _find_nearest_fixes(attempt: TriedFix, line: int) -> list[Key]:
    """Return the fixes closest to a new finding, or all fixes if the finding has no line."""
    origins = attempt.draft.origin
    # an inserted line has a negative index and belongs to the line above it
    index = max(origins[: origins.index(line) + 1]) if line in origins else None
    distances = {
        key: min((abs(number - index) for number in lines if number >= 0), default=0)
        for key, lines in attempt.applied.items()
        if index is not None
    }
    min_distance = min(distances.values(), default=0)
    return [key for key in attempt.applied if distances.get(key, min_distance) == min_distance]


def _overlaps_any(span: ColumnSpan, others: AbstractSet[ColumnSpan]) -> bool:
    return any(span.start <= candidate.end and candidate.start <= span.end for candidate in others)


def _is_realigned(draft: PatchEdit, edit: FixEdit) -> bool:
    old = draft.old_lines(edit)
    added = [f"+{text[1:].strip()}" for text in edit.insert[len(old) :]]
    return (
        all(line.startswith(" ") for line in old)
        and tuple(f"-{line[1:]}" for line in old) == edit.insert[: len(old)]
        and added == [f"+{line.strip()}" for line in old]
        and bool(old)
    )


def _is_long(patch: Patch, number: int) -> bool:
    return any(len(line) > LONGEST_LINE for line in patch.lines[number - 1 : number])


def _keeps_meaning(change: Change, attempt: TriedFix, fixer: RegisteredFixer) -> bool:
    draft = attempt.draft
    touched = [span.line for span in draft.edited_columns(change)]
    first = max(min(touched), draft.patch.diff_line)
    scanned = scan_patch(attempt.context).lines
    first_allowed = max(draft.patch.diff_line, first - _MOST_OF_A_MACRO)
    while first > first_allowed and scanned[first - 2].raw.rstrip().endswith("\\"):
        first -= 1
    lines = scanned[first - 1 : max(touched)]
    code = [line for line in lines if line.sign in ("+", " ")]
    if not any(line.sign == "+" for line in code):
        return True
    state = _comment_state(code[0])
    after = draft.edited_lines([change], code[0].number, code[-1].number)
    return state is not None and keeps_meaning(
        [line.raw[1:] for line in code],
        [to_byte_text(text)[1:] for text, _ in after if text.startswith(("+", " "))],
        path=code[0].file,
        fixer=fixer,
        inside=state,
    )


def _comment_state(line: ScannedLine) -> str | None:
    """Return the state before a line ("*/" inside a comment, otherwise ""), or None inside a
    string.
    """
    text, raw = (content[1:].lstrip(" \t") for content in (line.text, line.raw))
    if text.startswith(NOTE) and not raw.startswith(("/*", "//")):
        return "*/"
    return None if text.startswith("X") and not raw.startswith("X") else ""


def _list_hunks(attempt: TriedFix) -> list[Hunk]:
    return [hunk for change in attempt.draft.patch.files for hunk in change.hunks]


def _finding_key(finding: Finding, draft: PatchEdit) -> Key:
    number = finding.patch_line or 0
    is_known = 0 < number <= len(draft.origin)
    return finding.rule, draft.origin[number - 1] if is_known else -1

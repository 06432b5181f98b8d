# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the rules on a patch and sort the findings by patch line."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Self

from patchpilot.errors import PackError, PatchpilotError
from patchpilot.lint.c.line_scan import scan_patch
from patchpilot.lint.conditions import find_hits
from patchpilot.lint.detector import Hit
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.own_style import (
    is_about_checkpatch,
    is_from_origin,
    is_not_the_authors,
    was_there_before,
)
from patchpilot.lint.pack_patterns import fill_message
from patchpilot.lint.rule_store import find_rule_detector
from patchpilot.lint.selection import (
    FIRST,
    OF_CODE,
    is_newer_than_message,
    load_rule_records,
    use_checkpatch_levels,
)
from patchpilot.lint.unread_parts import BINARY, find_unread_parts, make_limit_finding
from patchpilot.model.bounded import parse_date, take_incomplete_patterns
from patchpilot.model.patch import Patch, find_code_kind
from patchpilot.model.printable import format_count
from patchpilot.model.rule import WHOLE, Finding, FindingFix, Rule, RuleRecord, Severity

if TYPE_CHECKING:
    from patchpilot.model.origin import Origin

ALWAYS_STRICT = ("drivers/net/", "net/", "drivers/staging/")
"""Directories in which checkpatch.pl enables CHECKs by default."""
LEAST_MOVED = 10
"""Lines with fewer characters, not counting spaces, are not compared."""


class Findings(tuple[Finding, ...]):
    """The findings of a run, and the number of findings shown only with --strict.

    `origin` compares a backport with the commit that it names.
    """

    left_out: int = 0
    origin: "Origin | None" = None

    @classmethod
    def of(cls, findings: Iterable[Finding], left_out: int) -> Self:
        result = cls(findings)
        result.left_out = left_out
        return result


def run_series(context: Context, rules: Iterable[Rule]) -> Findings:
    """Return the findings of series rules. `context` is the context of the first patch."""
    series = context.series
    if len(series.patches) < 2 and series.cover is None:
        return Findings()
    if _is_for_checkpatch_format(context.options):
        context.options = context.options._replace(as_checkpatch=False)
    found = _run_rules(context, [rule for rule in rules if rule.scope == "series"])
    placed = (each._replace(of_patch=each.of_patch or context.patch) for each in found)
    return Findings.of(placed, found.left_out)


def find_findings(context: Context, rules: Iterable[Rule]) -> Findings:
    """Return the findings for one patch, sorted by patch line.

    Findings about the whole patch come last. Series rules are skipped.
    """
    if _is_for_checkpatch_format(context.options):
        return _find_for_checkpatch_format(context, tuple(rules))
    return _find_patch_findings(context, rules)


def _is_for_checkpatch_format(options: Options) -> bool:
    return options.as_checkpatch and not options.checkpatch_compat


def _find_for_checkpatch_format(context: Context, rules: Sequence[Rule]) -> Findings:
    """Return what checkpatch.pl reports and what the other formats report, with the severities of
    checkpatch.pl.

    Only what the other formats report changes the exit code, with its severity there: the format
    does not decide about a patch.
    """
    plain = context.with_patch(context.patch)
    plain.options = context.options._replace(as_checkpatch=False)
    plain_findings = _find_patch_findings(plain, rules)
    context.share(scan_patch, plain)
    found = _find_patch_findings(context, use_checkpatch_levels(rules))
    counted = {(finding.rule, finding.patch_line): finding for finding in plain_findings}
    findings = []
    for finding in found:
        same = counted.get((finding.rule, finding.patch_line))
        counts = same is not None and same.counts
        findings.append(finding._replace(counts=counts, counts_as=same.severity if same else None))
    known = {(finding.rule, finding.patch_line) for finding in found}
    added = [each for each in plain_findings if (each.rule, each.patch_line) not in known]
    return _merge_findings(findings, added, found.left_out)


def _find_patch_findings(context: Context, rules: Iterable[Rule]) -> Findings:
    sent_date = _sent_date(context)
    chosen = [
        rule
        for rule in rules
        if rule.scope != "series"
        and not is_newer_than_message(rule, sent_date)
        and _concerns(rule, context.patch)
    ]
    context.active_rules = frozenset(rule.name for rule in chosen)
    patch = context.patch
    # if the message alone is too long, the patch cannot be checked
    can_be_checked = patch.has_diff or not patch.cut
    patch_findings = _run_rules(context, chosen) if can_be_checked else Findings()
    options = context.options
    if options.matches_script and not options.checkpatch_compat and can_be_checked:
        patch_findings = _add_script_findings(context, chosen, patch_findings)
        if not options.as_checkpatch:
            patch_findings = _add_plain_findings(context, chosen, patch_findings)
    # an error about text in a binary patch says more than that its contents were not checked
    known = {finding.path for finding in patch_findings if finding.name == "text-as-binary"}
    unread = (_add_place(finding, patch) for finding in find_unread_parts(patch))
    added = (each for each in unread if each.name != BINARY or each.path not in known)
    findings = Findings.of((*patch_findings, *added), patch_findings.left_out)
    if context.history and not (options.checkpatch_compat or patch.is_merge):
        findings.origin = context.history.compare_with_origin(patch)
    return findings


def _add_script_findings(context: Context, rules: Sequence[Rule], findings: Findings) -> Findings:
    """Add what only checkpatch.pl's reading of strings shows.

    Code must not be hidden by it either, so both readings are checked.
    """
    if not scan_patch(context).has_open_string:
        return findings
    as_script = context.with_patch(context.patch)
    as_script.joins_lines = True
    others = _run_rules(as_script, rules)
    known = {(finding.rule, finding.patch_line, finding.message) for finding in findings}
    added = [
        finding
        for finding in others
        if (finding.rule, finding.patch_line, finding.message) not in known
    ]
    return _merge_findings(findings, added, max(findings.left_out, others.left_out))


_READ_TWICE = frozenset(
    (
        *("checkpatch-commits", "checkpatch-form", "checkpatch-message", "checkpatch-signoff"),
        *("checkpatch-text", "checkpatch-words"),
    )
)
"""The detectors that do not repeat the mistakes of checkpatch.pl in messages."""


def _add_plain_findings(context: Context, rules: Sequence[Rule], findings: Findings) -> Findings:
    """Add what --strict would hide, because checkpatch.pl misreads it.

    With --strict, the exit code must not be lower than without it.
    """
    detectors = {rule.id: rule.detector for rule in rules}
    plain = context.with_patch(context.patch)
    plain.options = context.options._replace(reads_plainly=True)
    plain.share(scan_patch, context)
    # the rank of the most severe finding of each detector on each line
    ranks: dict[tuple[int | None, str | None], int] = {}
    for finding in findings:
        # findings about limits and broken rules have no detector
        place = finding.patch_line, detectors.get(finding.rule)
        ranks[place] = min(finding.severity.rank, ranks.get(place, finding.severity.rank))
    added = [
        finding
        for finding in _run_rules(plain, [rule for rule in rules if rule.detector in _READ_TWICE])
        if ranks.get((finding.patch_line, detectors.get(finding.rule)), finding.severity.rank + 1)
        > finding.severity.rank
    ]
    if not added:
        return findings
    replaced = {(finding.rule, finding.patch_line) for finding in added}
    kept = [each for each in findings if (each.rule, each.patch_line) not in replaced]
    return _merge_findings(kept, added, findings.left_out)


def _merge_findings(
    findings: Iterable[Finding], added: Iterable[Finding], left_out: int
) -> Findings:
    last = 1 << 40
    merged = sorted(
        (*findings, *added),
        key=lambda finding: last if finding.patch_line is None else finding.patch_line,
    )
    return Findings.of(merged, left_out)


def _add_place(finding: Finding, patch: Patch) -> Finding:
    if finding.path is not None or finding.patch_line is None:
        return finding
    path, line = Places(patch).of(finding.patch_line)
    return finding._replace(path=path, line=line)


def _concerns(rule: Rule, patch: Patch) -> bool:
    """Return whether a rule is about the patch.

    Only rules about code are about what a merge changes: nobody sends its message, and its old side
    is no commit to which it could apply.
    """
    return not patch.is_merge or (rule.scope == "diff" and rule.detector != "does-not-apply")


def _sent_date(context: Context) -> date:
    """Return the date when the message was sent or committed, or the latest possible date if
    unknown.
    """
    is_compat = context.options.checkpatch_compat
    sent_time = None if is_compat else parse_date(context.patch.date)
    return sent_time.date() if sent_time else date.max


def _run_rules(context: Context, rules: Sequence[Rule]) -> Findings:
    locations = Places(context.patch)
    left_out = 0
    reported: Counter[str] = Counter()
    result: list[tuple[int, int, Finding]] = []
    for order, rule in enumerate(rules):
        context.report_progress("checking rules", order, len(rules))
        for hit in _find_rule_hits(context, rule):
            finding = _make_finding(rule, hit, locations)
            matches_script = context.options.matches_script
            if _is_left_out(context, rule, finding):
                continue
            if _is_hidden(finding, context.options, context.options.hidden):
                left_out += not _is_moved(context, rule, finding, locations)
                continue
            if _is_hidden(finding, context.options, context.options.uncounted):
                finding = finding._replace(counts=False)
            if _is_repeated(rule, finding, context.options):
                reported[rule.id] += 1
                if reported[rule.id] > FIRST:
                    left_out += 1
                    continue
            if _is_moved(context, rule, finding, locations):
                # the author did not write moved lines, but checkpatch.pl and --strict check them
                is_required = matches_script or finding.severity is Severity.ERROR
                if not rule.on_moved and not (rule.checkpatch and is_required):
                    left_out += bool(rule.checkpatch)
                    continue
                finding = finding._replace(moved=True)
            finding = _lower_old_finding(context, rule, finding)
            result.append(
                (
                    finding.patch_line if finding.patch_line is not None else 1 << 40,
                    order,
                    finding,
                )
            )
    result.sort(key=lambda one: one[:2])
    findings = tuple(_merge_covered(context, [finding for _, _, finding in result], rules))
    left_out += len(result) - len(findings)
    unchecked = (*_find_incomplete_rules(context), *_find_broken_rules(context))
    return Findings.of((*findings, *unchecked), left_out)


def _merge_covered(
    context: Context, findings: Sequence[Finding], rules: Sequence[Rule]
) -> Iterator[Finding]:
    """Yield the findings without the ones that another finding on the same line covers.

    The advice of that finding includes theirs, contradicts it or makes it pointless. It has the
    higher severity of both. A finding that does not count covers none that does. checkpatch.pl
    reports all of them.
    """
    if context.options.matches_script:
        yield from findings
        return
    by_id = {rule.id: rule for rule in rules}
    by_line: dict[int | None, list[Finding]] = {}
    for finding in findings:
        by_line.setdefault(finding.patch_line, []).append(finding)
    for kept in by_line.values():
        # a wide line can have thousands of findings, but only of a few rules
        found = {finding.rule for finding in kept}
        covers = {
            id_: {other for other in found if by_id[id_].covers_rule(by_id[other])} for id_ in found
        }
        for finding in [it for it in kept if covers[it.rule]]:
            covered = [
                other
                for other in kept
                if other.rule in covers[finding.rule] and other.counts <= finding.counts
            ]
            if covered and finding in kept:
                severity = min((finding, *covered), key=lambda it: it.severity.rank).severity
                merged = finding._replace(severity=severity, covered=tuple(covered))
                kept[:] = [merged if it is finding else it for it in kept if it not in covered]
        yield from kept


def _is_left_out(context: Context, rule: Rule, finding: Finding) -> bool:
    """Return whether a finding is about text that only quotes a problem, or not about the author's.

    With --strict, only quotes and what a backport took from its origin are left out.
    """
    options = context.options
    if not options.checkpatch_compat and (
        is_about_checkpatch(context, rule, finding) or is_from_origin(context, rule, finding)
    ):
        return True
    return not options.matches_script and is_not_the_authors(
        context, rule, finding, _report_findings
    )


def _is_moved(context: Context, rule: Rule, finding: Finding, locations: "Places") -> bool:
    """Return whether a finding is on a line that the patch only moves.

    If the patch changes white space other than tabs of the indentation in the line, the removed
    line must have the same finding.
    """
    return locations.is_moved(finding) and (
        locations.is_unchanged(finding)
        or was_there_before(context, rule, finding, _report_findings)
    )


def _lower_old_finding(context: Context, rule: Rule, finding: Finding) -> Finding:
    """Lower a finding that was there before the patch, so that it does not make a check fail.

    checkpatch.pl makes no difference.
    """
    options = context.options
    is_serious = finding.severity in (Severity.ERROR, Severity.WARNING)
    if not is_serious or rule.on_moved or rule.scope not in OF_CODE or options.checkpatch_compat:
        return finding
    if not (finding.moved or options.matches_script):
        return finding
    if not was_there_before(context, rule, finding, _report_findings):
        return finding
    return finding._replace(moved=True, severity=Severity.CHECK)


def _find_incomplete_rules(context: Context) -> Iterator[Finding]:
    if names := sorted(context.incomplete_rules):
        yield make_limit_finding(
            "pattern-too-slow",
            f"not checked as a whole by {format_count(len(names), 'rule')}, because the patterns"
            f" take too long: {', '.join(names)}; simplify the patterns",
        )


def _find_broken_rules(context: Context) -> Iterator[Finding]:
    for position, reason in context.broken_rules.items():
        yield make_limit_finding("broken-rule", f"{position}: the rule did not run: {reason}")


def _report_findings(context: Context, rule: Rule) -> Iterator[Finding]:
    locations = Places(context.patch)
    for hit in _find_rule_hits(context, rule):
        yield _make_finding(rule, hit, locations)


def _find_rule_hits(context: Context, rule: Rule) -> tuple[Hit, ...]:
    """Return a rule's hits.

    A rule of an own pack that fails has no hits and is recorded as broken. For other rules, raise
    PackError if the pack does not set an argument that the detector needs.
    """
    try:
        return _run_detector(context, rule)
    except PackError as error:
        if not rule.origin:
            raise
        reason = error.message.partition(f"rule {rule.id}: ")[2]
    except Exception as error:
        if not rule.origin or isinstance(error, PatchpilotError):
            raise
        reason = f"{rule.detector}: {str(error) or type(error).__name__}"
    context.broken_rules[f"{rule.origin}: rule {rule.id}"] = reason
    return ()


def _run_detector(context: Context, rule: Rule) -> tuple[Hit, ...]:
    detector = find_rule_detector(rule)
    take_incomplete_patterns()
    try:
        hits = tuple(find_hits(detector, context, rule.arguments))
    except KeyError as error:
        name = error.args[0]
        if name in rule.arguments or name not in detector.arguments:
            raise
        raise PackError(
            f"{rule.pack}.toml: rule {rule.id}: {rule.detector} needs the argument {name!r}",
            hint=f"add {name} to [rule.match]",
        ) from error
    if take_incomplete_patterns():
        context.incomplete_rules.add(rule.name)
    return hits


def _make_finding(rule: Rule, hit: Hit, locations: "Places") -> Finding:
    path, line = hit.path, hit.line
    # a finding about something missing from the message is shown at a line of the diff, but is not
    # about that line
    is_about_whole = hit.column is None and rule.scope in WHOLE
    if path is None and hit.patch_line is not None and not is_about_whole:
        path, line = locations.of(hit.patch_line)
    severity = rule.severities.get(hit.case, rule.severity)
    return Finding(
        rule=rule.id,
        name=rule.name,
        severity=severity,
        message=fill_message(rule.message_for(hit.case), hit.values),
        checkpatch=rule.checkpatch,
        patch_line=hit.patch_line,
        path=path,
        line=line,
        column=hit.column,
        reference=rule.reference,
        fix=hit.fix
        or (
            FindingFix(rule.remedy.kind, rule.remedy.text)
            if rule.remedy.kind != "none" and rule.remedy.text
            else None
        ),
        values=tuple((name, str(value)) for name, value in hit.values.items()),
        record=load_rule_records().get((rule.name, severity), RuleRecord()),
        rank=rule.rank(severity),
        decides=rule.remedy.decides,
        of_patch=hit.patch,
    )


def _is_hidden(
    finding: Finding, options: Options, hidden: Collection[tuple[str, Severity]] | None
) -> bool:
    """Return whether a finding is shown only with --strict if these rules are hidden.

    Errors are always shown. Return False if `hidden` is None.
    """
    if hidden is None:
        return False
    if options.strict or finding.severity is Severity.ERROR:
        return False
    if not (options.as_checkpatch and finding.checkpatch):
        return (finding.name, finding.severity) in hidden
    return finding.severity is Severity.CHECK and not (finding.path or "").startswith(ALWAYS_STRICT)


def _is_repeated(rule: Rule, finding: Finding, options: Options) -> bool:
    """Return whether a finding counts toward the limit on a rule's findings per patch.

    Errors, fixable findings and findings in whole files do not count, unless only newcomers are
    shown the fixable finding.
    """
    return not (
        options.strict
        or options.whole_files
        or options.checkpatch_compat
        or options.as_checkpatch
        or finding.severity is Severity.ERROR
        or (rule.remedy.kind == "safe" and finding.counts)
    )


class Places:
    """A parser that finds the file and line in the new tree for a patch line.

    It parses the diff when it looks up the first finding in it.
    """

    def __init__(self, patch: Patch) -> None:
        self._patch = patch
        self._gone: frozenset[tuple[str, str]] | None = None
        self._removed: frozenset[str] = frozenset()

    def of(self, patch_line: int) -> tuple[str | None, int | None]:
        """Return the path and line number in the new tree for a patch line, or None for each
        unknown one.
        """
        change, hunk = self._patch.place(patch_line)
        if change is None:
            return None, None
        if hunk is None:
            return change.path or None, None
        offset = patch_line - hunk.patch_line - 1
        if offset < 0:
            return change.path, hunk.new_start
        line = hunk.lines[offset] if offset < len(hunk.lines) else None
        return change.path, line.new_line if line else None

    def is_moved(self, finding: Finding) -> bool:
        """Return whether the patch removes the same line elsewhere, ignoring whitespace.

        Short lines are not compared. Lines of a file of another kind do not count, because they
        were never checked as code.
        """
        number = finding.patch_line
        if number is None or number > len(self._patch.lines):
            return False
        place = self._patch.place(number)[0]
        if place is None:
            return False
        line = self._patch.lines[number - 1]
        if not line.startswith("+") or line.startswith("+++ "):
            return False
        if self._gone is None:
            lines = [
                (find_code_kind(change.old_path or ""), line.text)
                for change in self._patch.files
                for line in change.lines("-")
            ]
            self._removed = frozenset(text.lstrip("\t") for _, text in lines)
            removed = ((kind, "".join(text.split())) for kind, text in lines)
            self._gone = frozenset(pair for pair in removed if len(pair[1]) >= LEAST_MOVED)
        if not self._gone:
            return False
        return (find_code_kind(place.path), "".join(line[1:].split())) in self._gone

    def is_unchanged(self, finding: Finding) -> bool:
        """Return whether a line that `is_moved` was removed elsewhere with the same white space,
        except for the number of tabs before it.
        """
        line = self._patch.lines[(finding.patch_line or 0) - 1]
        return line[1:].lstrip("\t") in self._removed

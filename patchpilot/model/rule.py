# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the rules in rule packs, and their findings.

Findings are values, and not exceptions.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from patchpilot.model.json_form import json_form

if TYPE_CHECKING:
    from patchpilot.model.patch import Patch

DOUBT = 2
"""Number added to both counts of a rule's findings, to reduce the effect of small numbers."""
GONE = 0.3
"""Weight of a finding that disappeared in the next version; a requested one has weight 1."""


class RuleRecord(NamedTuple):
    """The results of a rule on real patches, as numbers of patches.

    Of `accepted` patches, which were applied as sent, the rule has findings on `noise`, at `places`
    positions. It has findings on `paired` patches with a next version; on `gone` of them, the next
    version has no finding. Reviewers requested a change of its kind in `asked` patches; the rule
    has findings on `hit` of them. Of its findings on other accepted patches, a reader judged
    `judged`, and called `useful` of them worth reporting.
    """

    accepted: int = 0
    noise: int = 0
    places: int = 0
    paired: int = 0
    gone: int = 0
    asked: int = 0
    hit: int = 0
    judged: int = 0
    useful: int = 0

    @property
    def rate(self) -> float | None:
        """Return the findings per accepted patch, or None if it was not measured."""
        return _compute_share(self.places, self.accepted)

    @property
    def gone_share(self) -> float | None:
        """Return the share of findings that disappeared in the next version."""
        return _compute_share(self.gone, self.paired)

    @property
    def asked_share(self) -> float | None:
        """Return the share of reviewers' requests for such changes for which the rule has a
        finding.
        """
        return _compute_share(self.hit, self.asked)

    @property
    def worth(self) -> float:
        """Return the ratio of useful findings to findings on accepted patches.

        A finding is useful if the change was requested or made. The ratio is 1 for a rule with
        little data. Findings that disappear in the next version count less, because most of them
        disappear for another reason.
        """
        return (self.hit + GONE * self.gone + DOUBT) / (self.places + DOUBT)

    def worth_with(self, others: "RuleRecord") -> float:
        """Return the `worth` with this record and another one, which have the same weight although
        one of them has fewer patches.
        """
        scale = others.accepted / self.accepted if others.accepted and self.accepted else 1
        useful = scale * (self.hit + GONE * self.gone) + others.hit + GONE * others.gone
        return (useful + DOUBT) / (scale * self.places + others.places + DOUBT)

    @property
    def is_pedantic(self) -> bool:
        """Return whether a reader called less than a third of at least three findings useful."""
        return self.judged > max(3 * self.useful, 2)

    @property
    def sentence(self) -> str:
        """Summarize the record in one sentence."""
        summary = (
            f"Fires on {_format_percent(self.noise, self.accepted)} "
            f"of {self.accepted} accepted patches"
        )
        if self.paired:
            summary += f"; of {self.paired} findings, {self.gone} were gone in the next version"
        if self.asked:
            summary += (
                f"; fires on {_format_percent(self.hit, self.asked)} of {self.asked} patches where"
                " a reviewer asked for something of the kind"
            )
        if self.judged:
            summary += f"; a reader called {self.useful} of {self.judged} worth reporting"
        return f"{summary}."


def _compute_share(part: int, total: int) -> float | None:
    return round(part / total, 4) if total else None


def _format_percent(part: int, total: int) -> str:
    share = 100 * part / total
    return f"{share:.1f} %" if share < 10 else f"{share:.0f} %"


class Severity(StrEnum):
    """The severity of a finding.

    `check` corresponds to CHECK in checkpatch.pl, and a `note` never makes a check fail.
    """

    ERROR = "error"
    WARNING = "warning"
    CHECK = "check"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """Return 0 for an error, and higher numbers for lower severities."""
        return _RANK[self]


_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.CHECK: 2, Severity.NOTE: 3}


LEAST = 63
"""The rank of the least important finding."""


class FixEdit(NamedTuple):
    """A change of some lines: `delete` lines, starting at line `start` (counted from 1), are
    replaced with the lines in `insert`.
    """

    start: int
    delete: int
    insert: tuple[str, ...]


@json_form("path~ line~")
class TipPlace(NamedTuple):
    """The position of a line of a commit in the last commit of the range.

    `line` is 0 for a position without a line. Both are empty if later commits removed the line.
    """

    path: str = ""
    line: int = 0


@json_form("path~ start end text")
class FindingEdit(NamedTuple):
    """A change of lines `start` to `end` of a file, which are replaced with the lines in `insert`.

    `path` is "" for the commit message, whose line 1 is the subject. If lines are only inserted,
    `end` is the line above them.
    """

    path: str
    start: int
    end: int
    insert: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the new lines as a text."""
        return "".join(f"{line}\n" for line in self.insert)


@json_form("kind text")
class FindingFix(NamedTuple):
    """A fix for a finding.

    `kind` is "safe" if the fix may be applied automatically, otherwise "suggest". `edits` change
    the file with the finding or the message, and are present only if they were requested.
    """

    kind: str
    text: str
    edits: tuple[FindingEdit, ...] = ()


class Suppression(NamedTuple):
    """The reason why a finding is not reported.

    `by` is "waiver" or "baseline", and `origin` is the file or position of the waiver or baseline.
    """

    by: str
    reason: str
    origin: str
    until: str | None = None


@json_form(
    "rule name checkpatch severity message patch_line path line column reference fix counts "
    "in_tip=tip? in_patch? moved=only_moved? new? left? covers? message_line? edits? who decides? "
    "noise=record.rate? gone=record.gone_share? asked=record.asked_share? rank"
)
class Finding(NamedTuple):
    """A finding of a check, with its rule, its message and its position.

    `patch_line` is the line in the message of the patch; `path`, `line` and `column` refer to the
    new file. All of them are counted from 1. `new` is True if the earlier version lacks the
    finding, and None if no earlier version was compared. `values` contains the values of the
    placeholders in the message, for tools that apply the fix. `left` is the reason why `check
    --fix` does not fix the finding; it is "" if no fix was requested. `rank` is between 0 and
    `LEAST`; the lower it is, the more likely a maintainer is to request a new version because of
    the finding. `counts` is False if the finding does not change the exit code: only newcomers are
    shown it, or only the checkpatch format prints it. `counts_as` is the severity that decides the
    exit code, if `severity` is the one in checkpatch.pl. `tip` is the position in the last commit
    of the range, if it was requested and the finding is in a range. A finding with a `suppression`
    is not reported. `message_line` is the line in the commit message, whose line 1 is the subject.
    `who` is one of `WHO`, and `decides` is what a person must decide. `covered` contains the
    findings on the same line that are part of this one; see `Rule.covers`. `of_patch` is the patch
    or cover letter that a finding about the series is on.
    """

    rule: str
    name: str
    severity: Severity
    message: str
    checkpatch: str | None = None
    patch_line: int | None = None
    path: str | None = None
    line: int | None = None
    column: int | None = None
    reference: str | None = None
    fix: FindingFix | None = None
    moved: bool = False
    new: bool | None = None
    values: tuple[tuple[str, str], ...] = ()
    left: str = ""
    record: RuleRecord = RuleRecord()
    rank: int = LEAST
    counts: bool = True
    counts_as: Severity | None = None
    tip: TipPlace | None = None
    suppression: Suppression | None = None
    message_line: int | None = None
    decides: str = ""
    covered: tuple["Finding", ...] = ()
    of_patch: "Patch | None" = None

    @property
    def edits(self) -> tuple[FindingEdit, ...]:
        """Return the edits of a safe fix."""
        return self.fix.edits if self.fix else ()

    @property
    def in_patch(self) -> str | None:
        """Return the source of the patch that a finding about the series is on, if it is known."""
        return self.of_patch.source if self.of_patch else None

    @property
    def who(self) -> str:
        """Return who may settle the finding."""
        return WHO[bool(self.decides)]

    @property
    def covers(self) -> tuple[str, ...]:
        """Return the names of the rules whose findings on the line are part of this one."""
        return tuple(
            dict.fromkeys(name for each in self.covered for name in (each.name, *each.covers))
        )

    def move_to(self, other: "Finding") -> "Finding":
        """Return the finding at the line of another one, which may have been mapped."""
        return self._replace(
            patch_line=other.patch_line, path=other.path, line=other.line, tip=other.tip
        )

    @property
    def only_moved(self) -> bool | None:
        """Return True if the line had the finding before, otherwise None."""
        return self.moved or None

    def value(self, name: str) -> str:
        """Return the value of a placeholder in the message, or ""."""
        return dict(self.values).get(name, "")

    def age(self, since: str | None) -> str:
        """Return " (new since v2)" or " (as in v2)", or "" if no earlier version was compared."""
        if self.new is None or since is None:
            return ""
        return f" ({'new since' if self.new else 'as in'} {since})"


FIX_KINDS = ("safe", "suggest", "none")
"""Kinds of fixes: applied by --fix, only suggested, none."""
WHO = ("program", "person")
"""Who may settle a finding: a program, or only the author.

A person decides about sign-offs, licenses, tags of others, reports, tests, and what is a fix.
"""
SCOPES = ("mail", "subject", "message", "trailers", "diff", "series", "tree", "history")
WHOLE = ("message", "trailers", "series")
"""Scopes of rules whose findings belong to no file."""
CONCERNS = (
    *("history", "backport", "mail", "tree", "build", "checkers", "semantics", "series"),
    *("tags", "checkpatch-newer", "checkpatch-message", "message", "subject"),
)
"""Packs by how likely their findings require a new version; style packs follow.

Whether a patch is needed, applies, compiles and is correct matters more than its tags, its message
and its form.
"""
Kernel = tuple[int, int]


@json_form("kind text equivalent who decides?")
class RuleFix(NamedTuple):
    """The fix for the findings of a rule.

    It has a kind (one of `FIX_KINDS`) and a description. `fixer` applies a safe fix. If a fix
    changes tokens of code, `equivalent` explains why the meaning stays the same. `who` is one of
    `WHO`: a person if the author must decide something, which is named in `decides`.
    """

    kind: str = "none"
    text: str = ""
    fixer: str = ""
    equivalent: str = ""
    decides: str = ""

    @property
    def who(self) -> str:
        """Return who may settle the findings of the rule."""
        return WHO[bool(self.decides)]


def format_kernel_version(kernel: Kernel | None) -> str | None:
    """Format a kernel version, or return None if there is none."""
    return f"{kernel[0]}.{kernel[1]}" if kernel else None


@json_form(
    "id name checkpatch pack severity severities scope since=first_kernel until=last_kernel "
    "profiles summary why reference fix=remedy"
)
class Rule(NamedTuple):
    """A rule: its names, its severity, its rationale, and the detector that finds violations.

    - `since`, `until`: the kernel versions in which the rule is in force, both inclusive
    - `module`: the detector's module in lint/detectors, imported when the rule first runs
    - `why`, `reference`: the texts that `explain` prints
    - `on_moved`: whether the rule checks lines that the patch only moves
    - `message`: the text of a finding, with placeholders that the detector fills; the summary if it
      is empty
    - `messages`, `severities`: the exceptions for single cases that the detector distinguishes
    - `checkpatch_severity`: the level in checkpatch.pl, if it differs; `checkpatch_severities` has
      the levels of single cases
    - `covers`: the names of rules whose findings on the same line are not shown, because the advice
      of this rule includes theirs, or contradicts it; a pack means all of its rules
    - `needs`: the functions that the rule recommends, each as "HEADER FUNCTION"; the rule is silent
      in trees without them
    - `origin`: the file and line of a rule in an own pack; "" for the rules of patchpilot
    """

    id: str
    name: str
    pack: str
    severity: Severity
    scope: str
    summary: str
    why: str
    reference: str
    detector: str
    module: str
    arguments: Mapping[str, Any] = MappingProxyType({})
    checkpatch: str | None = None
    since: Kernel | None = None
    until: Kernel | None = None
    profiles: tuple[str, ...] = ()
    remedy: RuleFix = RuleFix()
    on_moved: bool = False
    severities: Mapping[str, Severity] = MappingProxyType({})
    message: str = ""
    messages: Mapping[str, str] = MappingProxyType({})
    options: Mapping[str, str] = MappingProxyType({})
    known_problems: tuple[str, ...] = ()
    checkpatch_severity: Severity | None = None
    checkpatch_severities: Mapping[str, Severity] = MappingProxyType({})
    needs: tuple[str, ...] = ()
    origin: str = ""
    covers: tuple[str, ...] = ()

    @property
    def first_kernel(self) -> str | None:
        """Return the first kernel version to which the rule applies, or None for any."""
        return format_kernel_version(self.since)

    @property
    def last_kernel(self) -> str | None:
        """Return the last kernel version to which the rule applies, or None for any."""
        return format_kernel_version(self.until)

    @property
    def words(self) -> tuple[str, ...]:
        """Return the names that select the rule in --select and --ignore.

        They are its id, its name, its type in checkpatch.pl, and its pack.
        """
        return (
            self.id,
            self.name,
            *([self.checkpatch] if self.checkpatch else []),
            self.pack,
        )

    def covers_rule(self, other: "Rule") -> bool:
        """Return whether findings of another rule on the same line are part of this rule's."""
        return other.name != self.name and (other.name in self.covers or other.pack in self.covers)

    def rank(self, severity: Severity) -> int:
        """Return the rank of a finding with this severity; see `Finding`."""
        concern = CONCERNS.index(self.pack) if self.pack in CONCERNS else len(CONCERNS)
        return min(4 * concern + severity.rank, LEAST)

    def message_for(self, case: str) -> str:
        """Return the text of a finding in a case that the detector distinguishes, with
        placeholders.
        """
        return self.messages.get(case) or self.message or self.summary


class Example(NamedTuple):
    """A good or bad example for a rule.

    An example has a `subject`, a `message`, `trailers`, `code` (lines that are added to `path`), a
    `diff` or a `patch`; all other parts of the message are generated. `series` contains complete
    messages or subjects. `at` is text that the line with the finding must contain, and `also` names
    rules that must have findings too. With `stays`, the fixer of the rule must not change the
    example. `build` is the output of make with the patch, and `build_before` the output without it;
    `problem` is another build problem, as "KIND: text".
    """

    bad: bool
    subject: str | None = None
    message: str | None = None
    trailers: str | None = None
    code: str | None = None
    path: str | None = None
    new_file: bool = False
    diff: str | None = None
    patch: str | None = None
    series: tuple[str, ...] = ()
    tree: Mapping[str, str] = MappingProxyType({})
    history: Mapping[str, str] = MappingProxyType({})
    kernel: Kernel | None = None
    profile: str | None = None
    at: str | None = None
    stays: bool = False
    count: int = 1  # type: ignore[assignment]  # in place of tuple.count
    also: tuple[str, ...] = ()
    build: str = ""
    build_before: str = ""
    problem: str = ""

    @property
    def text(self) -> str:
        """Return the relevant part of the example as text."""
        parts = [
            f"Subject: {self.subject}" if self.subject else "",
            (self.message or "").strip("\n"),
            (self.trailers or "").strip("\n"),
            f"{self.path}:" if self.path else "",
            (self.code or self.diff or "").strip("\n"),
            (self.patch or "").strip("\n"),
            "\n".join(mail.strip("\n") for mail in self.series),
            f"before the patch: {self.build_before}" if self.build_before else "",
            f"with the patch: {self.build}" if self.build else "",
            self.problem.partition(": ")[2],
        ]
        return "\n".join(part for part in parts if part)


class Pack(NamedTuple):
    """A rule pack that has been loaded.

    It contains the rules and, by the id of each rule, its examples.
    """

    name: str
    rules: tuple[Rule, ...]
    examples: Mapping[str, tuple[Example, ...]]

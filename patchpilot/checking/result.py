# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the result of a check."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Self

from patchpilot.errors import ExitCode
from patchpilot.lint.lint_context import Context, HistoryFacts, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import find_unavailable_rules, list_missing_packages
from patchpilot.lint.waivers import Waiver
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch, Series
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.rule import Finding, Kernel, Rule, Severity, TipPlace
from patchpilot.model.source_tree import Tree
from patchpilot.projects.project import Project

if TYPE_CHECKING:
    from patchpilot.checking.clone_history import CloneHistory
    from patchpilot.model.build_problem import BuildProblem
    from patchpilot.model.built_commit import BuiltCommit
    from patchpilot.model.origin import Origin


@json_form("rule name path~ text count=times")
class StaleEntry(NamedTuple):
    """A baseline entry that no longer matches a finding.

    `times` is how often the finding was recorded. `path` is "" for the commit message.
    """

    rule: str
    name: str
    path: str
    text: str
    times: int


class Suppressions(NamedTuple):
    """The waivers and the baseline to apply.

    If `write` is set, the remaining findings are recorded in the baseline file. `content` is used
    instead of the file's content; empty content suppresses nothing.
    """

    waivers: tuple[Waiver, ...] = ()
    baseline: Path | None = None
    write: bool = False
    content: bytes | None = None


@json_form()
class Waivers(NamedTuple):
    """Expired waivers, whose findings are reported again, and unused waivers.

    `without_files` contains waivers in the tree's file, with the paths that match no file.
    """

    expired: tuple[Waiver, ...]
    unused: tuple[Waiver, ...]
    without_files: tuple[Waiver, ...] = ()


@json_form()
class BaselineWritten(NamedTuple):
    """The numbers of findings recorded in a baseline file, added to it, and removed from it."""

    recorded: int
    new: int
    dropped: int


@json_form()
class Baseline(NamedTuple):
    """The baseline file of a check, its stale entries, and what was written to it."""

    file: str
    stale: tuple[StaleEntry, ...]
    written: BaselineWritten | None


_COMPILED = (".c", ".h", ".S", ".rs", ".dts", ".dtsi")


@json_form("source=patch.source commit=patch.commit subject=patch.subject.title origin? findings")
class CheckedPatch(NamedTuple):
    """A patch and its findings, sorted by line.

    `every` includes suppressed findings. `left_out` is the number of findings that only --strict
    reports. `anchor` is the first changed line that is in the last commit of the range, for
    findings that are not on a line there. `origin` compares a backport with the commit that it
    names.
    """

    patch: Patch
    every: tuple[Finding, ...]
    left_out: int = 0
    anchor: TipPlace | None = None
    origin: "Origin | None" = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the reported findings."""
        return tuple(finding for finding in self.every if not finding.suppression)

    def with_more(self, mail: "CheckedPatch") -> "CheckedPatch":
        """Add a message's findings, except those of rules that already have a finding on the
        patch.
        """
        rules = {finding.rule for finding in self.every}
        added = (finding for finding in mail.every if finding.rule not in rules)
        return self._replace(patch=mail.patch, every=(*self.every, *added))


TAG_RULES = {"missing-fixes": "fixes", "missing-stable": "stable"}
"""Rules that require a tag → the tag to add with `prepare`."""
SIGN_OFF_RULES = frozenset(("no-sign-off", "author-not-signed"))
"""Rules that the user's own sign-off satisfies; the second only if the user is the author."""


class FindingRemedy(StrEnum):
    """How to fix a finding: apply the rule's fix, add a tag or a sign-off, or edit the text."""

    SAFE = "safe"
    TAGS = "tags"
    SIGN_OFF = "sign-off"
    EDIT = "edit"


@json_form(
    "source commit *finding reason=finding.suppression.reason "
    "origin=finding.suppression.origin until=finding.suppression.until"
)
class FindingRow(NamedTuple):
    """A finding with its patch and rule; it has the JSON keys of a waived finding.

    `number` is the position of the patch, counted from 1. It is 0 for a finding about the series,
    whose patch may also be the cover letter. `rule` is None if another program reported the
    finding. In a text that a view shows, `line` and `column` are the position, counted from 0; if
    `is_whole` is set, this is the end of the message, because the finding is about the patch as a
    whole.
    """

    finding: Finding
    patch: Patch | None
    number: int
    rule: Rule | None = None
    line: int = 0
    column: int = 0
    is_whole: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """Return what identifies the finding when the patches have been checked again."""
        finding = self.finding
        return self.commit, finding.rule, finding.patch_line, finding.column, finding.message

    @property
    def own_patch(self) -> Patch | None:
        """Return the patch, or None for a finding about the series."""
        return self.patch if self.number else None

    @property
    def source(self) -> str | None:
        return self.own_patch.source if self.own_patch else None

    @property
    def commit(self) -> str | None:
        return self.own_patch.commit if self.own_patch else None

    @property
    def edited_text(self) -> str:
        """Return which text the user can edit because of a finding: "line", "commit message", or
        "".

        A line has a file; the message is one of a commit.
        """
        if self.finding.path:
            return "line" if self.finding.line else ""
        in_message = self.rule and self.rule.scope in ("subject", "message", "trailers")
        return "commit message" if in_message and self.commit else ""

    @property
    def remedy(self) -> FindingRemedy:
        """Return how to fix the finding. Only a reported one in a commit is fixed automatically."""
        if self.finding.suppression or not self.commit:
            return FindingRemedy.EDIT
        if self.finding.name in TAG_RULES:
            return FindingRemedy.TAGS
        if self.finding.name in SIGN_OFF_RULES:
            return FindingRemedy.SIGN_OFF
        return FindingRemedy.SAFE if self.is_fixable else FindingRemedy.EDIT

    @property
    def is_fixable(self) -> bool:
        """Return whether the rule has a safe fix."""
        return self.rule is not None and self.rule.remedy.kind == "safe"


@json_form("findings")
class SeriesFindings(NamedTuple):
    """The findings about a whole series."""

    findings: tuple[Finding, ...]


@json_form("errors warnings checks notes waived baselined")
class FindingCounts(NamedTuple):
    """The numbers of findings by severity, and of suppressed findings by reason."""

    errors: int
    warnings: int
    checks: int
    notes: int
    waived: int
    baselined: int

    @classmethod
    def of(cls, counts: Mapping[Severity, int], waived: int, baselined: int) -> Self:
        return cls(
            errors=counts[Severity.ERROR],
            warnings=counts[Severity.WARNING],
            checks=counts[Severity.CHECK],
            notes=counts[Severity.NOTE],
            waived=waived,
            baselined=baselined,
        )


class BuildFacts(NamedTuple):
    """The result of building patches or running checkers on them.

    `problems` maps the id() of a patch to its problems, and `text` is a summary.
    """

    problems: Mapping[int, tuple["BuildProblem", ...]] = {}
    text: str = ""
    commits: tuple["BuiltCommit", ...] = ()

    def with_more(self, other: "BuildFacts") -> "BuildFacts":
        """Return this result with the problems and the summary of another result added.

        Problems that both results contain are added once.
        """
        problems = dict(self.problems)
        for key, more in other.problems.items():
            own = problems.get(key, ())
            known = {(one.path, one.line, one.kind) for one in own}
            problems[key] = own + tuple(
                one
                for one in more
                if (one.path, one.line, one.kind.removesuffix("-script")) not in known
            )
        text = "; ".join(filter(None, (self.text, other.text)))
        return BuildFacts(problems, text, self.commits)


class CheckResult(NamedTuple):
    """The result of a check.

    `waivers` contains expired and unused waivers. `since` is the earlier version that the findings
    were compared with. `gone` is the number of findings that only that version has. `unanswered` is
    a note about commits missing from a shallow clone. `build` is a summary of the build. If
    `whole_files` is set, each patch is a file with its lines. `every_of_series` contains the
    findings about the series with suppressed ones; `left_out_of_series` is the number of findings
    about it that only --strict reports.
    """

    patches: tuple[CheckedPatch, ...]
    every_of_series: tuple[Finding, ...]
    exit_code: ExitCode
    repository: str | None
    setting: "CheckRun"
    waivers: "Waivers | None" = None
    baseline: "Baseline | None" = None
    since: str | None = None
    gone: int = 0
    unanswered: str = ""
    build: str = ""
    commits: tuple["BuiltCommit", ...] = ()
    whole_files: bool = False
    left_out_of_series: int = 0

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.setting.rules

    @property
    def own_rules(self) -> frozenset[str]:
        """Return the ids of the rules in packs of the user or the tree."""
        if not self.setting.options.packs:
            return frozenset()
        shipped = {rule.id for rule in load_rules()}
        return frozenset(rule.id for rule in self.rules) - shipped

    @property
    def profile(self) -> str:
        return self.setting.options.profile

    @property
    def kernel(self) -> Kernel:
        return self.setting.options.kernel

    @property
    def unused_options(self) -> tuple[str, ...]:
        """Return a description of each option in the tree's .checkpatch.conf that is not used."""
        conf = self.setting.options.conf
        return conf.unused if conf else ()

    @property
    def tree(self) -> str | None:
        return self.setting.tree.label if self.setting.tree else None

    @property
    def left_out(self) -> int:
        """Return the number of findings that only --strict reports."""
        of_patches = sum(checked.left_out for checked in self.patches)
        return of_patches + self.left_out_of_series

    @property
    def for_newcomers(self) -> int:
        """Return the number of findings that only newcomers are shown."""
        return sum(not finding.counts for finding in self.all)

    def is_failure(self, finding: Finding) -> bool:
        """Return whether a finding makes the exit code 1."""
        fail_on = self.setting.options.fail_on
        severity = finding.counts_as or finding.severity
        return finding.counts and fail_on != "never" and severity.rank <= Severity(fail_on).rank

    @property
    def counts(self) -> Counter[Severity]:
        return Counter(finding.severity for finding in self.all)

    @property
    def counts_text(self) -> str:
        """Return the numbers of reported findings by severity, and of suppressed ones."""
        counts = self.counts
        texts = [format_count(counts[it], str(it)) for it in Severity if counts[it]]
        waived_note = f", {len(self.suppressed)} waived" if self.suppressed else ""
        return f"{', '.join(texts) or 'no findings'}{waived_note}"

    @property
    def series(self) -> tuple[Finding, ...]:
        """Return the reported findings about the series."""
        return tuple(finding for finding in self.every_of_series if not finding.suppression)

    @property
    def all(self) -> tuple[Finding, ...]:
        return tuple(row.finding for row in self.rows)

    @property
    def every_row(self) -> tuple[FindingRow, ...]:
        """Return all findings with suppressed ones; findings about the series come last."""
        rules = {rule.id: rule for rule in self.rules}
        return (
            *(
                FindingRow(finding, checked.patch, number, rules.get(finding.rule))
                for number, checked in enumerate(self.patches, 1)
                for finding in checked.every
            ),
            *(
                FindingRow(finding, finding.of_patch, 0, rules.get(finding.rule))
                for finding in self.every_of_series
            ),
        )

    @property
    def rows(self) -> tuple[FindingRow, ...]:
        """Return the reported findings."""
        return tuple(row for row in self.every_row if not row.finding.suppression)

    @property
    def suppressed(self) -> tuple[FindingRow, ...]:
        """Return the findings that are not reported."""
        return tuple(row for row in self.every_row if row.finding.suppression)

    def list_suppressed(self, by: str) -> tuple[FindingRow, ...]:
        """Return the findings that are suppressed by a "waiver" or by the "baseline"."""
        rows = self.suppressed
        return tuple(
            row for row in rows if row.finding.suppression and row.finding.suppression.by == by
        )

    def map_findings(self, change: Callable[[Finding, Patch | None], Finding]) -> Self:
        """Return the result with changed findings.

        The patch is None for a finding about the series.
        """
        return self._replace(
            patches=tuple(
                checked._replace(
                    every=tuple(change(finding, checked.patch) for finding in checked.every)
                )
                for checked in self.patches
            ),
            every_of_series=tuple(change(finding, None) for finding in self.every_of_series),
        )

    @property
    def questions(self) -> tuple[Finding, ...]:
        """Return the two most important notes.

        They are shown as questions, because only the author can answer them.
        """
        notes: dict[str, Finding] = {}
        for note in sorted(self.all, key=lambda finding: finding.rank):
            if note.severity is Severity.NOTE:
                notes.setdefault(note.rule, note)
        return tuple(notes.values())[:QUESTIONS]


class CheckRun(NamedTuple):
    """The rules, options, tree and history for all patches of a run."""

    rules: tuple[Rule, ...]
    options: Options
    profile: Project
    tree: Tree | None
    history: HistoryFacts | None
    trees: Mapping[int, Callable[[], Tree]] = MappingProxyType({})
    built: Mapping[int, tuple["BuildProblem", ...]] = MappingProxyType({})
    older: tuple[Patch, ...] = ()
    clone: "CloneHistory | None" = None

    def context(
        self, patch: Patch, series: Series, progress: Progress = ignore_progress
    ) -> Context:
        """Return a new context for a patch.

        Its tree includes the earlier patches of the series.
        """
        tree = self.trees.get(id(patch))
        context = Context(
            patch,
            series,
            tree() if tree else self.tree,
            self.history or (self.clone.find_facts(patch) if self.clone else None),
            self.options,
            self.profile,
            progress=progress,
        )
        context.built = self.built.get(id(patch), ())
        context.older = self.older
        return context


def list_unchecked(result: CheckResult, build: str = "use --build") -> Iterator[str]:
    """Yield each skipped check with the reason.

    `build` is the advice on how to request a build.
    """
    patches = [checked.patch for checked in result.patches]
    if not result.build and any(
        path.endswith(_COMPILED) for patch in patches for path in patch.paths
    ):
        yield f"whether it compiles ({build})"
    if any(path.endswith((".c", ".h")) for patch in patches for path in patch.paths):
        yield from _list_unavailable_rules(result.rules)
    if result.whole_files:
        return
    if any(patch.is_net for patch in patches):
        yield "the messages of the commits (--net)"
    if result.tree is None:
        yield "whether it applies, and its recipients (no source tree: use --tree or -C)"
    if result.repository is None:
        yield "history and earlier fixes (files are checked without a repository: use -C DIR)"
    if result.unanswered:
        yield result.unanswered
    present = sum(patch.has_diff for patch in patches)
    total = max((patch.subject.total or 0 for patch in patches), default=0)
    if total > present:
        yield f"the rest of the series ({present} of {total} patches are here)"


def _list_unavailable_rules(rules: tuple[Rule, ...]) -> Iterator[str]:
    if unavailable := find_unavailable_rules(rules):
        from patchpilot.extras import format_install_command

        packages = list_missing_packages(unavailable[0].detector)
        count = format_count(len(unavailable), "rule")
        command = format_install_command(packages)
        yield f"{count} about C syntax ({' and '.join(packages)} not installed: `{command}`)"


QUESTIONS = 2
"""Maximum number of questions asked at once."""

# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the result of a check."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Self

from patchpilot.errors import ExitCode
from patchpilot.lint.lint_context import Context, HistoryFacts, Options
from patchpilot.lint.waivers import Waiver
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch, Series
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.rule import Finding, Kernel, Rule, Severity, Suppressed, TipPlace
from patchpilot.model.source_tree import Tree
from patchpilot.projects.project import Project

if TYPE_CHECKING:
    from patchpilot.model.build_problem import BuildProblem
    from patchpilot.model.built_commit import BuiltCommit


@json_form("rule", "name", "path~", "text", "count=times")
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
    """Expired waivers, whose findings are reported again, and unused waivers."""

    expired: tuple[Waiver, ...]
    unused: tuple[Waiver, ...]


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


@json_form(
    "source=patch.source",
    "commit=patch.commit",
    "subject=patch.subject.title",
    "findings",
)
class CheckedPatch(NamedTuple):
    """A patch and its findings, sorted by line.

    `left_out` is the number of findings that only --strict reports. `anchor` is the first changed
    line that is in the last commit of the range, for findings that are not on a line there.
    """

    patch: Patch
    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...] = ()
    left_out: int = 0
    anchor: TipPlace | None = None

    @property
    def every(self) -> tuple[Finding, ...]:
        return (*self.findings, *(suppressed.finding for suppressed in self.suppressed))

    def with_more(self, mail: "CheckedPatch") -> "CheckedPatch":
        """Add a message's findings, except those of rules that already have a finding on the
        patch.
        """
        rules = {finding.rule for finding in self.every}
        findings = tuple(finding for finding in mail.findings if finding.rule not in rules)
        suppressed = tuple(entry for entry in mail.suppressed if entry.finding.rule not in rules)
        return self._replace(
            patch=mail.patch,
            findings=(*self.findings, *findings),
            suppressed=(*self.suppressed, *suppressed),
        )


@json_form("findings")
class SeriesFindings(NamedTuple):
    """The findings about a whole series."""

    findings: tuple[Finding, ...]


@json_form("errors", "warnings", "checks", "notes", "waived", "baselined")
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
    `whole_files` is set, each patch is a file with its lines. `left_out_of_series` is the number of
    findings about the series that only --strict reports.
    """

    patches: tuple[CheckedPatch, ...]
    series: tuple[Finding, ...]
    exit_code: ExitCode
    repository: str | None
    setting: "CheckRun"
    suppressed_series: tuple[Suppressed, ...] = ()
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

    @property
    def counts(self) -> Counter[Severity]:
        return Counter(finding.severity for finding in self.all)

    @property
    def all(self) -> tuple[Finding, ...]:
        return tuple(finding for _, finding in self.by_patch)

    @property
    def by_patch(self) -> list[tuple[Patch | None, Finding]]:
        """Return all findings, each with its patch.

        Findings about the series come last, with the first patch, or with None if there is no
        patch.
        """
        pairs: list[tuple[Patch | None, Finding]] = [
            (checked.patch, finding) for checked in self.patches for finding in checked.findings
        ]
        first = self.patches[0].patch if self.patches else None
        return [*pairs, *((first, finding) for finding in self.series)]

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

    @property
    def all_series_findings(self) -> tuple[Finding, ...]:
        """Return the findings about the series, including suppressed ones."""
        return (*self.series, *(one.finding for one in self.suppressed_series))

    @property
    def suppressed(self) -> tuple[tuple[Patch | None, Suppressed], ...]:
        """Return the suppressed findings, each with its patch.

        The patch is None for findings about the series.
        """
        return (
            *(
                (checked.patch, suppressed)
                for checked in self.patches
                for suppressed in checked.suppressed
            ),
            *((None, suppressed_finding) for suppressed_finding in self.suppressed_series),
        )


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
            self.history,
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
    if result.whole_files:
        return
    if any(patch.is_net for patch in patches):
        yield "the messages of the commits (--net)"
    if result.tree is None:
        yield "whether it applies, and its recipients (no source tree: use --tree or -C)"
    if result.repository is None:
        yield "history and earlier fixes (no git repository: use -C)"
    if result.unanswered:
        yield result.unanswered
    present = sum(patch.has_diff for patch in patches)
    total = max((patch.subject.total or 0 for patch in patches), default=0)
    if total > present:
        yield f"the rest of the series ({present} of {total} patches are here)"


QUESTIONS = 2
"""Maximum number of questions asked at once."""

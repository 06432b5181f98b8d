# SPDX-License-Identifier: GPL-2.0-or-later
"""The result of a check, shared by `check` and all code that processes its findings."""

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
from patchpilot.model.progress import Progress, silent
from patchpilot.model.rule import Finding, Kernel, Rule, Severity, Suppressed
from patchpilot.model.source_tree import Tree
from patchpilot.projects.project import Project

if TYPE_CHECKING:
    from patchpilot.model.build_problem import BuildProblem
    from patchpilot.model.built_commit import BuiltCommit


@json_form("rule", "name", "path~", "text", "count=times")
class StaleEntry(NamedTuple):
    """A baseline entry that no longer matches a finding.

    It has the rule's id and name, the file ("" for the commit message), the line's text, and
    how many `times` it was recorded.
    """

    rule: str
    name: str
    path: str
    text: str
    times: int


class Suppressions(NamedTuple):
    """The waivers and the baseline that a caller wants to apply.

    `write` records the remaining findings in the baseline file. `content` is the baseline's
    content if it is not read from the file; an empty content suppresses nothing.
    """

    waivers: tuple[Waiver, ...] = ()
    baseline: Path | None = None
    write: bool = False
    content: bytes | None = None


@json_form()
class Waivers(NamedTuple):
    """Expired waivers, which no longer suppress their findings, and unused waivers."""

    expired: tuple[Waiver, ...]
    unused: tuple[Waiver, ...]


@json_form()
class BaselineWritten(NamedTuple):
    """The numbers of recorded, new and dropped findings when a baseline is written."""

    recorded: int
    new: int
    dropped: int


@json_form()
class Baseline(NamedTuple):
    """The baseline of a check: its file, its stale entries, and the entries written to it."""

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
    """A patch and its findings, in the order of the patch's lines.

    `suppressed` has the suppressed findings. `left_out` is the number of findings that are
    shown only with --strict.
    """

    patch: Patch
    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...] = ()
    left_out: int = 0

    @property
    def every(self) -> tuple[Finding, ...]:
        """Return all findings of the patch, including suppressed ones."""
        return (*self.findings, *(suppressed.finding for suppressed in self.suppressed))

    def with_more(self, mail: "CheckedPatch") -> "CheckedPatch":
        """Add the findings of rules that report the patch only when it is a message."""
        known = {finding.rule for finding in self.every}
        more = tuple(finding for finding in mail.findings if finding.rule not in known)
        others = tuple(one for one in mail.suppressed if one.finding.rule not in known)
        return self._replace(
            patch=mail.patch,
            findings=(*self.findings, *more),
            suppressed=(*self.suppressed, *others),
        )


@json_form("findings")
class SeriesFindings(NamedTuple):
    """The findings about a series as a whole."""

    findings: tuple[Finding, ...]


@json_form("errors", "warnings", "checks", "notes", "waived", "baselined")
class FindingCounts(NamedTuple):
    """The number of active findings by severity, and of suppressed findings by reason."""

    errors: int
    warnings: int
    checks: int
    notes: int
    waived: int
    baselined: int

    @classmethod
    def of(cls, counts: Mapping[Severity, int], waived: int, baselined: int) -> Self:
        """Create the counts from findings by severity, and the waived and baselined numbers."""
        return cls(
            errors=counts[Severity.ERROR],
            warnings=counts[Severity.WARNING],
            checks=counts[Severity.CHECK],
            notes=counts[Severity.NOTE],
            waived=waived,
            baselined=baselined,
        )


class BuildFacts(NamedTuple):
    """The result of building the patches of a check, or of running checkers on them.

    `problems` maps the id() of a patch to its problems. `text` describes the steps that were
    run, and `commits` has the build result of each commit.
    """

    problems: Mapping[int, tuple["BuildProblem", ...]] = {}
    text: str = ""
    commits: tuple["BuiltCommit", ...] = ()

    def with_more(self, other: "BuildFacts") -> "BuildFacts":
        """Merge the text and the new problems of other facts."""
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
    """The result of `check`: findings for each patch and for the series, and the exit code.

    `waivers` are the expired or unused ones, if any, and `baseline` is the result of the comparison
    with a baseline. `since` names the earlier revision used for comparison, and `gone` is the
    number of findings that only that revision has. `unanswered` is a note on commits that could not
    be looked up in a shallow clone. `build` describes the build, and `commits` has its details.
    With `whole_files` each patch is a whole file, with the file's lines. `left_out_of_series` is
    the number of findings about the series that are shown only with --strict.
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
        """Return the name of the project."""
        return self.setting.options.profile

    @property
    def kernel(self) -> Kernel:
        """Return the version that selects the rules."""
        return self.setting.options.kernel

    @property
    def tree(self) -> str | None:
        """Return the name of the source tree in messages."""
        return self.setting.tree.label if self.setting.tree else None

    @property
    def left_out(self) -> int:
        """Return the number of findings hidden without --strict."""
        found = sum(checked.left_out for checked in self.patches)
        return found + self.left_out_of_series

    @property
    def counts(self) -> Counter[Severity]:
        """Return the number of findings by severity."""
        return Counter(finding.severity for finding in self.all)

    @property
    def all(self) -> tuple[Finding, ...]:
        """Return all findings; those about the whole series come last."""
        return tuple(finding for _, finding in self.by_patch)

    @property
    def by_patch(self) -> list[tuple[Patch | None, Finding]]:
        """Return all findings, each with its patch.

        Findings about the series as a whole come last, with the first patch, or None if there is no
        patch.
        """
        pairs: list[tuple[Patch | None, Finding]] = [
            (checked.patch, finding)
            for checked in self.patches
            for finding in checked.findings
        ]
        first = self.patches[0].patch if self.patches else None
        return [*pairs, *((first, finding) for finding in self.series)]

    @property
    def questions(self) -> tuple[Finding, ...]:
        """Return the two most important notes, which are questions that only the author can
        answer.
        """
        found: dict[str, Finding] = {}
        for note in sorted(self.all, key=lambda one: one.rank):
            if note.severity is Severity.NOTE:
                found.setdefault(note.rule, note)
        return tuple(found.values())[:QUESTIONS]

    @property
    def all_series_findings(self) -> tuple[Finding, ...]:
        """Return all findings about the whole series, including suppressed ones."""
        return (*self.series, *(one.finding for one in self.suppressed_series))

    @property
    def suppressed(self) -> tuple[tuple[Patch | None, Suppressed], ...]:
        """Return all suppressed findings, each with its patch (None for the whole series)."""
        return (
            *(
                (checked.patch, suppressed)
                for checked in self.patches
                for suppressed in checked.suppressed
            ),
            *((None, finding_) for finding_ in self.suppressed_series),
        )


class CheckRun(NamedTuple):
    """The rules, options, tree and history shared by all patches of a run."""

    rules: tuple[Rule, ...]
    options: Options
    profile: Project
    tree: Tree | None
    history: HistoryFacts | None
    trees: Mapping[int, Callable[[], Tree]] = MappingProxyType({})
    built: Mapping[int, tuple["BuildProblem", ...]] = MappingProxyType({})
    older: tuple[Patch, ...] = ()

    def context(
        self, patch: Patch, series: Series, progress: Progress = silent
    ) -> Context:
        """Return a new context for checking a patch.

        Its tree is the run's tree with the earlier patches of the series applied.
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
    """Yield the checks that were skipped and why; `build` tells how to request a build."""
    patches = [checked.patch for checked in result.patches]
    if not result.build and any(
        path.endswith(_COMPILED) for patch in patches for path in patch.paths
    ):
        yield f"whether it compiles ({build})"
    if result.whole_files:
        return
    if result.tree is None:
        yield "whether it applies, and its recipients (no source tree: use --tree or -C)"
    if result.repository is None:
        yield "history and earlier fixes (no git repository: use -C)"
    if result.unanswered:
        yield result.unanswered
    here = sum(patch.has_diff for patch in patches)
    total = max((patch.subject.total or 0 for patch in patches), default=0)
    if total > here:
        yield f"the rest of the series ({here} of {total} patches are here)"


QUESTIONS = 2
"""Maximum number of questions asked at once."""

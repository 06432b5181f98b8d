# SPDX-License-Identifier: GPL-2.0-or-later
"""What a check found: values that `check` and all that works on its findings share."""

from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.errors import ExitCode
from patchpilot.lint.lint_context import Context, HistoryFacts, Options
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.finding import Finding, Severity, Suppressed
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch, Series
from patchpilot.model.progress import Progress, silent
from patchpilot.model.rule import Kernel, Rule
from patchpilot.model.source_tree import Tree
from patchpilot.projects.project import Project

if TYPE_CHECKING:
    from patchpilot.checking.suppressions import SuppressionResult
    from patchpilot.model.built_commit import BuiltCommit


@json_form(
    "source=patch.source",
    "commit=patch.commit",
    "subject=patch.subject.title",
    "findings",
)
class CheckedPatch(NamedTuple):
    """A patch and what was found in it, in the order of its lines.

    `suppressed` is what does not count, `left_out` how many findings are shown with strict only.
    """

    patch: Patch
    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...] = ()
    left_out: int = 0

    @property
    def every(self) -> tuple[Finding, ...]:
        """What was found, suppressed or not."""
        return (*self.findings, *(suppressed.finding for suppressed in self.suppressed))


@json_form("findings")
class SeriesFindings(NamedTuple):
    """The findings about a series as a whole."""

    findings: tuple[Finding, ...]


class CheckResult(NamedTuple):
    """The result of `check`: patch by patch, for the series as a whole, and the exit code.

    `verdict` is the result of waivers and a baseline; `since` names the earlier revision that was
    compared with, `gone` counts what only that had. `renamed` has the former names of rules that
    were asked for, each with the name of today. `unanswered` says which commits a shallow clone
    could not be asked for, `build` what was built, `commits` in detail. With `whole_files` each
    patch is a file, and its lines are those of the file.
    `left_out_of_series` counts the findings about the series that are shown with strict only.
    """

    patches: tuple[CheckedPatch, ...]
    series: tuple[Finding, ...]
    rules: tuple[Rule, ...]
    exit_code: ExitCode
    repository: str | None
    tree: str | None
    profile: str
    kernel: Kernel
    suppressed_series: tuple[Suppressed, ...] = ()
    verdict: "SuppressionResult | None" = None
    since: str | None = None
    gone: int = 0
    setting: "CheckRun | None" = None
    renamed: tuple[tuple[str, str], ...] = ()
    unanswered: str = ""
    build: str = ""
    commits: tuple["BuiltCommit", ...] = ()
    whole_files: bool = False
    left_out_of_series: int = 0

    @property
    def left_out(self) -> int:
        """How many findings of severity check are shown with strict only."""
        found = sum(checked.left_out for checked in self.patches)
        return found + self.left_out_of_series

    @property
    def counts(self) -> Counter[Severity]:
        """How many findings there are of each severity."""
        return Counter(finding.severity for finding in self.all)

    @property
    def all(self) -> tuple[Finding, ...]:
        """Every finding, the series' own last."""
        return (
            *(finding for checked in self.patches for finding in checked.findings),
            *self.series,
        )

    @property
    def by_patch(self) -> list[tuple[Patch | None, Finding]]:
        """Every finding with its patch.

        Those of the series as a whole come last, with the first patch (None: there is no patch).
        """
        pairs: list[tuple[Patch | None, Finding]] = [
            (checked.patch, finding)
            for checked in self.patches
            for finding in checked.findings
        ]
        first = self.patches[0].patch if self.patches else None
        return [*pairs, *((first, finding) for finding in self.series)]

    @property
    def by_source(self) -> list[tuple[str, Finding]]:
        """Every finding with the source of its patch, as `by_patch`; "-" where there is no patch."""  # noqa: E501
        return [
            (patch.source if patch else "-", finding)
            for patch, finding in self.by_patch
        ]

    @property
    def subsystems(self) -> tuple[str, ...]:
        """The names of the subsystems whose conventions apply to the patches, in their order."""
        from patchpilot.lint.subsystem_facts import subsystem

        run = self.setting
        found = (
            [
                subsystem(run.context(checked.patch, Series((checked.patch,))))
                for checked in self.patches
            ]
            if run
            else []
        )
        return tuple(dict.fromkeys(one.name for one in found if one))

    @property
    def every_series(self) -> tuple[Finding, ...]:
        """What was found in the series as a whole, suppressed or not."""
        return (
            *self.series,
            *(finding_.finding for finding_ in self.suppressed_series),
        )

    @property
    def suppressed(self) -> tuple[tuple[Patch | None, Suppressed], ...]:
        """What does not count, each with its patch (None: the series)."""
        return (
            *(
                (checked.patch, suppressed)
                for checked in self.patches
                for suppressed in checked.suppressed
            ),
            *((None, finding_) for finding_ in self.suppressed_series),
        )


class CheckRun(NamedTuple):
    """What all patches of a run are checked with."""

    rules: tuple[Rule, ...]
    options: Options
    profile: Project
    tree: Tree | None
    history: HistoryFacts | None
    trees: Mapping[int, Callable[[], Tree]] = MappingProxyType({})
    built: Mapping[int, tuple[BuildProblem, ...]] = MappingProxyType({})

    def context(
        self, patch: Patch, series: Series, progress: Progress = silent
    ) -> Context:
        """A fresh context for one patch.

        Its tree is what the patches before it in its series make of the run's.
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
        return context

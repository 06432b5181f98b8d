# SPDX-License-Identifier: GPL-2.0-or-later
"""Build the files changed by each commit of a series, before and after the commit.

New diagnostics become problems.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, starmap
from typing import Any, NamedTuple

from patchpilot.building.configuration import Configuration, require_tools
from patchpilot.building.diagnostics import (
    ERROR,
    MODPOST,
    UNDEFINED,
    Diagnostic,
    ObjectReport,
    names_in,
)
from patchpilot.building.kconfig_names import is_kconfig, kconfig_problems
from patchpilot.building.make_objects import Maker
from patchpilot.building.module_symbols import division_in, missing_symbols
from patchpilot.building.new_diagnostics import find_new_diagnostics, problem_of
from patchpilot.building.plan import (
    BuildOptions,
    Change,
    Plan,
    is_target,
)
from patchpilot.building.results import find_report, keep_report
from patchpilot.building.semantic_patches import (
    KIND,
    key_of_tool,
    run_scripts,
    scripts_for,
    text_around,
)
from patchpilot.building.tree_state import TreeState
from patchpilot.building.work_place import WorkPlace
from patchpilot.cache.entries import get_or_compute
from patchpilot.commits.repository import Repository
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.built_commit import BuiltConfiguration, SkippedFile
from patchpilot.model.printable import counted
from patchpilot.model.progress import Progress

NOT_BUILT, BROKEN_COMMIT = "not-built", "broken-commit"
_MOST_ERRORS = 5
_NAME, _CALLED = re.compile(r"\w+"), re.compile(r"(\w+)\s*\(")
_NOTHING, _MISSING = ObjectReport((), True), ObjectReport((), False)


class Built(NamedTuple):
    """The result of a build.

    It has the problems of each change, the configurations, the number of objects that were compiled
    (the others were cached), and what was built for each change.
    """

    problems: Sequence[tuple[BuildProblem, ...]]
    configurations: Sequence[str]
    compiled: int
    known: int
    tried: Sequence[Sequence[BuiltConfiguration]]


class SeriesBuild:
    """The build of one series."""

    def __init__(
        self,
        repository: Repository,
        changes: Sequence[Change],
        options: BuildOptions,
        place: WorkPlace,
        progress: Progress,
    ) -> None:
        self._repository, self._changes = repository, changes
        self._options, self._place = options, place
        self._reports: dict[tuple[str, str], ObjectReport] = {}
        self._failures = defaultdict[str, list[str]](list)
        self._progress, self._left = progress, 0
        self.compiled = self.known = 0

    def run(self, plan: Plan) -> Built:
        """Run the planned builds and compare their output."""
        found = [[BuildProblem(NOT_BUILT, text) for text in row] for row in plan.notes]
        tried: list[list[BuiltConfiguration]] = [[] for _ in self._changes]
        arches = {made.source_arch: None for made, _ in plan.configurations}
        touched = [file.path for change in self._changes for file in change.files]
        self._place.narrow([*chain(*plan.sources), *touched], arches)
        builds = [
            (
                made,
                [tuple(path for path in own if path in some) for own in plan.sources],
            )
            for made, some in plan.configurations
        ]
        self._left = 2 * sum(len(some) for _, own in builds for some in own)
        for configuration, own in builds:
            self._reports.clear()
            self._failures.clear()
            self._build(configuration, own)
            for number, paths in enumerate(own):
                found[number] += self._problems(configuration, number, paths)
                state = self._changes[number].after
                tried[number].append(self._split_built(configuration, state, paths))
        for change, problems in zip(self._changes, found, strict=True):
            problems += self._static_problems(change)
        return Built(
            [*map(_distinct, found)],
            [configuration.label for configuration, _ in builds],
            self.compiled,
            self.known,
            tried,
        )

    def _show_step(self, what: str, done: int = 0, total: int | None = None) -> None:
        """Show a step with the number of remaining objects."""
        left = f" · {counted(self._left, 'object')} left" if self._left > 0 else ""
        self._progress(f"{what}{left}", done, total)

    def _split_built(
        self, configuration: Configuration, state: TreeState, paths: Sequence[str]
    ) -> BuiltConfiguration:
        """Split a state's files into those built in a configuration and those that are not."""
        left = [path for path in paths if not self._is_built(state, path)]
        return BuiltConfiguration(
            configuration.arch,
            configuration.compiler,
            ".config" if configuration.given else "smallest",
            tuple(path for path in paths if path not in left),
            tuple(
                SkippedFile(path, self._why_not(state, path))
                for path in left
                if path in state.files
            ),
            configuration.uses_sparse,
        )

    def _why_not(self, state: TreeState, path: str) -> str:
        """Return the reason why make did not build a changed file."""
        report = self._reports.get((state.commit, path), _NOTHING)
        errors = (one.text for one in report.diagnostics if one.kind == ERROR)
        reasons = (*errors, *self._failures[state.commit])
        return (*reasons, "make does not build its object")[0]

    def _static_problems(self, change: Change) -> Iterator[BuildProblem]:
        """Yield the problems of a change that can be found without building."""
        yield from kconfig_problems(change.after, change.files)
        if not self._options.quick and key_of_tool():
            yield from self._semantic(change)

    def _semantic(self, change: Change) -> Iterator[BuildProblem]:
        """Yield new reports from the tree's semantic patches on a change's files."""
        for file in change.files:
            lines = [line.new_line or 0 for line in file.lines("+")]
            if not lines or not file.path.endswith(".c") or not is_target(file.path):
                continue
            text = text_around(change.after.read(file.path) or "", lines)
            scripts = tuple(scripts_for(change.after, text, self._show_step))
            after = self._scripts(change.after, file.path, scripts)
            before = after and self._scripts(change.before, file.path, scripts)
            for one in find_new_diagnostics(before, after, change.files):
                yield problem_of(one, change.files)

    def _scripts(
        self, state: TreeState, path: str, scripts: tuple[str, ...]
    ) -> tuple[Diagnostic, ...]:
        if not scripts or path not in state.files:
            return ()

        def run() -> list[tuple[Any, ...]]:
            self._place.checkout(self._repository, state, self._show_step)
            found = run_scripts(self._place.tree, state, path, scripts, self._show_step)
            return list(map(tuple, dict.fromkeys(found)))

        key = key_of_tool(), *scripts, path, state.build_digest, state.digest((path,))
        return tuple(starmap(Diagnostic, get_or_compute(KIND, key, run)))

    def _build(
        self,
        configuration: Configuration,
        own: Sequence[tuple[str, ...]],
    ) -> None:
        """Build each change's files after it and, if their outputs must be compared, before it."""
        for change, paths in reversed(list(zip(self._changes, own, strict=True))):
            self._build_state(configuration, change.after, paths)
            doubtful = self._doubtful(change, paths)
            self._left -= len(paths) - len(doubtful)
            self._build_state(configuration, change.before, doubtful)
            if not paths and any(is_kconfig(file.path) for file in change.files):
                self._configure(configuration, change.after)

    def _doubtful(self, change: Change, paths: Sequence[str]) -> list[str]:
        """Return the files whose output after a change may contain something new."""
        names, are_called = _new_names(change)

        def is_doubtful(path: str) -> bool:
            report = self._reports.get((change.after.commit, path), _NOTHING)
            return not report.is_built or any(
                diagnostic.kind != UNDEFINED
                or are_called
                or diagnostic.text in names
                or division_in(change.files, path, diagnostic.text)
                for diagnostic in report.diagnostics
            )

        return list(filter(is_doubtful, paths))

    def _build_state(
        self,
        configuration: Configuration,
        state: TreeState,
        paths: Sequence[str],
    ) -> None:
        missing = []
        for path in paths:
            report = self._reports.get((state.commit, path))
            if path not in state.files:
                report = _NOTHING
            elif report is None:
                report = find_report(path, configuration.key, state)
                self.known += report is not None
            if report:
                self._reports[state.commit, path] = report
                self._left -= 1
            else:
                missing.append(path)
        if missing:
            self._make(configuration, state, missing)

    def _make(
        self,
        configuration: Configuration,
        state: TreeState,
        paths: Sequence[str],
    ) -> None:
        maker = self._configure(configuration, state)
        if maker is None:
            return
        reports = maker.objects(paths)
        is_built = all(report.is_built for report in reports.values())
        if maker.lacks_file and not is_built and self._place.widen():
            self._make(configuration, state, paths)
            return
        self._left -= len(reports)
        self.compiled += len(reports)
        for path, report in reports.items():
            self._reports[state.commit, path] = report
            made_of = maker.find_sources(path) if report.is_built else ()
            if report.is_built or report.diagnostics:
                keep_report(report, made_of, path, configuration.key, state)

    def _configure(
        self, configuration: Configuration, state: TreeState
    ) -> Maker | None:
        """Create a configuration for a state; if that fails, record the reason."""
        require_tools(configuration.compiler)
        self._place.checkout(self._repository, state, self._show_step)
        output = self._place.folder / configuration.folder
        output.mkdir(exist_ok=True)
        tree, jobs = self._place.tree, self._options.jobs
        maker = Maker(tree, output, configuration, jobs, self._show_step)
        lost, failure = maker.configure(state.build_digest)
        if failure and maker.lacks_file and self._place.widen():
            return self._configure(configuration, state)
        names = ", ".join(f"CONFIG_{name}" for name in lost)
        why = failure or (names and f"{names} did not stay enabled")
        if why:
            text = f"configuration {configuration.label}: {why}"
            self._failures[state.commit].append(text)
        return None if failure else maker

    def _problems(
        self,
        configuration: Configuration,
        number: int,
        paths: tuple[str, ...],
    ) -> Iterator[BuildProblem]:
        """Yield a change's problems in one configuration."""
        change = self._changes[number]
        doubtful = self._doubtful(change, paths)
        before = self._diagnostics(change.before, doubtful)
        after = self._diagnostics(change.after, doubtful)
        new = find_new_diagnostics(before, after, change.files)
        repair = ""
        if errors := [diagnostic for diagnostic in new if diagnostic.kind == ERROR]:
            # ignore everything else printed about code that does not compile
            new = tuple(errors[:_MOST_ERRORS])
            repair = self._find_repairing_commit(configuration, number, paths)
        undefined = [diagnostic for diagnostic in new if diagnostic.kind == UNDEFINED]
        yield from self._unresolved_symbols(configuration, change, undefined)
        for diagnostic in new:
            if diagnostic.kind == UNDEFINED:
                continue
            problem = problem_of(diagnostic, change.files)
            text = f"{problem.message} ({configuration.label})"
            if repair:
                text = f"{text}; repaired by {repair}"
                problem = problem._replace(kind=BROKEN_COMMIT)
            yield problem._replace(message=text)
        for text in self._failures[change.after.commit]:
            yield _kconfig_problem(text, change) or BuildProblem(NOT_BUILT, text)
        if not errors:
            yield from self._unbuilt(configuration, change, paths)

    def _unresolved_symbols(
        self,
        configuration: Configuration,
        change: Change,
        undefined: Sequence[Diagnostic],
    ) -> Iterator[BuildProblem]:
        """Yield new undefined symbols that no module will provide to an object."""
        by_name = {diagnostic.text: diagnostic for diagnostic in undefined}
        if not by_name:
            return
        is_module = not (configuration.minimal or configuration.given)
        missing = missing_symbols(
            change.after,
            {name: one.path for name, one in by_name.items()},
            configuration.source_arch,
            is_module=is_module,
        )
        for name, why in missing:
            one = by_name[name]
            text = f"undefined symbol '{name}' ({configuration.label}): {why}"
            line = division_in(change.files, one.path, name)
            at = one._replace(kind=MODPOST, text=text, line=line)
            yield problem_of(at, change.files)

    def _unbuilt(
        self, configuration: Configuration, change: Change, paths: tuple[str, ...]
    ) -> Iterator[BuildProblem]:
        """Yield a problem for each file that make did not build."""
        for file in self._split_built(configuration, change.after, paths).skipped:
            if (change.after.commit, file.path) in self._reports:
                is_new = self._is_built(change.before, file.path)
                when = "" if is_new else "before or after the patch "
                text = f"{file.path} was not built {when}({configuration.label})"
                yield BuildProblem(NOT_BUILT, f"{text}: {file.why}", file.path)

    def _diagnostics(self, state: TreeState, paths: Sequence[str]) -> list[Diagnostic]:
        """Return the diagnostics for files in a state, without repeats from headers."""
        found = {
            diagnostic: None
            for path in paths
            for diagnostic in self._reports.get(
                (state.commit, path), _NOTHING
            ).diagnostics
        }
        return list(found)

    def _find_repairing_commit(
        self,
        configuration: Configuration,
        number: int,
        paths: Sequence[str],
    ) -> str:
        """Return the first later commit that makes all objects of a change build, or ""."""
        state = self._changes[number].after
        broken = [path for path in paths if not self._is_built(state, path)]
        rest = self._changes[number + 1 :] if broken else ()
        for later, change in enumerate(rest, number + 2):
            self._build_state(configuration, change.after, broken)
            if all(self._is_built(change.after, path) for path in broken):
                return f'patch {later}, "{change.title}"'
        return ""

    def _is_built(self, state: TreeState, path: str) -> bool:
        return self._reports.get((state.commit, path), _MISSING).is_built


def _new_names(change: Change) -> tuple[set[str], bool]:
    """Return the names added by a change that may refer to other symbols.

    Also return whether an added line calls a new name, or a preprocessor line was removed.
    """
    new: set[str] = set()
    gone: set[str] = set()
    called: set[str] = set()
    is_uncovered = False
    for file in change.files:
        added, removed = ([it.text for it in file.lines(sign)] for sign in "+-")
        old = file.old_path and change.before.read(file.old_path)
        text = "\n".join(added)
        new |= set(_NAME.findall(text)) - set(_NAME.findall(old or ""))
        called |= set(_CALLED.findall(text))
        gone |= set(_NAME.findall("\n".join(removed)))
        is_uncovered |= any(line.lstrip().startswith("#") for line in removed)
    return new | gone, is_uncovered or not new.isdisjoint(called)


def _kconfig_problem(text: str, change: Change) -> BuildProblem | None:
    """Return the problem if configuring failed in a Kconfig file that the patch changes."""
    found = re.search(r"(\S*Kconfig\S*):(\d+): ?(.*)", text)
    if not found or not any(file.path == found[1] for file in change.files):
        return None
    text = f"Kconfig cannot be read: {found[3]}"
    return problem_of(Diagnostic(ERROR, found[1], int(found[2]), 0, text), change.files)


def _distinct(problems: Sequence[BuildProblem]) -> tuple[BuildProblem, ...]:
    """Drop duplicates of problems that several configurations or compilers report."""
    found: dict[tuple[object, ...], BuildProblem] = {}
    for problem in problems:
        bare = problem.message.rpartition(" (")[0].partition(" [-W")[0]
        # compilers word the same warning differently, so compare the quoted names
        key = problem.path, problem.line, names_in(bare) or bare
        is_note = problem.kind == NOT_BUILT
        found.setdefault((problem.message,) if is_note else key, problem)
    return tuple(found.values())

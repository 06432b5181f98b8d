# SPDX-License-Identifier: GPL-2.0-or-later
"""Build the files changed by each commit of a series, before and after the commit, and report new
diagnostics.
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
from patchpilot.building.results import cache_report, find_report
from patchpilot.building.semantic_patches import (
    KIND,
    key_of_tool,
    run_scripts,
    scripts_for,
    text_around,
)
from patchpilot.building.tree_state import TreeState
from patchpilot.building.work_place import Workspace
from patchpilot.cache.entries import get_or_compute
from patchpilot.commits.repository import Repository
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.built_commit import BuiltConfiguration, SkippedFile
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress

NOT_BUILT, BROKEN_COMMIT = "not-built", "broken-commit"
_MAX_ERRORS = 5
_NAME, _CALL = re.compile(r"\w+"), re.compile(r"(\w+)\s*\(")
_EMPTY_REPORT, _NO_REPORT = ObjectReport((), True), ObjectReport((), False)


class Built(NamedTuple):
    """The result of building a series.

    `problems` and `tried` have one item for each change; `tried` contains the configurations that
    were built. `compiled` is the number of compiled objects, and `known` the number of cached ones.
    """

    problems: Sequence[tuple[BuildProblem, ...]]
    configurations: Sequence[str]
    compiled: int
    known: int
    tried: Sequence[Sequence[BuiltConfiguration]]


class SeriesBuild:
    """A run that builds each commit of a series and compares the diagnostics."""

    def __init__(
        self,
        repository: Repository,
        changes: Sequence[Change],
        options: BuildOptions,
        workspace: Workspace,
        progress: Progress,
    ) -> None:
        self._repository, self._changes = repository, changes
        self._options, self._workspace = options, workspace
        self._reports: dict[tuple[str, str], ObjectReport] = {}
        self._failures = defaultdict[str, list[str]](list)
        self._progress, self._remaining = progress, 0
        self.compiled = self.known = 0

    def run(self, plan: Plan) -> Built:
        """Run the planned builds and compare the diagnostics."""
        problems_by_change = [
            [BuildProblem(NOT_BUILT, note) for note in change_notes] for change_notes in plan.notes
        ]
        built: list[list[BuiltConfiguration]] = [[] for _ in self._changes]
        arches = {planned.source_arch: None for planned, _ in plan.configurations}
        changed_paths = [file.path for change in self._changes for file in change.files]
        self._workspace.narrow([*chain(*plan.sources), *changed_paths], arches)
        builds = [
            (
                planned,
                [
                    tuple(path for path in change_paths if path in config_paths)
                    for change_paths in plan.sources
                ],
            )
            for planned, config_paths in plan.configurations
        ]
        self._remaining = 2 * sum(
            len(config_paths) for _, change_paths in builds for config_paths in change_paths
        )
        for configuration, change_paths in builds:
            self._reports.clear()
            self._failures.clear()
            self._build(configuration, change_paths)
            for number, paths in enumerate(change_paths):
                problems_by_change[number] += self._problems(configuration, number, paths)
                state = self._changes[number].after
                built[number].append(self._split_built(configuration, state, paths))
        for change, problems in zip(self._changes, problems_by_change, strict=True):
            problems += self._static_problems(change)
        return Built(
            [*map(_drop_duplicates, problems_by_change)],
            [configuration.label for configuration, _ in builds],
            self.compiled,
            self.known,
            built,
        )

    def _show_step(self, what: str, done: int = 0, total: int | None = None) -> None:
        remaining = (
            f" · {format_count(self._remaining, 'object')} left" if self._remaining > 0 else ""
        )
        self._progress(f"{what}{remaining}", done, total)

    def _split_built(
        self, configuration: Configuration, state: TreeState, paths: Sequence[str]
    ) -> BuiltConfiguration:
        unbuilt = [path for path in paths if not self._is_built(state, path)]
        return BuiltConfiguration(
            configuration.arch,
            configuration.compiler,
            ".config" if configuration.given else "smallest",
            tuple(path for path in paths if path not in unbuilt),
            tuple(
                SkippedFile(path, self._unbuilt_reason(state, path))
                for path in unbuilt
                if path in state.files
            ),
            configuration.uses_sparse,
        )

    def _unbuilt_reason(self, state: TreeState, path: str) -> str:
        report = self._reports.get((state.commit, path), _EMPTY_REPORT)
        errors = (diagnostic.text for diagnostic in report.diagnostics if diagnostic.kind == ERROR)
        reasons = (*errors, *self._failures[state.commit])
        return (*reasons, "make does not build its object")[0]

    def _static_problems(self, change: Change) -> Iterator[BuildProblem]:
        yield from kconfig_problems(change.after, change.files)
        if not self._options.quick and key_of_tool():
            yield from self._semantic_problems(change)

    def _semantic_problems(self, change: Change) -> Iterator[BuildProblem]:
        for file in change.files:
            lines = [line.new_line or 0 for line in file.lines("+")]
            if not lines or not file.path.endswith(".c") or not is_target(file.path):
                continue
            code = text_around(change.after.read(file.path) or "", lines)
            scripts = tuple(scripts_for(change.after, code, self._show_step))
            after = self._run_scripts_cached(change.after, file.path, scripts)
            before = after and self._run_scripts_cached(change.before, file.path, scripts)
            for diagnostic in find_new_diagnostics(before, after, change.files):
                yield problem_of(diagnostic, change.files)

    def _run_scripts_cached(
        self, state: TreeState, path: str, scripts: tuple[str, ...]
    ) -> tuple[Diagnostic, ...]:
        if not scripts or path not in state.files:
            return ()

        def run() -> list[tuple[Any, ...]]:
            self._workspace.checkout(self._repository, state, self._show_step)
            reports = run_scripts(self._workspace.tree, state, path, scripts, self._show_step)
            return list(map(tuple, dict.fromkeys(reports)))

        key = key_of_tool(), *scripts, path, state.build_digest, state.digest((path,))
        return tuple(starmap(Diagnostic, get_or_compute(KIND, key, run)))

    def _build(
        self,
        configuration: Configuration,
        paths_by_change: Sequence[tuple[str, ...]],
    ) -> None:
        """Build each change's files after the change and, if they have diagnostics, before it."""
        for change, paths in reversed(list(zip(self._changes, paths_by_change, strict=True))):
            self._build_state(configuration, change.after, paths)
            doubtful = self._paths_to_compare(change, paths)
            self._remaining -= len(paths) - len(doubtful)
            self._build_state(configuration, change.before, doubtful)
            if not paths and any(is_kconfig(file.path) for file in change.files):
                self._configure(configuration, change.after)

    def _paths_to_compare(self, change: Change, paths: Sequence[str]) -> list[str]:
        """Return the files with diagnostics that the change may have caused."""
        names, are_called = _new_names(change)

        def is_doubtful(path: str) -> bool:
            report = self._reports.get((change.after.commit, path), _EMPTY_REPORT)
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
                report = _EMPTY_REPORT
            elif report is None:
                report = find_report(path, configuration.key, state)
                self.known += report is not None
            if report:
                self._reports[state.commit, path] = report
                self._remaining -= 1
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
        if maker.lacks_file and not is_built and self._workspace.widen():
            self._make(configuration, state, paths)
            return
        self._remaining -= len(reports)
        self.compiled += len(reports)
        for path, report in reports.items():
            self._reports[state.commit, path] = report
            made_of = maker.find_sources(path) if report.is_built else ()
            if report.is_built or report.diagnostics:
                cache_report(report, made_of, path, configuration.key, state)

    def _configure(self, configuration: Configuration, state: TreeState) -> Maker | None:
        """Configure a tree state and return its Maker.

        If this fails, record the reason and return None.
        """
        require_tools(configuration.compiler)
        self._workspace.checkout(self._repository, state, self._show_step)
        output = self._workspace.open_output(configuration.folder)
        tree, jobs = self._workspace.tree, self._options.jobs
        maker = Maker(tree, output, configuration, jobs, self._show_step)
        unset_symbols, failure = maker.configure(state.build_digest)
        if failure and maker.lacks_file and self._workspace.widen():
            return self._configure(configuration, state)
        names = ", ".join(f"CONFIG_{name}" for name in unset_symbols)
        reason = failure or (names and f"{names} did not stay enabled")
        if reason:
            message = f"configuration {configuration.label}: {reason}"
            self._failures[state.commit].append(message)
        return None if failure else maker

    def _problems(
        self,
        configuration: Configuration,
        number: int,
        paths: tuple[str, ...],
    ) -> Iterator[BuildProblem]:
        change = self._changes[number]
        doubtful = self._paths_to_compare(change, paths)
        before = self._diagnostics(change.before, doubtful)
        after = self._diagnostics(change.after, doubtful)
        new_diagnostics = find_new_diagnostics(before, after, change.files)
        repair = ""
        if errors := [diagnostic for diagnostic in new_diagnostics if diagnostic.kind == ERROR]:
            # if the code does not compile, report only errors
            new_diagnostics = tuple(errors[:_MAX_ERRORS])
            repair = self._find_repairing_commit(configuration, number, paths)
        undefined = [diagnostic for diagnostic in new_diagnostics if diagnostic.kind == UNDEFINED]
        yield from self._unresolved_symbols(configuration, change, undefined)
        for diagnostic in new_diagnostics:
            if diagnostic.kind == UNDEFINED:
                continue
            problem = problem_of(diagnostic, change.files)
            message = f"{problem.message} ({configuration.label})"
            if repair:
                message = f"{message}; repaired by {repair}"
                problem = problem._replace(kind=BROKEN_COMMIT)
            yield problem._replace(message=message)
        for message in self._failures[change.after.commit]:
            yield _kconfig_problem(message, change) or BuildProblem(NOT_BUILT, message)
        if not errors:
            yield from self._unbuilt(configuration, change, paths)

    def _unresolved_symbols(
        self,
        configuration: Configuration,
        change: Change,
        undefined: Sequence[Diagnostic],
    ) -> Iterator[BuildProblem]:
        """Yield new undefined symbols that are not provided by any module."""
        by_name = {diagnostic.text: diagnostic for diagnostic in undefined}
        if not by_name:
            return
        is_module = not (configuration.minimal or configuration.given)
        missing = missing_symbols(
            change.after,
            {name: undefined_symbol.path for name, undefined_symbol in by_name.items()},
            configuration.source_arch,
            is_module=is_module,
        )
        for name, reason in missing:
            undefined_symbol = by_name[name]
            message = f"undefined symbol '{name}' ({configuration.label}): {reason}"
            line = division_in(change.files, undefined_symbol.path, name)
            located = undefined_symbol._replace(kind=MODPOST, text=message, line=line)
            yield problem_of(located, change.files)

    def _unbuilt(
        self, configuration: Configuration, change: Change, paths: tuple[str, ...]
    ) -> Iterator[BuildProblem]:
        for file in self._split_built(configuration, change.after, paths).skipped:
            if (change.after.commit, file.path) in self._reports:
                is_new = self._is_built(change.before, file.path)
                state_note = "" if is_new else "before or after the patch "
                message = f"{file.path} was not built {state_note}({configuration.label})"
                yield BuildProblem(NOT_BUILT, f"{message}: {file.why}", file.path)

    def _diagnostics(self, state: TreeState, paths: Sequence[str]) -> list[Diagnostic]:
        """Return the diagnostics of files in a tree state.

        Diagnostics in headers that several files include are returned once.
        """
        diagnostics = {
            diagnostic: None
            for path in paths
            for diagnostic in self._reports.get((state.commit, path), _EMPTY_REPORT).diagnostics
        }
        return list(diagnostics)

    def _find_repairing_commit(
        self,
        configuration: Configuration,
        number: int,
        paths: Sequence[str],
    ) -> str:
        """Return the first later commit that makes all objects of a change buildable, or ""."""
        state = self._changes[number].after
        broken = [path for path in paths if not self._is_built(state, path)]
        later_changes = self._changes[number + 1 :] if broken else ()
        for patch_number, change in enumerate(later_changes, number + 2):
            self._build_state(configuration, change.after, broken)
            if all(self._is_built(change.after, path) for path in broken):
                return f'patch {patch_number}, "{change.title}"'
        return ""

    def _is_built(self, state: TreeState, path: str) -> bool:
        return self._reports.get((state.commit, path), _NO_REPORT).is_built


def _new_names(change: Change) -> tuple[set[str], bool]:
    """Return the names that a change adds or removes.

    Also return whether it may cause undefined symbols with other names, because an added line calls
    a new name or a preprocessor line was removed.
    """
    new_names: set[str] = set()
    removed_names: set[str] = set()
    called: set[str] = set()
    is_uncovered = False
    for file in change.files:
        added, removed_lines = ([diff_line.text for diff_line in file.lines(sign)] for sign in "+-")
        old_text = file.old_path and change.before.read(file.old_path)
        added_text = "\n".join(added)
        new_names |= set(_NAME.findall(added_text)) - set(_NAME.findall(old_text or ""))
        called |= set(_CALL.findall(added_text))
        removed_names |= set(_NAME.findall("\n".join(removed_lines)))
        is_uncovered |= any(line.lstrip().startswith("#") for line in removed_lines)
    return new_names | removed_names, is_uncovered or not new_names.isdisjoint(called)


def _kconfig_problem(message: str, change: Change) -> BuildProblem | None:
    """Convert make's message to a problem if a Kconfig file changed by the patch is unreadable."""
    match = re.search(r"(\S*Kconfig\S*):(\d+): ?(.*)", message)
    if not match or not any(file.path == match[1] for file in change.files):
        return None
    message = f"Kconfig cannot be read: {match[3]}"
    return problem_of(Diagnostic(ERROR, match[1], int(match[2]), 0, message), change.files)


def _drop_duplicates(problems: Sequence[BuildProblem]) -> tuple[BuildProblem, ...]:
    """Drop duplicates of problems reported for several configurations or compilers."""
    unique: dict[tuple[object, ...], BuildProblem] = {}
    for problem in problems:
        message = problem.message.rpartition(" (")[0].partition(" [-W")[0]
        # gcc and clang word the same warning differently, so compare only the quoted names
        key = problem.path, problem.line, names_in(message) or message
        is_note = problem.kind == NOT_BUILT
        unique.setdefault((problem.message,) if is_note else key, problem)
    return tuple(unique.values())

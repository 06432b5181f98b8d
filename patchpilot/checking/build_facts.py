# SPDX-License-Identifier: GPL-2.0-or-later
"""Build the objects affected by patches, and collect the problems."""

import shutil
from collections.abc import Iterator, Sequence
from itertools import takewhile

from patchpilot.building.configuration import OPTIONAL_PROGRAMS
from patchpilot.building.diagnostics import ERROR
from patchpilot.building.kconfig_names import kconfig_problems
from patchpilot.building.plan import BUILT, BuildOptions, Change, make_plan
from patchpilot.building.record import record_build
from patchpilot.building.series import (
    BROKEN_COMMIT,
    NOT_BUILT,
    Built,
    SeriesBuild,
)
from patchpilot.building.tree_state import TreeState
from patchpilot.building.work_place import workspace_of
from patchpilot.checking.result import BuildFacts
from patchpilot.commits import confinement
from patchpilot.commits.build_trust import (
    list_build_changes,
    refuse_unconfined,
    refuse_untrusted_build,
)
from patchpilot.commits.private_config import is_trusted_command
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, UsageError
from patchpilot.model.action import Action
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.built_commit import BuiltCommit
from patchpilot.model.patch import Patch, Series
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress
from patchpilot.projects.project import Project

_NO_COMMIT = BuildProblem(NOT_BUILT, "not a commit of the repository: not built")
_NOTHING_BUILT = "nothing was built: no object file is affected"
_TRUST = f"not built before `{Action('trust', ('--build-changes', 'RANGE'))}`"
_UNTRUSTED = BuildProblem(
    NOT_BUILT,
    f"this machine cannot confine the build of untrusted code: {_TRUST}",
)


def build_facts(
    repository: Repository | None,
    project: Project,
    every_series: Sequence[Series],
    options: BuildOptions,
    progress: Progress,
) -> BuildFacts:
    """Build the objects of the changed files and return the problems found.

    If the user does not trust the tree, raise `UntrustedCommandsError` before running any code from
    it.
    """
    if repository is None:
        raise MissingError(
            "--build requires a repository",
            hint="run the command in the kernel's repository",
        )
    refuse_untrusted_build(repository.top)
    if not project.kernel:
        raise UsageError(
            f"--build: {repository.top} is not a kernel tree",
            hint="only objects of a kernel tree can be built",
        )
    for patch, start in list_commits_with_start(every_series):
        commit = patch.commit or ""
        refuse_unconfined(list_build_changes(repository.top, repository.top, commit, start))
    return build_in(repository, repository, every_series, options, progress)


def build_in(
    repository: Repository,
    kept_for: Repository,
    every_series: Sequence[Series],
    options: BuildOptions,
    progress: Progress,
) -> BuildFacts:
    """Build commits of a trusted repository, and return the problems found.

    The build directories belong to the repository `kept_for`, which may be the same.
    """
    patches = [patch for series in every_series for patch in series.patches]
    committed = [
        patch
        for patch, _ in takewhile(
            lambda pair: runs_trusted_code(*pair, repository, kept_for),
            list_commits_with_start(every_series),
        )
    ]
    changes = _changes(repository, committed)
    trusted = {id(patch) for patch in committed}
    not_built = [patch for patch in patches if id(patch) not in trusted]
    problems = {id(patch): tuple(_problems_without_build(repository, patch)) for patch in not_built}
    untrusted = [patch for patch in not_built if patch.commit]
    note = f"; {format_count(len(untrusted), 'commit')} {_TRUST}" if untrusted else ""
    if not changes:
        return BuildFacts(problems, f"nothing was built{note}")
    progress("choosing the files to build")
    plan = make_plan(changes, options)
    directory = workspace_of(kept_for, options.place)
    with directory.lock():
        build = SeriesBuild(repository, changes, options, directory, progress)
        built = build.run(plan)
        if built.compiled:
            directory.shrink()
    commits = []
    for patch, problems_found, tried in zip(committed, built.problems, built.tried, strict=True):
        problems[id(patch)] = problems_found
        kinds = [problem.kind for problem in problems_found]
        reasons = (problem.message for problem in problems_found if problem.kind == NOT_BUILT)
        is_built = any(row.built for row in tried)
        commit = BuiltCommit(
            patch.commit or "",
            ERROR not in kinds and BROKEN_COMMIT not in kinds,
            tuple(tried),
            len(kinds) - kinds.count(NOT_BUILT),
            "" if is_built else next(reasons, _NOTHING_BUILT),
        )
        record_build(repository, commit)
        commits.append(commit)
    return BuildFacts(problems, f"{_describe_build(built)}{note}", tuple(commits))


def _problems_without_build(repository: Repository, patch: Patch) -> Iterator[BuildProblem]:
    if not patch.commit:
        yield _NO_COMMIT
        return
    yield from kconfig_problems(TreeState(repository, patch.commit), patch.files)
    if any(file.path.endswith(BUILT) for file in patch.files):
        yield _UNTRUSTED


def list_commits_with_start(
    every_series: Sequence[Series],
) -> list[tuple[Patch, str | None]]:
    """Return the patches that are commits, each with the start of its range, if any."""
    return [
        (patch, series.base) for series in every_series for patch in series.patches if patch.commit
    ]


def runs_trusted_code(
    patch: Patch, start: str | None, repository: Repository, kept_for: Repository
) -> bool:
    """Return whether this machine confines a build, or the user trusts the code of a commit.

    `start` is the start of the range that names the commit, if any.
    """
    commit = patch.commit or ""
    changes = list_build_changes(repository.top, kept_for.top, commit, start)
    return all(map(is_trusted_command, changes))


def _describe_build(built: Built) -> str:
    if not built.configurations:
        return _NOTHING_BUILT
    names = ", ".join(dict.fromkeys(built.configurations))
    missing = [
        f"{name} ({finds})" for name, finds in OPTIONAL_PROGRAMS.items() if not shutil.which(name)
    ]
    parts = (
        f"built in {format_count(len(built.configurations), 'configuration')}: {names}"
        f" ({format_count(built.compiled, 'object')} compiled, {built.known} known)",
        confinement.find_confinement().describe(),
        f"not installed: {', '.join(missing)}" if missing else "",
    )
    return "; ".join(filter(None, parts))


def _changes(repository: Repository, patches: Sequence[Patch]) -> list[Change]:
    """Return the commits as changes from one tree state to the next."""
    states: dict[str, TreeState] = {}
    changes = []
    for patch in patches:
        commit = repository.commit(patch.commit or "")
        if not commit.parents:
            raise UsageError(f"--build: {commit.short} has no parent to compare with")
        parent, first = commit.parents[0], next(iter(states.values()), None)
        before = states.setdefault(parent, TreeState(repository, parent, first))
        after = states[commit.id] = TreeState(repository, commit.id, before)
        title = patch.subject.title
        changes.append(Change(before, after, patch.files, title))
    return changes

# SPDX-License-Identifier: GPL-2.0-or-later
"""Build the objects that patches affect, and collect the problems for the check."""

import shutil
from collections.abc import Iterator, Sequence
from itertools import takewhile

from patchpilot.building.build_series import (
    BROKEN_COMMIT,
    NOT_BUILT,
    Built,
    SeriesBuild,
)
from patchpilot.building.built_record import record_build
from patchpilot.building.configuration import OPTIONAL_PROGRAMS, sandbox
from patchpilot.building.diagnostics import ERROR
from patchpilot.building.kconfig_names import kconfig_problems
from patchpilot.building.plan import BUILT, BuildOptions, Change, make_plan
from patchpilot.building.tree_state import TreeState
from patchpilot.building.work_place import workspace_of
from patchpilot.checking.check_result import BuildFacts
from patchpilot.commits.build_trust import (
    build_change,
    refuse_untrusted_build,
    trusted_base,
)
from patchpilot.commits.private_config import is_trusted
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, UsageError
from patchpilot.model.action import Action
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.built_commit import BuiltCommit
from patchpilot.model.patch import Patch
from patchpilot.model.printable import counted
from patchpilot.model.progress import Progress
from patchpilot.projects.project import Project

_NO_COMMIT = BuildProblem(NOT_BUILT, "not a commit of the repository: not built")
_TRUST = f"not built before `{Action('trust', ('--build-changes', 'RANGE'))}`"
_UNTRUSTED = BuildProblem(
    NOT_BUILT,
    f"the patch or a commit before it changes code that the build runs: {_TRUST}",
)


def build_facts(
    repository: Repository | None,
    project: Project,
    patches: Sequence[Patch],
    options: BuildOptions,
    progress: Progress,
) -> BuildFacts:
    """Build the object files for the changed sources and return the problems found.

    Raise `UntrustedCommandsError`, before any code of the tree is run, if the user has not trusted
    the tree for builds.
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
    return build_in(repository, repository, patches, options, progress)


def build_in(
    repository: Repository,
    kept_for: Repository,
    patches: Sequence[Patch],
    options: BuildOptions,
    progress: Progress,
) -> BuildFacts:
    """Build the object files for the changed sources and return the problems found.

    The patches are commits of `repository`, which must be trusted. The build directories belong to
    the repository `kept_for`, which may be the same.
    """
    committed = list(
        takewhile(
            lambda patch: runs_trusted(patch, repository, kept_for),
            (patch for patch in patches if patch.commit),
        )
    )
    changes = _changes(repository, committed)
    trusted = {id(patch) for patch in committed}
    left = [patch for patch in patches if id(patch) not in trusted]
    problems = {id(patch): tuple(_without_trust(repository, patch)) for patch in left}
    closed = [patch for patch in left if patch.commit]
    note = f"; {counted(len(closed), 'commit')} {_TRUST}" if closed else ""
    if not changes:
        return BuildFacts(problems, f"nothing was built{note}")
    progress("choosing the files to build")
    plan = make_plan(changes, options)
    place = workspace_of(kept_for, options.place)
    with place.lock():
        build = SeriesBuild(repository, changes, options, place, progress)
        built = build.run(plan)
        if built.compiled:
            place.shrink()
    commits = []
    for patch, found, tried in zip(committed, built.problems, built.tried, strict=True):
        problems[id(patch)] = found
        kinds = [problem.kind for problem in found]
        commit = BuiltCommit(
            patch.commit or "",
            ERROR not in kinds and BROKEN_COMMIT not in kinds,
            tuple(tried),
            len(kinds) - kinds.count(NOT_BUILT),
        )
        record_build(repository, commit)
        commits.append(commit)
    return BuildFacts(problems, f"{_text(built)}{note}", tuple(commits))


def _without_trust(repository: Repository, patch: Patch) -> Iterator[BuildProblem]:
    """Yield the problems that a patch's text shows without a build."""
    if not patch.commit:
        yield _NO_COMMIT
        return
    yield from kconfig_problems(TreeState(repository, patch.commit), patch.files)
    if any(file.path.endswith(BUILT) for file in patch.files):
        yield _UNTRUSTED


def runs_trusted(patch: Patch, repository: Repository, kept_for: Repository) -> bool:
    """Return whether the user trusts the changes that a commit makes to build code."""
    commit = patch.commit or ""
    base = trusted_base(repository.top, kept_for.top, commit)
    # the parent commit is built as well
    parents = [it for it in repository.commit(commit).parents[:1] if it != base]
    changes = (
        build_change(repository.top, kept_for.top, it) for it in (*parents, commit)
    )
    return all(is_trusted(change) for change in changes if change)


def _text(built: Built) -> str:
    """Describe a build."""
    if not built.configurations:
        return "nothing was built: no object file is affected"
    names = ", ".join(dict.fromkeys(built.configurations))
    lacking = [
        f"{name} ({finds})"
        for name, finds in OPTIONAL_PROGRAMS.items()
        if not shutil.which(name)
    ]
    parts = (
        f"built in {counted(len(built.configurations), 'configuration')}: {names}"
        f" ({counted(built.compiled, 'object')} compiled, {built.known} known)",
        "" if sandbox() else "with network access, because this machine has no unshare",
        f"not installed: {', '.join(lacking)}" if lacking else "",
    )
    return "; ".join(filter(None, parts))


def _changes(repository: Repository, patches: Sequence[Patch]) -> list[Change]:
    """Return the states before and after each commit; the first one is read completely."""
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

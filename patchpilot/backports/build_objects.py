# SPDX-License-Identifier: GPL-2.0-or-later
"""Compile the objects that a backport changes, before and after each commit, as `patchpilot build`
does.
"""

import os
import shlex
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from patchpilot.backports.branch_result import BranchResult
from patchpilot.building.diagnostics import ERROR, MODPOST, names_in
from patchpilot.building.plan import BuildOptions
from patchpilot.building.series import BROKEN_COMMIT, NOT_BUILT
from patchpilot.building.tree_state import TreeState
from patchpilot.checking.build_facts import build_in
from patchpilot.commits.build_trust import refuse_untrusted_build
from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.json_form import json_form
from patchpilot.model.printable import join_words
from patchpilot.model.progress import Progress
from patchpilot.model.source_tree import Tree
from patchpilot.projects.loading import project_of_tree
from patchpilot.topic.read_series import read_series

OBJECTS = "objects"
"""Value of --build that compiles the changed files instead of running a command."""
_MOST_NAMES = 50
_FATAL = (ERROR, BROKEN_COMMIT, MODPOST)
FAILED = 2
"""Exit code if an object does not compile, the same as make's."""


@json_form("branch exit_code=code tail warnings")
class BranchBuild(NamedTuple):
    """The result of building a backported fix on a branch.

    `tail` is the end of the output, or the compile errors. `warnings` lists the new warnings if
    objects were compiled.
    """

    branch: str
    code: int
    tail: str
    warnings: tuple[str, ...] = ()


def require_compilable(repository: Repository, tree: Tree) -> None:
    """Raise an error if compiling the objects of a tree is not possible or not permitted.

    Raise `UsageError` if it is not a kernel tree, and `UntrustedCommandsError` if the user does not
    trust the repository for builds.
    """
    project = project_of_tree(tree)
    if project is None or not project.kernel:
        raise UsageError(
            f"--build {OBJECTS} requires a kernel tree",
            hint="use a command, for example --build 'make -j8'",
        )
    refuse_untrusted_build(repository.top)


def compile_objects(
    repository: Repository,
    clone: Path,
    branch: BranchResult,
    tip: str,
    progress: Progress,
) -> BranchBuild:
    """Compile the objects changed by the clone's commits after the branch's tip.

    Build only one configuration, for this machine, and use the repository's build cache.
    """
    options = BuildOptions(quick=True, jobs=os.cpu_count() or 1)
    with Repository.open(clone) as build_repository:
        (series,) = read_series([f"{branch.tip}..{tip}"], build_repository)
        facts = build_in(build_repository, repository, (series,), options, progress)
    problems = [
        problem for patch in series.patches for problem in facts.problems.get(id(patch), ())
    ]
    if fatal_problems := [problem for problem in problems if problem.kind in _FATAL]:
        missing_names = {name for problem in fatal_problems for name in names_in(problem.message)}
        lines = [
            *dict.fromkeys(map(_format_problem, fatal_problems)),
            *_missing_names_line(repository, branch.tip, missing_names),
        ]
        return BranchBuild(branch.branch, FAILED, "\n".join(lines))
    if not any(build.built for builds in facts.commits for build in builds.configurations):
        reasons = [problem.message for problem in problems if problem.kind == NOT_BUILT]
        return BranchBuild(branch.branch, -1, "\n".join(reasons) or "there is no object to compile")
    warnings = [_format_problem(problem) for problem in problems if problem.kind != NOT_BUILT]
    return BranchBuild(branch.branch, 0, "", tuple(dict.fromkeys(warnings)))


def _missing_names_line(repository: Repository, tip: str, names: Collection[str]) -> list[str]:
    """Return a line that lists the used names that the branch's sources lack, or [] if there are
    none.
    """
    tree = TreeState(repository, tip)
    names = sorted(names)[:_MOST_NAMES]
    found_names = names and tree.grep(names, "-h", "-o", "-w", "-F", paths=("*.[chS]",))
    missing_names = [name for name in names if name not in found_names]
    return [f"the branch does not have {join_words(missing_names)}"] if missing_names else []


def is_object_build(command: str | None) -> bool:
    """Return whether `--build` compiles only the changed files."""
    return command is not None and shlex.split(command) == [OBJECTS]


def _format_problem(problem: BuildProblem) -> str:
    kind = "warning" if problem.kind not in _FATAL else "error"
    location = f"{problem.path}:{problem.line}: " if problem.path and problem.line else ""
    return f"{location}{kind}: {problem.message}"

# SPDX-License-Identifier: GPL-2.0-or-later
"""Run external checkers on the patches of a check, and collect new problems."""

from collections.abc import Iterator, Sequence

from patchpilot.building.diagnostics import Diagnostic
from patchpilot.building.field_checkers import CHECKERS, Checker, reports
from patchpilot.building.new_diagnostics import find_new_diagnostics, problem_of
from patchpilot.checking.build_facts import runs_trusted
from patchpilot.checking.check_result import BuildFacts
from patchpilot.commits.build_trust import build_command
from patchpilot.commits.private_config import is_trusted
from patchpilot.commits.repository import Repository
from patchpilot.model.action import Action
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.built_commit import BuiltCommit
from patchpilot.model.patch import FileChange, Patch
from patchpilot.model.printable import counted
from patchpilot.model.progress import Progress
from patchpilot.projects.project import Project

_TRUST = Action("trust", ("--build",))


def checker_facts(
    repository: Repository | None,
    project: Project,
    patches: Sequence[Patch],
    built: Sequence[BuiltCommit],
    progress: Progress,
) -> BuildFacts:
    """Run the installed external checkers on files changed by commits of a kernel tree.

    They run on the files before and after each commit; reports that are new after the commit
    become problems. A script in the tree is run only if the user trusts the tree for builds, and
    not on files that were `built`, for which make runs it.
    """
    if repository is None or not project.kernel:
        return BuildFacts(
            {}, "no checker was run: checkers only work on commits of a kernel tree"
        )
    done = {
        (commit.commit, path)
        for commit in built
        for row in commit.configurations
        for path in row.built
    }
    rows = [
        (checker, patch, change)
        for checker in CHECKERS
        for patch in patches
        for change in patch.files
        if change.new_path
        and checker.pattern.fullmatch(change.new_path)
        and not (
            change.new_path.endswith(".c") and (patch.commit, change.new_path) in done
        )
    ]
    wanted = dict.fromkeys(checker for checker, _, _ in rows)
    committed = [patch for patch in patches if patch.commit]
    trusted = any(checker.runs_tree for checker in wanted) and (
        is_trusted(build_command(repository.top))
        and all(runs_trusted(patch, repository, repository) for patch in committed)
    )
    lacking = [checker for checker in wanted if not checker.is_there()]
    there = [checker for checker in wanted if checker not in lacking]
    closed = [checker for checker in there if checker.runs_tree and not trusted]
    usable = [checker for checker in there if checker not in closed]
    problems: dict[int, dict[BuildProblem, None]] = {}
    for number, (checker, patch, change) in enumerate(rows):
        progress("running checkers", number, len(rows))
        if checker in usable and patch.commit:
            own = problems.setdefault(id(patch), {})
            own |= dict.fromkeys(_problems(repository, patch, checker, change))
    others = len(patches) - len(committed)
    parts = (
        f"checkers: {_names(usable) or 'none for these files'}",
        f"not installed: {_names(lacking)}" if lacking else "",
        f"not run before `{_TRUST}`: {_names(closed)}" if closed else "",
        f"only commits are checked, {counted(others, 'patch', 'patches')} not"
        if others
        else "",
    )
    return BuildFacts(
        {patch: tuple(own) for patch, own in problems.items()},
        "; ".join(filter(None, parts)),
    )


def _names(checkers: Sequence[Checker]) -> str:
    return ", ".join(checker.name for checker in checkers)


def _problems(
    repository: Repository, patch: Patch, checker: Checker, change: FileChange
) -> Iterator[BuildProblem]:
    """Yield a checker's new reports on a file in a commit."""
    commit, old = repository.commit(patch.commit or ""), change.old_path
    after = reports(checker, repository, commit.id, change.path)
    if not after:
        return
    before: Sequence[Diagnostic] = ()
    if commit.parents and old:
        before = reports(checker, repository, commit.parents[0], old)
    for one in find_new_diagnostics(before, after, patch.files):
        yield problem_of(one, patch.files)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Run external checkers on patches, and collect the new problems they report."""

import functools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from patchpilot.building.field_checkers import (
    CHECKERS,
    Checker,
    is_about_unread_file,
    reports,
)
from patchpilot.building.new_diagnostics import find_new_diagnostics, problem_of
from patchpilot.checking.build_facts import list_commits_with_start, runs_trusted_code
from patchpilot.checking.result import BuildFacts
from patchpilot.commits.build_trust import is_build_trusted
from patchpilot.commits.repository import Repository
from patchpilot.model.action import Action
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.built_commit import BuiltCommit
from patchpilot.model.patch import FileChange, Patch, Series
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress
from patchpilot.projects.project import Project

_RUN, _MISSING = "checkers", "not installed"
_UNTRUSTED = f"not run before `{Action('trust', ('--build',))}`"


def checker_facts(
    repository: Repository | None,
    project: Project,
    every_series: Sequence[Series],
    built: Sequence[BuiltCommit],
    progress: Progress,
) -> BuildFacts:
    """Run the installed checkers on files changed by commits in a kernel tree.

    They run before and after each commit, and only new reports become problems. A script in the
    tree runs only if the user trusts the tree for builds. It does not run on the `built` files,
    because make has already run it on them.
    """
    if repository is None or not project.kernel:
        return BuildFacts({}, "no checker was run: checkers only work on commits of a kernel tree")
    patches = [patch for series in every_series for patch in series.patches]
    commits = list_commits_with_start(every_series)
    committed = [patch for patch, _ in commits]

    @functools.cache
    def may_run_tree() -> bool:
        return is_build_trusted(repository.top) and all(
            runs_trusted_code(*commit, repository, repository) for commit in commits
        )

    done = {
        (commit.commit, path)
        for commit in built
        for row in commit.configurations
        for path in row.built
        if path.endswith(".c")
    }
    rows = [
        (checker, patch, change)
        for checker in CHECKERS
        for patch in committed
        for change in patch.files
        if change.new_path
        and re.fullmatch(checker.pattern, change.new_path)
        and (patch.commit, change.new_path) not in done
    ]
    problems = defaultdict[int, dict[BuildProblem, None]](dict)
    names = {title: dict[str, None]() for title in (_RUN, _MISSING, _UNTRUSTED)}
    for number, (checker, patch, change) in enumerate(rows):
        progress("running checkers", number, len(rows))
        if not checker.is_there():
            names[_MISSING][f"{checker.name} ({checker.finds})"] = None
        elif checker.runs_tree and not may_run_tree():
            names[_UNTRUSTED][checker.name] = None
        else:
            names[_RUN][checker.name] = None
            found = _new_problems(repository, patch, checker, change)
            problems[id(patch)] |= dict.fromkeys(found)
    names[_RUN] = names[_RUN] or {"none for these files": None}
    parts = [f"{title}: {', '.join(some)}" for title, some in names.items() if some]
    if others := len(patches) - len(committed):
        parts.append(f"only commits are checked, {format_count(others, 'patch', 'patches')} not")
    return BuildFacts({patch: tuple(own) for patch, own in problems.items()}, "; ".join(parts))


def _new_problems(
    repository: Repository, patch: Patch, checker: Checker, change: FileChange
) -> Iterator[BuildProblem]:
    commit = repository.commit(patch.commit or "")
    after = reports(checker, repository, commit.id, change.path)
    # a file that was not checked before the commit must be named nevertheless
    is_compared = after and commit.parents and not any(map(is_about_unread_file, after))
    old = change.old_path if is_compared else None
    before = reports(checker, repository, commit.parents[0], old) if old else ()
    for report in find_new_diagnostics(before, after, patch.files):
        yield problem_of(report, patch.files)

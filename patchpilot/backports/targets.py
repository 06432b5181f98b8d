# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the fixes and branches for `backport`.

A fix is a commit or a patch file.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.make_commits import make_damaged_patch_error
from patchpilot.commits.range import (
    FromArchive,
    format_commit_patch,
    is_existing_file,
    is_network_target,
)
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import InputError, MissingError, UsageError, did_you_mean
from patchpilot.history.fix_in_branch import History
from patchpilot.history.mainline_commit import MainlineSearch
from patchpilot.history.missing_branches import COMMAND
from patchpilot.history.missing_fixes import BUG_TAGS
from patchpilot.history.own_trees import find_own_trees
from patchpilot.history.reverts import parse_revert_title
from patchpilot.history.stable_branches import (
    StableBranches,
    find_mainline,
    find_release_revision,
    find_stable_branches,
    make_fetch_command,
)
from patchpilot.model.action import Action, Advice
from patchpilot.model.commit import Commit
from patchpilot.model.commit_references import classify_subject
from patchpilot.model.patch import Patch
from patchpilot.model.progress import Progress
from patchpilot.projects.commit_marks import read_commit_marks
from patchpilot.projects.loading import project_of_tree
from patchpilot.projects.project import StableTrees
from patchpilot.read_file import read_regular_file
from patchpilot.topic.base import list_topic_commits
from patchpilot.topic.read_series import read_series


@dataclass(frozen=True, slots=True)
class BackportTarget:
    """A fix to backport, which is a commit or a patch file.

    `patch` is set only for a patch file. The `commit` of a patch file is None until the patch is
    committed.
    """

    commit: str | None
    subject: str
    patch: Patch | None = None

    def as_patch(self, repository: Repository | None) -> Patch:
        """Return the fix as a patch."""
        if self.patch is not None and (self.patch.has_diff or self.commit is None):
            return self.patch
        assert repository is not None
        assert self.commit is not None
        return format_commit_patch(repository, self.commit)


class RangeOfFixes(NamedTuple):
    """The commits of a range to judge, the ids of the others, and the number of
    commits that are left out because they are no fixes.
    """

    targets: tuple[BackportTarget, ...]
    others: frozenset[str] = frozenset()
    left_out: int = 0


_LONGEST_LIST = 1 << 22
_POINT_RELEASE = lazy_pattern(r"\d{1,4}\.\d{1,4}(\.\d{1,4}|-rc\d{1,2})")
_STABLE_RELEASE = lazy_pattern(r"(?P<series>\d{1,4}\.\d{1,4})\.\d{1,4}")
_BUG_TAG = lazy_pattern(BUG_TAGS, re.IGNORECASE | re.MULTILINE)


def is_fix(commit: Commit) -> bool:
    """Return whether a commit is a fix: it is tagged as one, reverts another commit, or has the
    subject of a fix.
    """
    marks = read_commit_marks(commit.message)
    return bool(
        marks.fixes
        or marks.reverts
        or parse_revert_title(commit.subject)
        or _BUG_TAG.search(commit.message)
        or classify_subject(commit.subject) == "fix"
    )


def select_fixes(
    repository: Repository | None,
    targets: Sequence[BackportTarget],
    target: str | None,
    *,
    everything: bool,
) -> RangeOfFixes:
    """Return the fixes of a range `A..B`, which is a stretch of history and not one series.

    If it has no fixes, or `everything` is set, return all its commits. Any other TARGET is taken as
    a whole.
    """
    if not repository or not target or ".." not in target or len(targets) < 2:
        return RangeOfFixes(tuple(targets))
    commits = [target.commit for target in targets if target.commit and not target.patch]
    fixes = {commit.id for commit in repository.commits(commits) if is_fix(commit)}
    if len(commits) < len(targets) or not fixes or everything:
        return RangeOfFixes(tuple(targets), frozenset(commits) - fixes if fixes else frozenset())
    chosen = tuple(target for target in targets if target.commit in fixes)
    return RangeOfFixes(chosen, left_out=len(targets) - len(chosen))


class FixList(NamedTuple):
    """Fixes that are judged one by one, and the (name, problem) of each that cannot be read."""

    targets: tuple[BackportTarget, ...]
    errors: tuple[tuple[str, str], ...] = ()


_LISTED = re.compile(r"(?:commit\s+)?(?P<id>[0-9a-fA-F]{7,40})\b.*")


def read_commit_ids(data: bytes) -> tuple[str, ...]:
    """Return the commit ids in a list with one at the start of each line, or () for other data.

    Empty lines, and lines that start with `#`, are ignored.
    """
    lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
    matches = [_LISTED.fullmatch(line) for line in lines if line and not line.startswith("#")]
    return tuple(match["id"] for match in matches if match) if all(matches) else ()


def is_fix_list(target: str, stdin: bytes | None = None) -> bool:
    """Return whether a TARGET is a file, or standard input, with commit ids."""
    if target == "-":
        return bool(read_commit_ids(stdin or b""))
    file = Path(target)
    return file.is_file() and bool(read_commit_ids(read_regular_file(file, _LONGEST_LIST) or b""))


def read_fix_list(
    repository: Repository,
    targets: Sequence[str],
    base: str | None,
    from_archive: FromArchive | None = None,
    stdin: bytes | None = None,
) -> FixList:
    """Return the fixes of several TARGETs, each of which may be a list of commit ids."""
    fixes: list[BackportTarget] = []
    errors = []
    for target in targets:
        if is_fix_list(target, stdin):
            data = stdin if target == "-" else read_regular_file(Path(target))
            names = read_commit_ids(data or b"")
        elif target == "-" or is_existing_file(target) or is_network_target(target):
            read = read_series([target], repository, base, from_archive, stdin)
            fixes += (
                BackportTarget(patch.commit, patch.subject.title or patch.source, patch)
                for series in read
                for patch in series.patches
            )
            continue
        elif ".." in target:
            read_targets = read_commits(repository, list_topic_commits(repository, target, base))
            fixes += select_fixes(repository, read_targets, target, everything=False).targets
            continue
        else:
            names = (target,)
        for name in names:
            commit = repository.find(name)
            if commit:
                fixes.append(BackportTarget(commit, repository.commit(commit).subject))
            else:
                errors.append((name, f"no commit {name} in this repository"))
    return FixList(tuple(fixes), tuple(errors))


def make_missing_patch_error(source: str) -> InputError:
    """Return the error for a TARGET without a patch."""
    return InputError(
        f"{source} contains no patch",
        hint="pass a patch, not its cover letter or a reply to it",
    )


def name_patch_files(targets: Sequence[str]) -> bool:
    """Return whether several TARGETs are the files of a series, such as DIR/*.patch."""
    return len(targets) > 1 and all(
        is_existing_file(target) and not is_fix_list(target) for target in targets
    )


def read_fixes(
    repository: Repository | None,
    target: str | None,
    base: str | None,
    from_archive: FromArchive | None = None,
    stdin: bytes | None = None,
    more_files: Sequence[str] = (),
) -> tuple[BackportTarget, ...]:
    """Return the fixes in TARGET, oldest first, and in more patch files of the same series.

    A file takes precedence over a revision with the same name. Raise `InputError` if there is no
    patch or a diff is damaged.
    """
    is_patch_source = target is not None and (
        target == "-" or is_existing_file(target) or is_network_target(target)
    )
    if repository and not is_patch_source:
        return read_commits(repository, list_topic_commits(repository, target, base))
    targets = [target, *more_files] if target else []
    patches = [
        patch
        for series in read_series(targets, repository, base, from_archive, stdin)
        for patch in series.patches
    ]
    if not patches:
        raise make_missing_patch_error(target or "the topic")
    for patch in patches:
        # part of a damaged diff might still apply, so report the damage first
        if patch.diff_error and len(patches) == 1:
            raise make_damaged_patch_error(patch)
    return tuple(
        BackportTarget(patch.commit, patch.subject.title or patch.source, patch)
        for patch in patches
    )


def read_commits(repository: Repository, ids: Sequence[str]) -> tuple[BackportTarget, ...]:
    """Return these commits if they change files; raise `UsageError` if none does."""
    commits = [repository.commit(commit_id) for commit_id in ids]
    targets = tuple(
        BackportTarget(commit.id, commit.subject)
        for commit in commits
        if len(commit.parents) != 1 or commit.tree != repository.commit(commit.parents[0]).tree
    )
    if not targets:
        raise UsageError(
            f"{ids[-1][:12]} is an empty commit, which has no patch",
            hint="pass a commit that changes files",
        )
    return targets


def find_mainline_commits(
    repository: Repository, targets: Sequence[BackportTarget], progress: Progress
) -> tuple[BackportTarget, ...]:
    """Return the fixes, with the mainline commit of each patch file.

    A fix that is not in mainline remains without a commit.
    """
    main = find_mainline(repository)
    if not main or all(target.commit for target in targets):
        return tuple(targets)
    with History(repository, progress) as history:
        search = MainlineSearch(repository, main, history)
        return tuple(
            replace(target, commit=search.of_patch(target.patch))
            if target.patch and not target.commit
            else target
            for target in targets
        )


def find_unfit_patch_commit(repository: Repository, patch: Patch, progress: Progress) -> str | None:
    """Return the mainline commit of a patch that does not apply to mainline or has no effect.

    Return None if there is none. Raise `InputError` if there is no diff either.
    """
    main = find_mainline(repository)
    commit: str | None = None
    if main:
        with History(repository, progress) as history:
            search = MainlineSearch(repository, main, history)
            commit = search.of_unfit_patch(patch, progress)
    if commit is None and not patch.has_diff:
        raise make_missing_patch_error(patch.source)
    return commit


def split_onto_arguments(
    repository: Repository | None,
    arguments: Sequence[str],
    *,
    profile: str | None = None,
) -> tuple[list[str], list[str]]:
    """Separate the arguments of --onto into revisions and directories.

    A stable version such as 6.1 denotes its branch. Raise `UsageError` for an unknown argument; the
    hint names the most similar ref or the command that fetches the branch. Raise `MissingError`
    outside a repository.
    """
    revisions = []
    folders = []
    for argument in arguments:
        if repository and repository.find(argument):
            revisions.append(argument)
        elif Path(argument).is_dir():
            folders.append(argument)
        elif repository is None:
            raise MissingError(
                f"{argument}: not a directory, and not a revision because there is no git"
                " repository here",
                hint=Action("", ("-C", "DIR"), "name one with {}"),
            )
        else:
            revisions.append(find_target_branch(repository, argument, profile))
    return revisions, folders


def branch_ref(repository: Repository, name: str, *, profile: str | None = None) -> str:
    """Return the revision for a branch name, a stable version such as `6.1`, or a release such as
    `6.1.3`.
    """
    if repository.find(name) and "." not in name:
        return name
    branches = find_stable_branches(repository, profile=profile, include_ended=True).branches
    matches = (
        branch.name
        for branch in branches
        if name
        in (
            branch.version,
            f"{branch.version}.y",
            branch.name,
            branch.name.partition("/")[2],
        )
    )
    if found := next(matches, ""):
        return found
    is_release = _POINT_RELEASE.fullmatch(name) and not repository.find(name)
    return (find_release_revision(repository, name) if is_release else "") or name


def find_target_branch(repository: Repository, version_or_name: str, profile: str | None) -> str:
    """Return the ref of the stable branch for a version.

    If there is no such branch, raise UsageError with a hint that contains the command to fetch it
    or the most similar ref. A release such as `6.1.3` is no branch: patches are based on its tip.
    """
    release = _STABLE_RELEASE.fullmatch(version_or_name)
    if release and not repository.find(version_or_name):
        raise UsageError(
            f"{version_or_name} is a release, not a branch",
            hint=f"use {release['series']}.y for the branch, or v{version_or_name} for the release",
        )
    ref = branch_ref(repository, version_or_name, profile=profile)
    if repository.find(ref):
        return ref
    stable = find_own_trees(
        repository,
        find_stable_branches(repository, profile=profile).stable,
        profile,
    )
    version = (
        stable.version_of(version_or_name) if stable else None
    ) or version_or_name.removesuffix(".y")
    if stable and any(series_.version == version for series_ in stable.series):
        raise UsageError(
            f"the stable branch {version_or_name} has not been fetched",
            hint=make_fetch_command(repository, stable, version),
        )
    listing = "run `git branch -a` to list the branches"
    raise UsageError(
        f"no commit, branch or directory {version_or_name!r}",
        hint=did_you_mean(version_or_name, repository.refs, listing),
    )


def backport_trees(repository: Repository, profile: str | None) -> StableTrees:
    """Return the stable trees that define the format of backports.

    For an unknown project, they have no mailing list.
    """
    trees = find_stable_branches(repository, profile=profile).stable
    head = repository.find("HEAD")
    is_known = (
        profile
        or any(map(trees.version_of, repository.refs))
        or (head and project_of_tree(CommitTree(repository, head)))
    )
    return (find_own_trees(repository, trees, profile) if is_known else None) or StableTrees()


def format_fetch_hint(
    repository: Repository, branches: StableBranches, profile: str | None
) -> Advice:
    """Return the hint for a repository without stable branches.

    It suggests fetching the project's stable branches or naming a branch.
    """
    if find_own_trees(repository, branches.stable, profile) is None:
        return "name a branch or commit with --onto REV (see `git branch -a`)"
    return COMMAND

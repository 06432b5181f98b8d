# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits that people name as prerequisites of a fix, and which of them a branch lacks."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from patchpilot.backports.line_history import read_line_touch
from patchpilot.backports.prerequisites import (
    PrerequisiteNeed,
    SearchLimits,
    SearchState,
    find_prerequisites,
)
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.errors import GitError, UsageError
from patchpilot.history.fix_in_branch import History
from patchpilot.history.patch_similarity import patch_ids
from patchpilot.history.stable_branches import StableBranch
from patchpilot.model.named_prerequisites import (
    NamedPrerequisite,
    choose_for_version,
    find_named_prerequisites,
    find_patch_prerequisites,
)
from patchpilot.model.patch import Patch
from patchpilot.projects.commit_marks import read_commit_marks

_TIMEOUT = 10.0
_MOST_COMPARED = 2000
# a message with more prerequisites is not one of a fix
_MOST_NAMED = 50
_CHANGE_ID = re.compile(r"(?P<date>\d{8})-(?P<name>.+)-(?P<hash>[0-9a-f]{12})(?::v\d+)?")
_MESSAGE_ID = re.compile(r"(?P<date>\d{8})-(?P<name>.+?)-v\d+-\d+-(?P<hash>[0-9a-f]{12})@")


class PrerequisiteCommit(NamedTuple):
    """A commit that is named as a prerequisite, and the line that names it."""

    commit: str
    by: str


class NamedCommits(NamedTuple):
    """The named commits that a branch lacks, in order, and a hint for each one that is unknown."""

    commits: tuple[PrerequisiteCommit, ...] = ()
    hints: tuple[str, ...] = ()


class AppliedPrerequisites(NamedTuple):
    """The named prerequisites to apply to a branch, and the branch's tree with them."""

    tree: str
    needs: tuple[PrerequisiteNeed, ...] = ()
    hints: tuple[str, ...] = ()


class PrerequisiteReader:
    """Reads the prerequisites that the messages of fixes name.

    `patches` maps fixes to the patches that were given instead of them.
    """

    def __init__(
        self, history: History, mainline: str | None, patches: Mapping[str, Patch] | None = None
    ) -> None:
        self.history, self.mainline = history, mainline
        self._patches = patches or {}
        self._read: dict[str, tuple[tuple[NamedPrerequisite, str | None], ...]] = {}

    def find_missing(self, fix: FixCommit, version: str | None, tip: str) -> NamedCommits:
        """Return the named prerequisites of a fix that a branch lacks."""
        if fix.id not in self._read:
            self._read[fix.id] = self._resolve_all(fix)
        resolved = dict(self._read[fix.id])
        commits: dict[str, PrerequisiteCommit] = {}
        hints = []
        for named in choose_for_version(resolved, version):
            commit = resolved[named]
            if commit is None:
                hints.append(
                    f"{named.by} names a prerequisite that is not in this repository:"
                    f" {named.id or named.title}"
                )
            elif commit != fix.id and not self._has_landed(commit, tip):
                commits.setdefault(commit, PrerequisiteCommit(commit, named.by))
        return NamedCommits(tuple(commits.values()), tuple(hints))

    def apply(
        self,
        scratch: ScratchStore,
        fix: FixCommit,
        branch: StableBranch,
        tree: str,
        effort: float,
        applied: Collection[str] = (),
    ) -> AppliedPrerequisites:
        """Apply the named prerequisites of a fix that a branch lacks to a tree.

        `applied` are the commits that the tree already has. If a prerequisite conflicts, search for
        its own prerequisites for at most `effort` seconds.
        """
        missing = self.find_missing(fix, branch.version or None, branch.tip)
        needs, hints = list[PrerequisiteNeed](), list(missing.hints)
        for commit, by in missing.commits:
            if commit in applied:
                continue
            try:
                named = FixCommit.read(self.history.repository, commit)
            except UsageError as error:
                hints.append(f"{by} names a prerequisite that cannot be applied: {error.message}")
                continue
            merge = scratch.pick(commit, tree, named.base)
            if not merge.clean and effort > 0:
                search = find_prerequisites(
                    self.history,
                    scratch,
                    named,
                    branch.tip,
                    limits=SearchLimits(effort),
                    tree=tree,
                )
                if search.tree and search.state is SearchState.FOUND:
                    tree = search.tree
                    needs += [replace(need, serves=need.serves or commit) for need in search.needs]
                    merge = scratch.pick(commit, tree, named.base)
            if merge.clean and merge.tree == tree:
                # the branch has the change without naming the commit
                continue
            if merge.clean:
                tree = merge.tree
            else:
                hints.append(f"{named.commit.short}, named by {by}, conflicts with the branch")
            needs.append(
                PrerequisiteNeed(
                    commit,
                    named.commit.subject,
                    read_line_touch(self.history.repository, commit).size,
                    bool(read_commit_marks(named.commit.message).fixes),
                    why="named",
                    named_by=by,
                )
            )
        unique = {need.commit: need for need in reversed(needs)}
        return AppliedPrerequisites(tree, tuple(reversed(unique.values())), tuple(hints))

    def _has_landed(self, commit: str, tip: str) -> bool:
        landing = self.history.landed(commit, tip)
        return bool(landing and landing.holds)

    def _resolve_all(self, fix: FixCommit) -> tuple[tuple[NamedPrerequisite, str | None], ...]:
        named = list(find_named_prerequisites(fix.commit.message))
        if patch := self._patches.get(fix.id):
            named += find_named_prerequisites("\n".join(patch.lines[: patch.diff_line]))
            named += find_patch_prerequisites(patch.lines)
        same_patch = self._find_by_patch_id(fix, named)
        return tuple(
            (
                item,
                same_patch.get(item.id) if item.kind == "patch-id" else self._resolve(item, fix),
            )
            for item in tuple(dict.fromkeys(named))[:_MOST_NAMED]
        )

    def _resolve(self, named: NamedPrerequisite, fix: FixCommit) -> str | None:
        if named.kind != "commit":
            return self._find_by_message_id(named.id, fix)
        top = self.mainline if self.mainline and self._is_merged(fix) else fix.id
        return self.history.resolve_named(named.id, named.title, fix.id, top)

    def _is_merged(self, fix: FixCommit) -> bool:
        return self.mainline is not None and self.history.has(self.mainline, fix.id)

    def _find_by_patch_id(
        self, fix: FixCommit, named: Sequence[NamedPrerequisite]
    ) -> dict[str, str]:
        wanted = {item.id for item in named if item.kind == "patch-id"}
        if not wanted or fix.base is None:
            return {}
        commits = self._list_commits(fix.base, f"--max-count={_MOST_COMPARED}")
        try:
            ids = patch_ids(self.history.repository, commits)
        except GitError:
            return {}
        return {patch_id: commit for commit, patch_id in ids.items() if patch_id in wanted}

    def _find_by_message_id(self, text: str, fix: FixCommit) -> str | None:
        """Return the latest commit before a fix whose message links to a posted patch or series.

        The Message-IDs of b4 contain the id of the series, so any of its patches is found.
        """
        name = text.rstrip("/>").rpartition("/")[2].strip("<>")
        if match := _CHANGE_ID.fullmatch(name) or _MESSAGE_ID.match(name):
            date, title, digits = (re.escape(match[group]) for group in ("date", "name", "hash"))
            pattern = f"{date}-{title}-v[0-9]+-[0-9]+-{digits}@"
        elif "@" in name and " " not in name:
            pattern = re.escape(name)
        else:
            return None
        commits = self._list_commits(fix.base or fix.id, "-E", f"--grep={pattern}")
        return next(iter(commits), None)

    def _list_commits(self, tip: str, *options: str) -> list[str]:
        try:
            output = self.history.repository.git(
                "log", "--no-merges", "--format=%H", *options, tip, "--", timeout=_TIMEOUT
            )
        except GitError:
            return []
        return output.text.split()

# SPDX-License-Identifier: GPL-2.0-or-later
"""What must come along with a backport: fixes of the fix, reverts of it, and the newer trees that lack it."""

from collections.abc import Sequence
from itertools import groupby

from patchpilot.backports.fix_commit import FixCommit
from patchpilot.history.fix_in_branch import History
from patchpilot.history.stable_branches import Branch
from patchpilot.model.file_diff import DiffLine
from patchpilot.model.follow_up import Follower
from patchpilot.projects.project import Project
from patchpilot.projects.stable_trees import version_key


def followers(history: History, fix: str, mainline: str | None) -> tuple[Follower, ...]:
    """The commits of the mainline that fix or revert the fix, oldest first, with those that fix them."""
    if mainline is None:
        return ()
    found: dict[str, Follower] = {}
    todo = [fix]
    while todo and len(found) < 50:
        one = todo.pop(0)
        named = [(commit, "revert") for commit in history.reverts(one, mainline)] + [
            (commit, "fix") for commit in history.fixers(one, mainline)
        ]
        for commit, kind in named:
            if commit in found or commit == fix:
                continue
            undone = bool(history.reverts(commit, mainline))
            found[commit] = Follower(commit, history.repository.commit(commit).subject, kind, undone)
            if kind == "fix":
                todo.append(commit)
    order = {commit: history.index.ordinal(commit) or 0 for commit in found}
    return tuple(sorted(found.values(), key=lambda one: order[one.commit]))


def needed_followers(history: History, found: Sequence[Follower], tip: str) -> tuple[Follower, ...]:
    """Those a branch lacks and needs: what is there already, or was itself reverted, is left out."""
    needed = []
    for one in found:
        landing = history.landed(one.commit, tip, content=False)
        if not one.undone and not (landing and landing.holds):
            needed.append(one)
    return tuple(needed)


def lacking_newer(branch: Branch, every: Sequence[tuple[Branch, bool]]) -> tuple[str, ...]:
    """The branches of newer versions that need the fix and lack it: they must have it before an older tree takes it."""
    if not branch.version:
        return ()
    return tuple(
        other.name
        for other, lacks in every
        if lacks and other.version and not other.is_over and version_key(other.version) > version_key(branch.version)
    )


def stable_rules(fix: FixCommit, project: Project) -> tuple[str, ...]:
    """What the stable rules would say of the fix: size, kind, and whether it asked not to be picked."""
    notes: list[str] = []
    _, lines = fix.size
    context = sum(len(hunk.lines) for change in fix.files for hunk in change.hunks)
    most = project.stable.max_lines
    if most and context > most:
        notes.append(f"it is {context} lines with context ({lines} changed), more than the {most} that stable trees take")
    if project.lists.no_backport and project.lists.no_backport in fix.commit.message:
        notes.append("it asks not to be picked for stable trees (stable+noautosel)")
    if fix.files and all(change.path.startswith(("Documentation/", "doc/", "docs/")) for change in fix.files):
        notes.append("it changes documentation only, which stable trees do not take")
    elif fix.files and not _changes_more_than_space(fix):
        notes.append("it changes white space only, which stable trees do not take")
    return tuple(notes)


def _changes_more_than_space(fix: FixCommit) -> bool:
    """Whether a place has other words before than after: each place for itself, since a line that moves changes what is done."""
    for change in fix.files:
        if change.is_binary or change.old_path != change.new_path:
            return True
        for hunk in change.hunks:
            for changed, lines in groupby(hunk.lines, lambda line: line.kind != " "):
                place = tuple(lines)
                if changed and _words(place, "+") != _words(place, "-"):
                    return True
    return False


def _words(lines: Sequence[DiffLine], side: str) -> str:
    return "".join("".join(line.text.split()) for line in lines if line.kind == side)

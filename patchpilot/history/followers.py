# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the mainline commits that fix or revert a fix, and find the ones that a branch lacks."""

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.history.fix_in_branch import History
from patchpilot.history.stable_branches import find_mainline
from patchpilot.model.follow_up import Follower

_MOST_FOLLOWERS = 50


def find_followers(history: History, fix: str, mainline: str | None) -> tuple[Follower, ...]:
    """Return the mainline commits that fix or revert the fix, oldest first.

    Fixes for these commits are included.
    """
    if mainline is None:
        return ()
    result: dict[str, Follower] = {}
    todo = [fix]
    while todo and len(result) < _MOST_FOLLOWERS:
        named = todo.pop(0)
        references = [(commit, "revert") for commit in history.reverts(named, mainline)] + [
            (commit, "fix") for commit in history.fixers(named, mainline)
        ]
        for commit, kind in references:
            if commit in result or commit == fix:
                continue
            subject = history.repository.commit(commit).subject
            is_reverted = history.find_revert(commit, mainline) is not None
            result[commit] = Follower(commit, subject, kind, named, is_reverted)
            if kind == "fix":
                todo.append(commit)
    order = {commit: history.index.ordinal(commit) or 0 for commit in result}
    return tuple(sorted(result.values(), key=lambda follower: order[follower.commit]))


def find_missing_followers(
    repository: Repository, fix: str, backport: str | None
) -> tuple[Follower, ...]:
    """Return the commits that revert or fix a mainline commit and that its backport's branch lacks.

    This is the current branch if it has the backport. Without a commit, no branch is read. A
    commit that was itself reverted does not count.
    """
    main = find_mainline(repository)
    if main is None:
        return ()
    try:
        with History(repository) as history:
            head = repository.find("HEAD") if backport else None
            tip = head if head and backport and history.has(head, backport) else backport
            is_mainline = history.has(main.tip, fix)
            followers = find_followers(history, fix, main.tip) if is_mainline else ()
            return tuple(
                follower
                for follower in followers
                if not follower.undone and not (tip and has_landed(history, follower.commit, tip))
            )
    except PatchpilotError:
        # the history is incomplete
        return ()


def has_landed(history: History, commit: str, tip: str) -> bool:
    """Return whether a branch has a commit, or a backport of it, that is still in effect."""
    landing = history.landed(commit, tip, content=False)
    return bool(landing and landing.holds)

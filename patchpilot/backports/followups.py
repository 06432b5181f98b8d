# SPDX-License-Identifier: GPL-2.0-or-later
"""Find follow-ups that must be backported with a fix, and newer trees without the fix.

Follow-ups are commits that fix or revert the fix.
"""

from collections.abc import Sequence
from itertools import groupby

from patchpilot.backports.line_history import (
    LineEditStep,
    LineTouch,
    find_crossing_touches,
    read_line_touch,
    read_line_touches,
)
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.errors import GitError
from patchpilot.history.fix_in_branch import History
from patchpilot.history.followers import has_landed
from patchpilot.history.stable_branches import StableBranch
from patchpilot.model.commit_references import classify_subject
from patchpilot.model.follow_up import Follower, Reverted
from patchpilot.model.patch import DiffLine
from patchpilot.projects.project import Project, version_key
from patchpilot.tags.stable_need import find_commit_exclusion

_TIMEOUT = 2.0
_MOST_LATER = 3


def find_later_fix_hints(
    history: History,
    fix: FixCommit,
    mainline: str | None,
    followers: Sequence[Follower],
) -> tuple[str, ...]:
    """Return hints about later mainline fixes for the lines changed by the fix.

    Omit the commits in `followers`. Return () if reading the history takes too long.
    """
    if mainline is None:
        return ()
    repository = history.repository
    try:
        later = read_line_touches(repository, fix.paths, mainline, [fix.id], timeout=_TIMEOUT)
    except GitError:
        return ()
    # these commits come after the fix, so compare them in reverse
    reversed_touches = [_reverse_touch(touch) for touch in reversed(later)]
    fixes = {
        touch.commit: repository.commit(touch.commit).subject
        for edit in _reverse_touch(read_line_touch(repository, fix.id, fix.paths)).edits
        for span, _ in edit.hunks
        for touch in find_crossing_touches(reversed_touches, edit.old_path or "", span)
    }
    for follower in followers:
        fixes.pop(follower.commit, None)
    return tuple(
        f'a later commit fixes the same lines: {commit[:12]} ("{subject}")'
        for commit, subject in fixes.items()
        if classify_subject(subject) == "fix"
    )[:_MOST_LATER]


def _reverse_touch(touch: LineTouch) -> LineTouch:
    return LineTouch(
        touch.commit,
        tuple(
            LineEditStep(edit.new_path, edit.old_path, tuple((b, a) for a, b in edit.hunks))
            for edit in touch.edits
        ),
    )


def find_needed_followers(
    history: History,
    fix: str,
    followers: Sequence[Follower],
    reverted: Reverted | None,
    tip: str,
    *,
    has_fix: bool,
) -> tuple[Follower, ...]:
    """Return the follow-ups that a branch needs but lacks.

    A fix is needed with the commit that it fixes, unless it was reverted. A revert is needed only
    if the branch has the commit that it reverts. If mainline reverted the fix, a branch without it
    needs the replacements instead.
    """
    replacements = [
        follower
        for follower in (reverted.replacements if reverted else ())
        if not has_landed(history, follower.commit, tip)
    ]
    if reverted and not has_fix:
        return tuple(replacements)
    present, in_branch = {fix}, {fix} if has_fix else set[str]()
    needed = {}
    for follower in followers:
        is_about_it = follower.of in (in_branch if follower.kind == "revert" else present)
        if not is_about_it or follower.undone:
            continue
        present.add(follower.commit)
        if has_landed(history, follower.commit, tip):
            in_branch.add(follower.commit)
        else:
            needed[follower.commit] = follower
    for follower in replacements:
        needed.setdefault(follower.commit, follower)
    return tuple(needed.values())


def find_newer_branches_without_fix(
    branch: StableBranch, branches: Sequence[tuple[StableBranch, bool]]
) -> tuple[str, ...]:
    """Return the newer branches that need the fix but lack it.

    A fix is accepted for an older tree only after the newer ones have it.
    """
    if not branch.version:
        return ()
    return tuple(
        newer_branch.name
        for newer_branch, lacks_fix in branches
        if lacks_fix
        and newer_branch.version
        and not newer_branch.is_over
        and version_key(newer_branch.version) > version_key(branch.version)
    )


def find_stable_rule_violations(fix: FixCommit, project: Project) -> tuple[str, ...]:
    """Return the stable rules that a fix violates by its size, its change, its message or a tag."""
    notes = []
    _, lines = fix.size
    context_lines = sum(len(hunk.lines) for change in fix.files for hunk in change.hunks)
    max_lines = project.stable.max_lines
    if max_lines and context_lines > max_lines:
        notes.append(
            f"the patch has {context_lines} lines with context ({lines} changed); stable trees"
            f" take at most {max_lines}"
        )
    if project.lists.no_backport and project.lists.no_backport in fix.commit.message:
        notes.append("the fix is tagged not to be backported (stable+noautosel)")
    is_kernel = bool(max_lines)
    if (
        is_kernel
        and fix.files
        and all(change.path.startswith(("Documentation/", "doc/", "docs/")) for change in fix.files)
    ):
        notes.append("the fix changes documentation only, which stable trees do not take")
    elif is_kernel and fix.files and not _changes_more_than_space(fix):
        notes.append("the fix changes whitespace only, which stable trees do not take")
    elif not notes and (exclusion := find_commit_exclusion(fix.repository, fix.commit, project)):
        notes.append(exclusion)
    return tuple(notes)


def _changes_more_than_space(fix: FixCommit) -> bool:
    """Return whether a fix changes more than whitespace.

    Hunks are compared separately, because moving a line changes the code's behavior.
    """
    for change in fix.files:
        if change.is_binary or change.old_path != change.new_path:
            return True
        for hunk in change.hunks:
            for changed, lines in groupby(hunk.lines, lambda line: line.kind != " "):
                block = tuple(lines)
                if changed and _join_words(block, "+") != _join_words(block, "-"):
                    return True
    return False


def _join_words(lines: Sequence[DiffLine], side: str) -> str:
    return "".join("".join(line.text.split()) for line in lines if line.kind == side)

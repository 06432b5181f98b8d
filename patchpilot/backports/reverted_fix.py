# SPDX-License-Identifier: GPL-2.0-or-later
"""Find out whether mainline reverted a fix, and which later commits fix the bug instead."""

from collections.abc import Iterator, Sequence

from patchpilot.commits.fix_commit import FixCommit
from patchpilot.errors import GitError, PatchpilotError
from patchpilot.history.earlier_fixes import function_name, group_changes_by_function
from patchpilot.history.fix_in_branch import Culprit, History, is_same_person
from patchpilot.history.reverts import parse_revert_title
from patchpilot.model.follow_up import Follower, Reverted

_TIMEOUT = 5.0
_MOST = 5
_MOST_EXAMINED = 200


def find_mainline_revert(
    history: History, fix: FixCommit, culprits: Sequence[Culprit], mainline: str | None
) -> Reverted | None:
    """Return the mainline commit that reverts a fix and is still in effect, or None.

    Its replacements are later mainline commits that were not reverted. They fix the revert; have
    the fix's subject and author; name the fix or its revert and change the same files; or fix the
    same bug and change the same functions.
    """
    revert = history.find_revert(fix.id, mainline) if mainline else None
    if revert is None or mainline is None:
        return None
    repository = history.repository
    replacements: dict[str, Follower] = {}
    for commit in _list_candidates(history, fix, culprits, revert, mainline):
        if commit not in replacements and len(replacements) < _MOST:
            replacements[commit] = Follower(
                commit, repository.commit(commit).subject, "replacement", fix.id
            )
    order = {commit: history.index.ordinal(commit) or 0 for commit in replacements}
    return Reverted(
        revert,
        repository.commit(revert).subject,
        tuple(sorted(replacements.values(), key=lambda follower: order[follower.commit])),
    )


def _list_candidates(
    history: History, fix: FixCommit, culprits: Sequence[Culprit], revert: str, mainline: str
) -> Iterator[str]:
    start = history.index.ordinal(revert) or 0
    named = [*history.fixers(revert, mainline), *history.titled(fix.commit.subject, mainline)]
    mentioning = _list_mentioning(history, fix, revert, mainline)
    of_same_bug = [
        fixer
        for culprit in culprits
        if culprit.commit
        for fixer in history.fixers(culprit.commit, mainline)
    ]
    for commit in dict.fromkeys((*named, *mentioning, *of_same_bug)):
        if (history.index.ordinal(commit) or 0) <= start or commit == fix.id:
            continue
        candidate = history.repository.commit(commit)
        if parse_revert_title(candidate.subject) or history.find_revert(commit, mainline):
            continue
        is_certain = commit in named and (
            candidate.subject != fix.commit.subject or is_same_person(candidate, fix.commit)
        )
        if is_certain or _changes_same_code(
            history, fix, commit, in_function=commit not in mentioning
        ):
            yield commit


def _list_mentioning(
    history: History, fix: FixCommit, revert: str, mainline: str
) -> tuple[str, ...]:
    """Return the commits after the revert whose messages name the fix or the revert."""
    try:
        output = history.repository.git(
            "log", "--no-merges", "--format=%H", "-F", f"--grep={fix.id[:10]}",
            f"--grep={revert[:10]}", f"{revert}..{mainline}", "--", *fix.paths, timeout=_TIMEOUT,
        )  # fmt: skip
    except GitError:
        return ()
    return tuple(output.text.split()[:_MOST_EXAMINED])


def _changes_same_code(history: History, fix: FixCommit, commit: str, *, in_function: bool) -> bool:
    """Return whether a commit changes a file of the fix, and if required the same function.

    In files without functions, changing the same file is enough.
    """
    try:
        other = FixCommit.read(history.repository, commit)
    except PatchpilotError:
        return False
    if not set(fix.paths) & set(other.paths):
        return False
    own, theirs = _list_changed_functions(fix), _list_changed_functions(other)
    return not in_function or not own or bool(own & theirs)


def _list_changed_functions(fix: FixCommit) -> set[str]:
    lines = group_changes_by_function(fix.files).lines
    # the first line of an added function counts as a line of the function before it
    return {
        name
        for name, changed in lines.items()
        if name and any(function_name(text) not in lines for _, text in changed)
    }

# SPDX-License-Identifier: GPL-2.0-or-later
"""Follow blamed lines through commits that move, rename, split or reformat them.

The commit that git blame reports then is the one that changed what a line does.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.history.imports import count_changed_files
from patchpilot.projects.commit_marks import read_commit_marks
from patchpilot.projects.loading import open_thread_pool
from patchpilot.tags.blame import Blame, Move, Owner, blame_lines
from patchpilot.tags.commit_change import CommitChange, CommitFileChange, read_commit_changes
from patchpilot.tags.line_sources import LineSource, find_line_sources, find_restored_lines

ChangedLines = Mapping[str, Mapping[int, Counter[str]]]
"""The words that a fix removes from each line that it changes, by path and line number."""
MAX_HOPS = 3
MAX_COMMITS = 6
"""Maximum number of commits that are read in each step."""
MAX_FILES = 150
"""Commits that change more files are not searched for moved lines."""
THREADS = 4


class _Place(NamedTuple):
    """A line of a blamed file, and its number in the commit that last changed it."""

    blame: Blame
    line: int
    origin: int


def follow_moves(
    repository: Repository,
    blames: Mapping[str, Blame],
    changed_lines: ChangedLines,
    owners: dict[str, Owner],
) -> None:
    """Replace the owner of each line that a commit only moved, and record the moves in the blame.

    A commit is examined if it last changed one of the fix's `changed_lines` of each path. Add the
    commits that own the lines now to `owners`.
    """
    examined: set[tuple[str, str]] = set()
    changes: dict[str, CommitChange] = {}
    for _ in range(MAX_HOPS):
        asked = _list_examined(blames, changed_lines, owners) - examined
        if not asked:
            return
        examined |= asked
        unread = [commit for commit, _ in sorted(asked) if commit not in changes]
        changes |= _read_changes(repository, list(dict.fromkeys(unread))[:MAX_COMMITS])
        moved: dict[tuple[str, str], list[tuple[_Place, LineSource, str]]] = defaultdict(list)
        for commit, path in sorted(asked):
            if commit in changes:
                _, message, files = changes[commit]
                dropped = {
                    blame.origins[line][1]: words
                    for name, blame in blames.items()
                    for line, words in changed_lines.get(name, {}).items()
                    if blame.ids.get(line) == commit and blame.origins[line][0] == path
                }
                sources, parent = _find_sources(repository, commit, message, files, path, dropped)
                _collect_moved(blames, changed_lines, commit, path, parent, sources, moved)
        if not moved:
            return
        _blame_again(repository, moved, owners)


def _list_examined(
    blames: Mapping[str, Blame],
    changed_lines: ChangedLines,
    owners: Mapping[str, Owner],
) -> set[tuple[str, str]]:
    return {
        (blame.ids[line], blame.origins[line][0])
        for path, blame in blames.items()
        for line in changed_lines.get(path, ())
        if line in blame.ids and not owners[blame.ids[line]].root
    }


def _read_changes(repository: Repository, commits: Sequence[str]) -> dict[str, CommitChange]:
    """Map commits to their messages and changes. Omit merges, and commits with many files."""
    counts = count_changed_files(repository, commits)
    small = [commit for commit in commits if 0 < counts.get(commit, (0, 0))[1] <= MAX_FILES]
    return read_commit_changes(repository, small)


def _find_sources(
    repository: Repository,
    commit: str,
    message: str,
    files: Sequence[CommitFileChange],
    path: str,
    dropped: Mapping[int, Counter[str]],
) -> tuple[dict[int, LineSource], str]:
    """Return the former places of the lines in a file, and the revision that they are in."""
    for name in read_commit_marks(message).reverts if "revert" in message.lower() else ():
        reverted = repository.find(name)
        if reverted and repository.is_ancestor(reverted, commit):
            for undone in _read_changes(repository, [reverted]).values():
                return find_restored_lines(files, undone.files, path), f"{reverted}^"
    return find_line_sources(files, path, message, dropped), f"{commit}^"


def _collect_moved(
    blames: Mapping[str, Blame],
    changed_lines: ChangedLines,
    commit: str,
    path: str,
    parent: str,
    sources: Mapping[int, LineSource],
    moved: dict[tuple[str, str], list[tuple[_Place, LineSource, str]]],
) -> None:
    """Add the lines that a commit moved, if it moved any of the changed lines."""
    for name, blame in blames.items():
        places = [
            _Place(blame, line, blame.origins[line][1])
            for line, owner in blame.ids.items()
            if owner == commit and blame.origins[line][0] == path
        ]
        places = [place for place in places if place.origin in sources]
        if any(place.line in changed_lines.get(name, ()) for place in places):
            for place in places:
                source = sources[place.origin]
                moved[parent, source.path].append((place, source, commit))


def _blame_again(
    repository: Repository,
    moved: Mapping[tuple[str, str], Sequence[tuple[_Place, LineSource, str]]],
    owners: dict[str, Owner],
) -> None:
    """Blame the former places of the moved lines."""
    with open_thread_pool(THREADS) as pool:
        jobs = [
            (
                pool.submit(blame_lines, repository, parent, path, [row[1].line for row in rows]),
                rows,
            )
            for (parent, path), rows in moved.items()
        ]
        for job, rows in jobs:
            earlier, earlier_owners = job.result()
            for owner in earlier_owners.values():
                owners.setdefault(owner.id, owner)
            for place, source, commit in rows:
                if source.line not in earlier.ids:
                    continue
                blame, line = place.blame, place.line
                blame.moves[line] = (*blame.moves.get(line, ()), Move(commit, source.kind))
                blame.ids[line] = earlier.ids[source.line]
                blame.origins[line] = earlier.origins[source.line]

# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits that deleted lines that a fix adds again."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.projects.loading import open_thread_pool
from patchpilot.tags.blame import Blame, Owner
from patchpilot.tags.commit_change import (
    CommitChange,
    CommitFileChange,
    Run,
    read_file_history,
)
from patchpilot.tags.comparable_words import compute_significance
from patchpilot.tags.line_sources import MAX_LINES, NEAR_CHARACTERS, strip_spaces

MAX_COMMITS = 100
"""Number of commits that are read for each path."""
MAX_PATHS = 8
THREADS = 4
SIGNIFICANT = 0.6
ELSEWHERE = 0.5
"""Weight of a line that was deleted in another function, or has other names in the fix."""
_NOT_WORD = re.compile(r"[\W_]+")
_WORD = re.compile(r"\b[a-z_]\w*")
_NOT_CALLED = frozenset(("if", "while", "for", "switch", "return", "sizeof", "else", "do", "goto"))
_CALLED = re.compile(r"([A-Za-z_]\w*)\s*\(")
RENAMED = 2
"""Rank of the form without names."""


class Deletion(NamedTuple):
    """Lines that a commit deleted and that a fix adds again.

    `lines` is their number, and `renamed` the number of those with other names in the fix. `share`
    is their share of the letters and digits that the fix adds, from 0 to 1.
    """

    lines: int
    renamed: int
    share: float


_Form = tuple[str, str]
"""A line in a form that is compared, and the function that contains it."""
_ANYWHERE = "*"
"""In place of the function, if it is not compared."""


class _Line(NamedTuple):
    """A line that a fix adds, and its forms, from the best match to the weakest."""

    forms: tuple[_Form, ...]
    weight: float


def find_deletions(
    repository: Repository,
    parent: str,
    files: Sequence[CommitFileChange],
    blames: Mapping[str, Blame],
    owners: Mapping[str, Owner],
) -> dict[str, Deletion]:
    """Map the commits that deleted lines that a fix adds again to these lines.

    The last commit that deleted a line is credited, if it did not only move the line. Commits older
    than all lines of the file are not searched, nor are more than `MAX_COMMITS` for each path.
    """
    added = {
        path: lines
        for change in files
        if (path := change.old_path or "") in blames
        and (lines := _list_new_lines(change, files, blames[path]))
    }
    total = sum(line.weight for lines in added.values() for line in lines)
    if total < NEAR_CHARACTERS:
        return {}
    matches: dict[str, list[tuple[int, float]]] = {}
    histories = _read_histories(repository, parent, [blames[path] for path in added], owners)
    for path, lines in added.items():
        deleters: dict[_Form, str] = {}
        for history in histories[path]:
            for form in _list_deleted_forms(history):
                deleters.setdefault(form, history.id)
        for line in lines:
            rank = next((rank for rank, form in enumerate(line.forms) if form in deleters), None)
            if rank is not None:
                commit = deleters[line.forms[rank]]
                matches.setdefault(commit, []).append((rank, line.weight))
    return {
        commit: Deletion(
            len(rows),
            sum(rank == RENAMED for rank, _ in rows),
            sum(weight * (ELSEWHERE if rank else 1) for rank, weight in rows) / total,
        )
        for commit, rows in matches.items()
        if sum(weight for _, weight in rows) >= NEAR_CHARACTERS
    }


def _list_new_lines(
    change: CommitFileChange, files: Sequence[CommitFileChange], blame: Blame
) -> list[_Line]:
    """Return the significant lines that a fix adds, except lines that it only moves.

    A line has a lower weight if the file already contains the same line.
    """
    moved = {strip_spaces(text) for file in files for run in file.runs for text in run.removed}
    present = Counter(map(strip_spaces, blame.texts.values()))
    return [
        _Line(_list_forms(text, run), len(_NOT_WORD.sub("", text)) / (1 + present[stripped]))
        for run in change.runs
        for text in run.added
        if compute_significance(text) >= SIGNIFICANT
        and (stripped := strip_spaces(text)) not in moved
    ]


def _read_histories(
    repository: Repository, parent: str, blames: Sequence[Blame], owners: Mapping[str, Owner]
) -> dict[str, list[CommitChange]]:
    """Return the changes to each file and to its former names, latest first."""
    result: dict[str, list[CommitChange]] = {blame.path: [] for blame in blames}
    paths = [
        (blame, path)
        for blame in blames
        for path in sorted(
            {blame.path, *(origin for origin, _ in blame.origins.values())},
            key=lambda path: (path != blame.path, path),
        )
    ]
    with open_thread_pool(THREADS) as pool:
        jobs = []
        for blame, path in paths[:MAX_PATHS]:
            since = min(owners[owner].committed for owner in blame.ids.values())
            jobs.append(
                (
                    blame.path,
                    pool.submit(read_file_history, repository, parent, path, since, MAX_COMMITS),
                )
            )
        for path, job in jobs:
            result[path] += job.result().values()
    return result


def _list_deleted_forms(history: CommitChange) -> Iterator[_Form]:
    """Yield the forms of the lines that a commit deleted without adding them elsewhere."""
    if sum(file.size for file in history.files) > MAX_LINES:
        return
    runs = [run for file in history.files for run in file.runs]
    kept = Counter(
        form[0] for run in runs for text in run.added for form in _list_forms(text, run)[1:]
    )
    for run in runs:
        for text in run.removed:
            same, anywhere, *renamed = _list_forms(text, run)
            for forms in ((same, anywhere), renamed):
                if forms and kept[forms[-1][0]]:
                    kept[forms[-1][0]] -= 1
                else:
                    yield from forms


def _list_forms(text: str, run: Run) -> tuple[_Form, ...]:
    """Return a line without spaces in its function and anywhere, and without names of variables.

    The last form is only for lines in a function that call another one.
    """
    function = match[1] if (match := _CALLED.search(run.function)) else run.function
    stripped = strip_spaces(text)
    forms = (stripped, function), (stripped, _ANYWHERE)
    kept = set(_CALLED.findall(text)) - _NOT_CALLED
    if not kept or not match:
        return forms
    kept |= _NOT_CALLED
    shape = _WORD.sub(lambda word: word[0] if word[0] in kept else "$", text)
    return *forms, (f"{strip_spaces(shape)} ", function)

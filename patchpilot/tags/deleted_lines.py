# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits that deleted lines that a fix adds again."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from patchpilot.tags.blame import Blame
from patchpilot.tags.commit_change import CommitChange, CommitFileChange, Run
from patchpilot.tags.comparable_words import SIGNIFICANT, compute_significance
from patchpilot.tags.file_histories import FileHistories
from patchpilot.tags.line_sources import MAX_LINES, NEAR_CHARACTERS, strip_spaces

ELSEWHERE = 0.5
"""Weight of a line that was deleted in another function, or has other names in the fix."""
MIN_STATEMENT = 10
"""Minimum number of letters and digits in a statement that is evidence by itself."""
_COMMENT = re.compile(r"\s*(?:/[*/]|\*(?:\s|/|$))")
_NOT_WORD = re.compile(r"[\W_]+")
_WORD = re.compile(r"\b[a-z_]\w*")
_NOT_CALLED = frozenset(("if", "while", "for", "switch", "return", "sizeof", "else", "do", "goto"))
_SETS_MEMBER = re.compile(r"\s*\w[\w\[\]]*(?:\.|->)[\w\[\].>-]+\s*=[^=]")
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
    """A line that a fix adds, and its forms, from the best match to the weakest.

    It can also be a block of several lines.
    """

    forms: tuple[_Form, ...]
    weight: float
    lines: int = 1
    is_block: bool = False


class _Run(NamedTuple):
    """Adjacent lines that a fix adds: the whole block, if it is evidence, and its lines."""

    block: _Line | None
    lines: tuple[_Line, ...]


def find_deletions(
    files: Sequence[CommitFileChange], blames: Mapping[str, Blame], histories: FileHistories
) -> dict[str, Deletion]:
    """Map the commits that deleted lines that a fix adds again to these lines.

    The last commit that deleted a line is credited, if it did not only move the line.
    """
    added = {
        path: runs
        for change in files
        if (path := change.old_path or "") in blames
        and (runs := _list_new_runs(change, files, blames[path]))
    }
    every = [run for runs in added.values() for run in runs]
    blocks = frozenset(run.block.forms[0] for run in every if run.block)
    if not blocks and sum(line.weight for run in every for line in run.lines) < NEAR_CHARACTERS:
        return {}
    total = 0.0
    matches: dict[str, list[tuple[int, _Line]]] = {}
    changes = histories.read([blames[path] for path in added])
    for path, runs in added.items():
        deleters: dict[_Form, str] = {}
        for history in changes[path]:
            for form in _list_deleted_forms(history, blocks):
                deleters.setdefault(form, history.id)
        for line in _choose_lines(runs, deleters):
            total += line.weight
            rank = next((rank for rank, form in enumerate(line.forms) if form in deleters), None)
            if rank is not None:
                commit = deleters[line.forms[rank]]
                matches.setdefault(commit, []).append((rank, line))
    return {
        commit: Deletion(
            sum(line.lines for _, line in rows),
            sum(rank == RENAMED for rank, _ in rows),
            sum(line.weight * (ELSEWHERE if rank else 1) for rank, line in rows) / total,
        )
        for commit, rows in matches.items()
        if any(line.is_block for _, line in rows)
        or sum(line.weight for _, line in rows) >= NEAR_CHARACTERS
    }


def _choose_lines(runs: Sequence[_Run], deleters: Collection[_Form]) -> Iterator[_Line]:
    """Yield each block that was deleted as a whole, and the lines of the other runs."""
    for run in runs:
        if run.block and run.block.forms[0] in deleters:
            yield run.block
        else:
            yield from run.lines


def _list_new_runs(
    change: CommitFileChange, files: Sequence[CommitFileChange], blame: Blame
) -> list[_Run]:
    """Return the significant lines that a fix adds, except lines that it only moves.

    A line has a lower weight if the file already contains the same line.
    """
    moved = {strip_spaces(text) for file in files for run in file.runs for text in run.removed}
    present = Counter(map(strip_spaces, blame.texts.values()))
    new_runs = (
        _Run(
            _make_block(run, moved),
            tuple(
                _Line(_list_forms(text, run), _count_letters(text) / (1 + present[stripped]))
                for text in run.added
                if compute_significance(text) >= SIGNIFICANT
                and (stripped := strip_spaces(text)) not in moved
            ),
        )
        for run in change.runs
    )
    return [run for run in new_runs if run.block or run.lines]


def _make_block(run: Run, moved: Collection[str]) -> _Line | None:
    """Return the lines that a run adds as a block, or None if they are not evidence by
    themselves.

    A single line must be a call, or an assignment to a member.
    """
    lines = _list_code_lines(run.added)
    letters = sum(map(_count_letters, lines))
    if (
        not any(compute_significance(text) >= SIGNIFICANT for text in lines)
        or (len(lines) == 1 and not (letters >= MIN_STATEMENT and _is_statement(lines[0])))
        or all(strip_spaces(text) in moved for text in lines)
    ):
        return None
    form = _join_lines(lines), _find_function_name(run)
    return _Line((form,), letters, len(lines), is_block=True)


def _is_statement(line: str) -> bool:
    return bool(_find_calls(line) or _SETS_MEMBER.match(line))


def _list_code_lines(lines: Sequence[str]) -> list[str]:
    """Return the lines without blank lines, braces and comments."""
    return [text for text in lines if compute_significance(text) and not _COMMENT.match(text)]


def _join_lines(lines: Sequence[str]) -> str:
    return "".join(f"{strip_spaces(text)}\n" for text in lines)


def _count_letters(text: str) -> int:
    return len(_NOT_WORD.sub("", text))


def _list_deleted_forms(history: CommitChange, blocks: Collection[_Form]) -> Iterator[_Form]:
    """Yield the forms of the lines that a commit deleted without adding them elsewhere.

    Of the blocks that it deleted, only `blocks` are included.
    """
    if sum(file.size for file in history.files) > MAX_LINES:
        return
    runs = [run for file in history.files for run in file.runs]
    kept = Counter(
        form[0] for run in runs for text in run.added for form in _list_forms(text, run)[1:]
    )
    yield from _list_deleted_blocks(runs, blocks)
    for run in runs:
        for text in run.removed:
            same, anywhere, *renamed = _list_forms(text, run)
            for forms in ((same, anywhere), renamed):
                if forms and kept[forms[-1][0]]:
                    kept[forms[-1][0]] -= 1
                else:
                    yield from forms


def _list_deleted_blocks(runs: Sequence[Run], blocks: Collection[_Form]) -> Iterator[_Form]:
    """Yield the blocks that were deleted from a function, alone or with other lines."""
    added = [_join_lines(_list_code_lines(run.added)) for run in runs]
    for run in runs:
        removed = "\n" + _join_lines(_list_code_lines(run.removed))
        for block, function in blocks:
            is_deleted = f"\n{block}" in removed and not any(block in text for text in added)
            if is_deleted and function == _find_function_name(run):
                yield block, function


def _list_forms(text: str, run: Run) -> tuple[_Form, ...]:
    """Return a line without spaces in its function and anywhere, and without names of variables.

    The last form is only for lines in a function that call another one.
    """
    function = _find_function_name(run)
    stripped = strip_spaces(text)
    forms = (stripped, function), (stripped, _ANYWHERE)
    kept = _find_calls(text)
    if not kept or not _CALLED.search(run.function):
        return forms
    kept |= _NOT_CALLED
    shape = _WORD.sub(lambda word: word[0] if word[0] in kept else "$", text)
    return *forms, (f"{strip_spaces(shape)} ", function)


def _find_calls(text: str) -> set[str]:
    return set(_CALLED.findall(text)) - _NOT_CALLED


def _find_function_name(run: Run) -> str:
    return match[1] if (match := _CALLED.search(run.function)) else run.function

# SPDX-License-Identifier: GPL-2.0-or-later
"""Find where the lines that a commit adds come from, if the commit only moves, renames or reformats
them.

This module does no I/O.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from patchpilot.model.c_scanner import guess_state, read_code
from patchpilot.tags.commit_change import CommitFileChange, Run

MOVED, RENAMED, REFORMATTED, RESTORED = "moved", "renamed", "reformatted", "restored"
EDITED = "edited"
"""The commit changed another part of the line than the fix."""
RESTRUCTURED = "restructured"
"""The commit states that it does not change what the line does."""
NEAR_CHARACTERS, FAR_CHARACTERS = 20, 40
"""Minimum number of letters and digits in a block that was moved within a file and between files,
the same as for `git blame -M -C`."""
RENAMINGS = 3
"""Number of lines with a new name from which other uses of the old name may remain."""
SIMILAR = 0.6
"""Minimum similarity of a line before and after a commit."""
NEAR_RUNS = 10
"""Maximum number of lines from an edited line to its former place, if other lines were written
there."""
MAX_LINES = 20_000
"""Maximum number of changed lines of a commit that is searched; larger ones import code."""
_TOKEN = re.compile(r"[A-Za-z_]\w*|\d\w*|\S")
_SPACE = re.compile(r"\s+")
_OTHER_NAME = re.compile(r"(?:\b(?:struct|union|enum)\s+|\.|->\s*)[A-Za-z_]\w*")
_NOT_WORD = re.compile(r"[\W_]+")
_TIDY = re.compile(
    r"\brenam\w+|\bno (?:functional|behavi\w+|logical) chang|\bmodern name|\bcosmetic"
    r"|\bcoding style|\bno change (?:in|of|to) (?:behavi|function)",
    re.IGNORECASE,
)
_SAME_EFFECT = re.compile(
    r"\bno (?:intended |visible )?(?:functional|functionality|behavi\w+|logical) chang"
    r"|\bno change (?:in|of|to) (?:the )?(?:behavi|function|logic)"
    r"|\b(?:does|do|should) ?n[o']t change (?:the |any )?(?:behavi|function|logic)",
    re.IGNORECASE,
)
"""A message's statement that the commit does not change what the code does."""
_DEFINITION = (
    r"(?:^\s*{0}:|#\s*define\s+{0}\b|\b(?:struct|enum|union)\s+{0}\b"
    r"|\b(?!(?:return|goto|else|case)\b)\w+[\s*]+{0}\s*[;,=(\[)])"
)


class LineSource(NamedTuple):
    """The place of a line in the parent of the commit that moved it, and how it was moved."""

    path: str
    line: int
    kind: str


class _OldLine(NamedTuple):
    path: str
    line: int
    text: str
    run: Run


def find_line_sources(
    files: Sequence[CommitFileChange],
    path: str,
    message: str,
    dropped: Mapping[int, Counter[str]],
) -> dict[int, LineSource]:
    """Map the lines of a file that a commit did not write itself to their former places.

    `files` is the commit's whole change, `path` the file's path after it. The keys are line numbers
    after the change. `dropped` contains the words that the fix removes from these lines.
    """
    target = next((file for file in files if file.new_path == path), None)
    if target is None or sum(file.size for file in files) > MAX_LINES:
        return {}
    renamed = find_renamed_identifiers(files, message)
    old_lines = list(_list_old_lines(files, renamed))
    places: dict[str, list[int]] = defaultdict(list)
    for number, old in enumerate(old_lines):
        if old.text:
            places[old.text].append(number)
    result: dict[int, LineSource] = {}
    has_same_effect = _SAME_EFFECT.search(message) is not None
    for run in target.runs:
        result.update(_find_edited(run, target, dropped, has_same_effect))
        result.update(_find_reformatted(run, target.old_path, renamed))
        result.update(_find_moved(run, path, old_lines, places))
    return result


def find_restored_lines(
    files: Sequence[CommitFileChange], undone: Sequence[CommitFileChange], path: str
) -> dict[int, LineSource]:
    """Map the lines that a revert restores to their places before the reverted commit.

    `files` is the change of the revert, and `undone` the change of the commit that it reverts.
    """
    old_lines = list(_list_old_lines(undone, {}))
    places: dict[str, list[int]] = defaultdict(list)
    for number, old in enumerate(old_lines):
        places[old.text].append(number)
    result: dict[int, LineSource] = {}
    for run in (run for file in files if file.new_path == path for run in file.runs):
        for line, source in _find_moved(run, path, old_lines, places, smallest=1).items():
            result[line] = source._replace(kind=RESTORED)
    return result


def find_renamed_identifiers(files: Sequence[CommitFileChange], message: str) -> dict[str, str]:
    """Map the old names to the new names of the identifiers that a commit renames everywhere.

    The commit must also rename the definition, unless its message states that it only renames.
    """
    targets: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    old_words: set[str] = set()
    old_variables: set[str] = set()
    new_words: set[str] = set()
    for run in (run for file in files for run in file.runs):
        old_tokens = [_TOKEN.findall(text) for text in run.removed]
        new_tokens = [_TOKEN.findall(text) for text in run.added]
        old_words.update(word for tokens in old_tokens for word in tokens)
        old_variables.update(_TOKEN.findall(_keep_variables(run.removed)))
        new_words.update(word for tokens in new_tokens for word in tokens)
        if len(old_tokens) != len(new_tokens):
            continue
        for old, new in zip(old_tokens, new_tokens, strict=True):
            if len(old) != len(new):
                continue
            pairs = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
            if all(a.isidentifier() and b.isidentifier() for a, b in pairs):
                for a, b in pairs:
                    targets[a][b] += 1
    runs = [run.added for file in files for run in file.runs]
    added = "\n".join(map("\n".join, runs))
    unique = {
        old: next(iter(new))
        for old, new in targets.items()
        if len(new) == 1
        and next(iter(new)) not in old_variables
        # a variable may have the name of its type, which stays
        and (
            old not in new_words
            or sum(new.values()) >= RENAMINGS
            or _is_passed_as(old, next(iter(new)), added)
        )
    }
    if not unique or _TIDY.search(message):
        return unique
    variables = "\n".join(map(_keep_variables, runs))
    return {
        old: new
        for old, new in unique.items()
        if is_definition(new, variables if new in old_words else added)
    }


def _is_passed_as(value: str, name: str, added: str) -> bool:
    """Return whether added lines define a parameter, and pass the value that it replaces."""
    parameter = rf"[(,]\s*(?:\w+[\s*]+)+{re.escape(name)}\s*[,)]"
    argument = rf"[(,]\s*{re.escape(value)}\s*[,)]"
    return bool(re.search(parameter, added) and re.search(argument, added))


def _keep_variables(lines: Sequence[str]) -> str:
    """Return lines of C without comments, strings, and names of structures and members.

    A variable may be renamed to one of these names.
    """
    return _OTHER_NAME.sub(" int ", "\n".join(read_code(lines, guess_state(lines))))


def is_definition(name: str, text: str) -> bool:
    """Return whether lines of C define or declare an identifier."""
    return bool(re.search(_DEFINITION.format(re.escape(name)), text, re.MULTILINE))


def _list_old_lines(
    files: Iterable[CommitFileChange], renamed: Mapping[str, str]
) -> Iterator[_OldLine]:
    for file in files:
        for run in file.runs if file.old_path else ():
            for number, text in enumerate(run.removed):
                yield _OldLine(
                    file.old_path or "", run.start + number, _strip_line(text, renamed), run
                )


def _strip_line(text: str, renamed: Mapping[str, str]) -> str:
    """Return a line without spaces and with the new names of its identifiers."""
    if renamed:
        text = re.sub(r"[A-Za-z_]\w*", lambda word: renamed.get(word[0], word[0]), text)
    return strip_spaces(text)


def strip_spaces(text: str) -> str:
    return _SPACE.sub("", text)


def _find_reformatted(
    run: Run, old_path: str | None, renamed: Mapping[str, str]
) -> dict[int, LineSource]:
    """Return the lines whose characters are the same as those at the start or at the end of the
    removed lines, although they are in other lines now.
    """
    if not run.removed or not run.added or old_path is None:
        return {}
    old = [_strip_line(text, renamed) for text in run.removed]
    new = [strip_spaces(text) for text in run.added]
    old_text, new_text = "".join(old), "".join(new)
    start = _count_common(old_text, new_text)
    end = min(
        _count_common(old_text[::-1], new_text[::-1]), min(len(old_text), len(new_text)) - start
    )
    if start + end < max(NEAR_CHARACTERS, SIMILAR * max(len(old_text), len(new_text))):
        return {}
    result: dict[int, LineSource] = {}
    position = 0
    for number, text in enumerate(new):
        first, position = position, position + len(text)
        shift = len(old_text) - len(new_text) if first >= len(new_text) - end else 0
        if not text or (position > start and first < len(new_text) - end):
            continue
        kind = RENAMED if text in old else REFORMATTED
        line = run.start + _find_index(old, first + shift)
        result[run.new_start + number] = LineSource(old_path, line, kind)
    return result


def _find_edited(
    run: Run,
    target: CommitFileChange,
    dropped: Mapping[int, Counter[str]],
    has_same_effect: bool,
) -> dict[int, LineSource]:
    """Return the lines that had the words that the fix removes before the commit changed them.

    A line may be in a nearby run of the old file if nothing there was written in its place. If the
    fix only adds words to a line, its former place is returned if the commit states that it does
    not change what the code does.
    """
    result: dict[int, LineSource] = {}
    path = target.old_path or ""
    near = [each for each in target.runs if abs(each.start - run.start) <= NEAR_RUNS]
    for number, text in enumerate(run.added if path else ()):
        words = dropped.get(run.new_start + number)
        if words is None or not (words or has_same_effect):
            continue
        best, kind = 0.0, EDITED
        if not words:
            text, kind = _join_statement(run.added, number), RESTRUCTURED
        for each in near:
            similarity, index = _find_similar(text, each.removed, words)
            if similarity <= best or (each is not run and _was_edited(each, index, similarity)):
                continue
            best = similarity
            result[run.new_start + number] = LineSource(path, each.start + index, kind)
    return result


def _join_statement(lines: Sequence[str], number: int) -> str:
    """Return the statement of which a line is a part, as far as it is in these lines."""
    ends = [line.rstrip().endswith((";", "{", "}")) for line in lines]
    start = number
    while start and not ends[start - 1]:
        start -= 1
    end = number
    while end + 1 < len(lines) and not ends[end]:
        end += 1
    return " ".join(lines[start : end + 1])


def _find_similar(text: str, lines: Sequence[str], words: Counter[str]) -> tuple[float, int]:
    """Return the similarity and the index of the line with these words that is most similar.

    The similarity is 0 if it is less than `SIMILAR`.
    """
    best = max(
        (
            (_measure_similarity(line, text), -index)
            for index, line in enumerate(lines)
            if not words - Counter(split_tokens(line))
        ),
        default=(0.0, 0),
    )
    return (best[0], -best[1]) if best[0] >= SIMILAR else (0.0, 0)


def _was_edited(run: Run, index: int, similarity: float) -> bool:
    """Return whether a removed line is at least as similar to a line added in its place."""
    return any(_measure_similarity(run.removed[index], new) >= similarity for new in run.added)


def _measure_similarity(text: str, other: str) -> float:
    """Return the share of the words and characters that two lines have in common, from 0 to 1."""
    old, new = Counter(split_tokens(text)), Counter(split_tokens(other))
    return 2 * (old & new).total() / max(1, old.total() + new.total())


def split_tokens(text: str) -> list[str]:
    """Return the words and characters of a line of code, without its spaces."""
    return _TOKEN.findall(text)


def _count_common(text: str, other: str) -> int:
    return next(
        (number for number, (a, b) in enumerate(zip(text, other, strict=False)) if a != b),
        min(len(text), len(other)),
    )


def _find_index(lines: Sequence[str], position: int) -> int:
    """Return the index of the line that has the character at a position of the joined lines."""
    for index, text in enumerate(lines):
        position -= len(text)
        if position < 0:
            return index
    return len(lines) - 1


def _find_moved(
    run: Run,
    path: str,
    old_lines: Sequence[_OldLine],
    places: Mapping[str, Sequence[int]],
    smallest: int = 0,
) -> dict[int, LineSource]:
    """Return the lines of a run that are in blocks that the commit removes somewhere else.

    A block has at least `smallest` letters and digits; by default, this depends on its places.
    """
    result: dict[int, LineSource] = {}
    added = [strip_spaces(text) for text in run.added]
    number = 0
    while number < len(added):
        length, at, count = 1, -1, 0
        for place in places.get(added[number], ())[:50]:
            block = _measure_block(added, number, old_lines, place)
            if block[1] > count:
                at, (length, count) = place, block
        if at >= 0:
            is_same_run = old_lines[at].run is run
            far = old_lines[at].path != path
            if is_same_run or count >= (smallest or (FAR_CHARACTERS if far else NEAR_CHARACTERS)):
                for offset in range(length):
                    old = old_lines[at + offset]
                    kind = RENAMED if is_same_run else MOVED
                    result[run.new_start + number + offset] = LineSource(old.path, old.line, kind)
        number += length
    return result


def _measure_block(
    added: Sequence[str], number: int, old_lines: Sequence[_OldLine], place: int
) -> tuple[int, int]:
    """Return the number of lines that are the same in both places, and of their letters."""
    length = count = 0
    first = old_lines[place]
    while (
        number + length < len(added)
        and place + length < len(old_lines)
        and old_lines[place + length].run is first.run
        and old_lines[place + length].text == added[number + length]
    ):
        count += len(_NOT_WORD.sub("", added[number + length]))
        length += 1
    return length, count

# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the prerequisites of a fix in the history of its lines, without trial merges.

The history is walked backward from the fix. A commit is a prerequisite if it changed lines that
overlap or adjoin lines of the fix or of a later prerequisite. Line numbers are mapped back across
all other commits.
"""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from patchpilot.commits.repository import Repository
from patchpilot.model.patch import unquote_path

_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
Span = tuple[int, int]
_MOST_RENAMES = 6
_MOST_ADDING = 40


@dataclass(frozen=True, slots=True)
class LineEditStep:
    """A commit's change to a file.

    A path is None if the file does not exist on that side. Each hunk consists of an old and a new
    span. A span is a pair of positions between lines.
    """

    old_path: str | None
    new_path: str | None
    hunks: tuple[tuple[Span, Span], ...]


@dataclass(frozen=True, slots=True)
class LineTouch:
    """A commit with its changes to the requested files."""

    commit: str
    edits: tuple[LineEditStep, ...]

    @property
    def size(self) -> int:
        """Return the number of changed lines."""
        return sum(
            old[1] - old[0] + new[1] - new[0] for edit in self.edits for old, new in edit.hunks
        )


def read_line_touches(
    repository: Repository,
    paths: Sequence[str],
    tip: str,
    excluded: Sequence[str],
    *,
    timeout: float = 60.0,
) -> tuple[LineTouch, ...]:
    """Return the commits in `excluded`..`tip` that change any of `paths`, oldest first.

    They are reachable from `tip` but from none of `excluded`. Merges are skipped.
    """
    return _read_log(
        repository,
        "--topo-order",
        "--reverse",
        "--no-merges",
        tip,
        *(f"^{tip}" for tip in excluded),
        paths=paths,
        timeout=timeout,
    )


def read_line_touch(repository: Repository, commit: str, paths: Sequence[str] = ()) -> LineTouch:
    """Return the changes of one commit to `paths`, or to all files."""
    touches = _read_log(repository, "-1", commit, paths=paths)
    return touches[0] if touches else LineTouch(commit, ())


def read_touches_of_commits(
    repository: Repository, commits: Sequence[str], paths: Sequence[str] = ()
) -> dict[str, LineTouch]:
    """Return the changes of several commits to `paths`, or to all files, running git once.

    A commit that changes none of `paths` has no edits.
    """
    stdin = "".join(f"{commit}\n" for commit in commits).encode()
    touches = _read_log(repository, "--stdin", "--no-walk=unsorted", paths=paths, stdin=stdin)
    by_commit = {touch.commit: touch for touch in touches}
    return {commit: by_commit.get(commit, LineTouch(commit, ())) for commit in commits}


def _read_log(
    repository: Repository,
    *options: str,
    paths: Sequence[str],
    stdin: bytes | None = None,
    timeout: float = 300.0,
) -> tuple[LineTouch, ...]:
    """Return the changes to `paths`, or to all files, in commits listed by git log."""
    path_arguments = ["--", *paths] if paths else []
    result = repository.git(
        "log", "--format=%x01%H", "--raw", "-p", "-U0", "-M", *options, *path_arguments,
        stdin=stdin, timeout=timeout,
    )  # fmt: skip
    return tuple(_parse_touch(block) for block in result.out.split(b"\x01")[1:])


def find_older_names(
    repository: Repository,
    paths: Sequence[str],
    tip: str,
    excluded: str,
    *,
    timeout: float = 60.0,
) -> tuple[str, ...]:
    """Return former names of these files in the commits `excluded`..`tip`, latest first.

    One walk finds the commits that added a name, and only these are searched for renames. `git log
    --follow` would walk the history once per file.
    """
    result: dict[str, None] = {}
    names = set(paths)
    end = time.monotonic() + timeout
    for _ in range(_MOST_RENAMES):
        if not names:
            break
        added = repository.git(
            "log", "--no-renames", "--diff-filter=A", "--format=%H", tip, f"^{excluded}", "--", *sorted(names), timeout=max(0.1, end - time.monotonic())  # noqa: E501
        )  # fmt: skip
        old_names = set()
        for commit in added.text.split()[:_MOST_ADDING]:
            seconds_left = max(0.1, end - time.monotonic())
            fields = repository.git(
                "diff-tree", "-r", "-M", "-z", "--diff-filter=R", "--name-status", "--no-commit-id", commit, timeout=seconds_left  # noqa: E501
            ).text.split("\0")  # fmt: skip
            old_names |= {
                old
                for status, old, new in zip(fields[::3], fields[1::3], fields[2::3], strict=False)
                if status and new in names
            }
        names = old_names - result.keys() - set(paths)
        result |= dict.fromkeys(sorted(names))
    return tuple(result)


def find_dependencies(
    touches: Sequence[LineTouch],
    fix: LineTouch,
    present: frozenset[str],
    paths: frozenset[str] | None = None,
    margin: int = 0,
) -> tuple[LineTouch, ...]:
    """Return the commits on which the fix depends, oldest first.

    `touches` contains the commits before the fix, oldest first. The commits in `present` are
    already in the branch; they only shift lines. If `paths` is not empty, only these files of the
    fix are considered. `margin` is the number of lines by which the fix's spans are extended at
    both ends.
    """
    spans_by_path = _find_changed_spans(fix, paths, margin)
    result = []
    for touch in reversed(touches):
        is_needed = touch.commit not in present and any(
            _overlaps(edit, spans_by_path) for edit in touch.edits
        )
        if is_needed:
            result.append(touch)
        _map_spans_back(touch, spans_by_path, is_needed)
    return tuple(reversed(result))


def find_last_writers(
    touches: Sequence[LineTouch],
    fix: LineTouch,
    present: frozenset[str],
    paths: frozenset[str],
) -> tuple[LineTouch, ...]:
    """Return the commits that last changed the fix's lines or adjacent ones, oldest first.

    `touches` are the commits before the fix, oldest first. Lines that one of them wrote are not
    traced further back. Renames are followed.
    """
    spans_by_path = _find_changed_spans(fix, paths)
    result = []
    for touch in reversed(touches):
        if touch.commit not in present and any(
            _overlaps(edit, spans_by_path, count_renames=False) for edit in touch.edits
        ):
            result.append(touch)
            for edit in touch.edits:
                if edit.new_path in spans_by_path:
                    spans_by_path[edit.new_path] = _subtract_spans(
                        spans_by_path[edit.new_path], [new for _, new in edit.hunks]
                    )
        _map_spans_back(touch, spans_by_path, is_needed=False)
    return tuple(reversed(result))


def find_crossing_touches(
    touches: Sequence[LineTouch], path: str, span: Span
) -> tuple[LineTouch, ...]:
    """Return the commits that changed lines in a span of a file.

    `touches` are the commits to search, oldest first. The span refers to the file after the last of
    them.
    """
    spans_by_path: dict[str, list[Span]] = {path: [span]}
    result = []
    for touch in reversed(touches):
        # ignore renames, because a rename alone changes no lines
        if any(
            low < new[1] and new[0] < high
            for edit in touch.edits
            for low, high in spans_by_path.get(edit.new_path or "", ())
            for new in _list_written_spans(edit)
        ):
            result.append(touch)
        _map_spans_back(touch, spans_by_path, is_needed=False)
    return tuple(reversed(result))


def _find_changed_spans(
    fix: LineTouch, paths: frozenset[str] | None, margin: int = 0
) -> dict[str, list[Span]]:
    """Map old paths to changed spans, extended by a margin."""
    spans: dict[str, list[Span]] = {}
    for edit in fix.edits:
        if edit.old_path and (paths is None or edit.old_path in paths or edit.new_path in paths):
            spans.setdefault(edit.old_path, []).extend(
                (max(0, old[0] - margin), old[1] + margin) for old, _ in edit.hunks
            )
    return spans


def _list_written_spans(edit: LineEditStep) -> Iterable[Span]:
    """Return the lines that an edit wrote. If it only removes lines, return the lines before and
    after them.
    """
    return (
        (new[0], new[1]) if new[0] < new[1] else (max(0, new[0] - 1), new[1] + 1)
        for _, new in edit.hunks
    )


def _overlaps(
    edit: LineEditStep,
    spans_by_path: Mapping[str, Sequence[Span]],
    *,
    count_renames: bool = True,
) -> bool:
    """Return whether an edit overlaps or adjoins one of the spans.

    If `count_renames` is set, renaming the file is sufficient.
    """
    spans = spans_by_path.get(edit.new_path or "", ())
    if count_renames and spans and edit.new_path != edit.old_path:
        return True
    return any(span[0] <= new[1] and new[0] <= span[1] for span in spans for _, new in edit.hunks)


def _map_spans_back(
    touch: LineTouch, spans_by_path: dict[str, list[Span]], is_needed: bool
) -> None:
    for edit in touch.edits:
        spans = spans_by_path.pop(edit.new_path, []) if edit.new_path else []
        if edit.old_path is None:
            continue
        old_spans = [_map_span_back(span, edit.hunks) for span in spans]
        if is_needed:
            old_spans += [old for old, _ in edit.hunks]
        if old_spans:
            spans_by_path.setdefault(edit.old_path, []).extend(_join_spans(old_spans))


def _map_span_back(span: Span, hunks: Iterable[tuple[Span, Span]]) -> Span:
    low, high = span
    shift_low = shift_high = 0
    for old, new in hunks:
        delta = (old[1] - old[0]) - (new[1] - new[0])
        if new[1] <= low:
            shift_low += delta
        elif new[0] < low:
            low, shift_low = min(low, new[0]), shift_low
        if new[1] <= high:
            shift_high += delta
        elif new[0] < high:
            high, shift_high = max(high, new[1]), shift_high + delta
    return low + shift_low, max(low + shift_low, high + shift_high)


def _subtract_spans(spans: Sequence[Span], written: Sequence[Span]) -> list[Span]:
    remaining = list(spans)
    for low, high in written:
        parts = []
        for start, end in remaining:
            if end <= low or high <= start:
                parts.append((start, end))
            else:
                parts += [
                    (low_end, high_end)
                    for low_end, high_end in ((start, low), (high, end))
                    if low_end < high_end
                ]
        remaining = parts
    return remaining


def _join_spans(spans: Sequence[Span]) -> list[Span]:
    result: list[Span] = []
    for low, high in sorted(spans):
        if result and low <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], high))
        else:
            result.append((low, high))
    return result


def _parse_touch(block: bytes) -> LineTouch:
    commit, *lines = block.split(b"\n")
    paths = []
    hunks: list[list[tuple[Span, Span]]] = []
    for line in lines:
        if line.startswith(b":"):
            paths.append(_parse_paths(line))
        elif line.startswith(b"diff --git "):
            hunks.append([])
        elif hunks and (match := _HUNK.match(line)):
            hunks[-1].append((_parse_span(match[1], match[2]), _parse_span(match[3], match[4])))
    edits = (
        LineEditStep(*names, tuple(hunks[index]) if index < len(hunks) else ())
        for index, names in enumerate(paths)
    )
    return LineTouch(commit.decode("ascii"), tuple(edits))


def _parse_paths(line: bytes) -> tuple[str | None, str | None]:
    meta, *names = line.decode("utf-8", "surrogateescape").split("\t")
    status = meta.rpartition(" ")[2]
    return (
        None if status[0] in "AC" else unquote_path(names[0]),
        None if status[0] == "D" else unquote_path(names[-1]),
    )


def _parse_span(start: bytes, count: bytes | None) -> Span:
    first, size = int(start), int(count) if count is not None else 1
    return (first, first) if size == 0 else (first - 1, first - 1 + size)

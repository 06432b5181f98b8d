# SPDX-License-Identifier: GPL-2.0-or-later
"""Check an adapted file for conflict markers and unbalanced brackets."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from patchpilot.model.c_scanner import read_code

_CODE = (".c", ".h", ".cc", ".cpp", ".hpp", ".cxx", ".hh", ".inc")
_BRACKETS = "(){}[]"
_MARKER = re.compile(r"(?:<{7}|>{7}|\|{7}) ")


def is_sound_result(
    path: str,
    adapted: Sequence[str],
    ours: Sequence[str],
    base: Sequence[str],
    theirs: Sequence[str],
) -> bool:
    """Return whether an adapted file passes the checks.

    Ignore problems that the branch's file already has. Check brackets only in C files.
    """
    if _has_conflict_marker(adapted) and not _has_conflict_marker(ours):
        return False
    if not is_code_file(path):
        return True
    counts, ours_counts, old, new = (
        _count_brackets(side) for side in (adapted, ours, base, theirs)
    )
    return all(
        counts[char] - ours_counts[char] - (counts[pair] - ours_counts[pair])
        == new[char] - old[char] - (new[pair] - old[pair])
        for char, pair in ("()", "{}", "[]")
    )


def is_code_file(path: str) -> bool:
    return path.endswith(_CODE)


def strip_comments_and_strings(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines with comments, strings and preprocessor directives removed."""
    is_directive = False
    for line, code in zip(lines, read_code(lines), strict=True):
        is_directive = is_directive or code.lstrip().startswith("#")
        yield "" if is_directive else code
        is_directive = is_directive and line.rstrip().endswith("\\")


def _has_conflict_marker(lines: Sequence[str]) -> bool:
    return any(_MARKER.match(line) for line in lines)


def _count_brackets(lines: Sequence[str]) -> Counter[str]:
    return Counter(
        char for line in strip_comments_and_strings(lines) for char in line if char in _BRACKETS
    )

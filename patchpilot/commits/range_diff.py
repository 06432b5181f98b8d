# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare two versions of a series with `git range-diff`.

The versions are commit ranges in a repository, or mailed patches.
"""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from patchpilot.commits.mail_commits import MailCommits
from patchpilot.commits.run import Completed
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch

_PAIR = re.compile(
    r"^ *(?P<old>\d+|-): +(?:[0-9a-f]+|-+) (?P<sign>[=!<>]) +(?P<new>\d+|-): +(?:[0-9a-f]+|-+)"
    r" (?P<title>.*)$",
    re.MULTILINE,
)


class Difference(StrEnum):
    """The status of a patch in a range-diff between two versions of a series."""

    SAME = "same"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


_SIGNS = {
    "=": Difference.SAME,
    "!": Difference.CHANGED,
    "<": Difference.REMOVED,
    ">": Difference.ADDED,
}


@json_form("difference", "old", "new", "subject=title", "diff=text")
class PatchDifference(NamedTuple):
    """A patch in a range-diff between two versions of a series.

    `old` and `new` are its numbers in the two versions (from 1), or None if it is missing there.
    `title` is its latest subject. `text` is git's output for a changed commit, otherwise "".
    """

    difference: Difference
    old: int | None
    new: int | None
    title: str
    text: str


def range_diff(run: Callable[..., Completed], old: str, new: str) -> str:
    """Return git's range-diff between two ranges of commits as text.

    `run` runs git in the repository that contains the commits.
    """
    return run("range-diff", "--no-color", "--no-notes", old, new).text


def compare_patches(
    old: Sequence[Patch], new: Sequence[Patch]
) -> tuple[PatchDifference, ...]:
    """Return the range-diff between two versions of mailed patches, in git's order.

    This does not need a repository with the patches' base.
    """
    with MailCommits() as commits:
        ranges = commits.write(old), commits.write(new)
        return read_range_diff(range_diff(commits.git, *ranges))


def read_range_diff(text: str) -> tuple[PatchDifference, ...]:
    """Parse the output of `git range-diff` into one entry for each patch.

    Commit ids are dropped, because they are meaningless for mailed patches.
    """
    pairs = list(_PAIR.finditer(text))
    ends = [*(pair.start() for pair in pairs[1:]), len(text)]
    return tuple(
        PatchDifference(
            _SIGNS[pair["sign"]],
            _number(pair["old"]),
            _number(pair["new"]),
            pair["title"],
            _strip_indentation(text[pair.end() : end]),
        )
        for pair, end in zip(pairs, ends, strict=True)
    )


def _number(word: str) -> int | None:
    return None if word == "-" else int(word)


def _strip_indentation(text: str) -> str:
    """Strip git's indentation from the lines below a pair."""
    return "\n".join(line.removeprefix("    ") for line in text.strip("\n").split("\n"))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare two versions of a series with `git range-diff`.

The versions are ranges of commits, or mailed patches.
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
    """How a patch differs between two versions of a series."""

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


@json_form("difference old new subject=title diff=text")
class PatchDifference(NamedTuple):
    """A patch in the range-diff of two versions of a series.

    `old` and `new` are its numbers, counted from 1; a number is None if that version does not have
    the patch. `title` is its latest subject. `text` is the output of git for a changed patch,
    otherwise "".
    """

    difference: Difference
    old: int | None
    new: int | None
    title: str
    text: str


def run_range_diff(run: Callable[..., Completed], old: str, new: str) -> str:
    """Return git's range-diff of two ranges of commits.

    `run` runs git in the repository that contains them.
    """
    return run("range-diff", "--no-color", "--no-notes", old, new).text


def compare_patches(old: Sequence[Patch], new: Sequence[Patch]) -> tuple[PatchDifference, ...]:
    """Return the range-diff of two versions of mailed patches, in git's order.

    The patches' base is not needed.
    """
    with MailCommits() as commits:
        ranges = commits.write(old), commits.write(new)
        return read_range_diff(run_range_diff(commits.git, *ranges))


def read_range_diff(text: str) -> tuple[PatchDifference, ...]:
    """Parse the output of `git range-diff` into one entry per patch.

    Drop the commit ids, because mailed patches have none.
    """
    pairs = list(_PAIR.finditer(text))
    ends = [*(pair.start() for pair in pairs[1:]), len(text)]
    return tuple(
        PatchDifference(
            _SIGNS[pair["sign"]],
            _parse_number(pair["old"]),
            _parse_number(pair["new"]),
            pair["title"],
            _strip_indentation(text[pair.end() : end]),
        )
        for pair, end in zip(pairs, ends, strict=True)
    )


def _parse_number(text: str) -> int | None:
    return None if text == "-" else int(text)


def _strip_indentation(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.strip("\n").split("\n"))

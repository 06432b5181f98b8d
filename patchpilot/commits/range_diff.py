# SPDX-License-Identifier: GPL-2.0-or-later
"""How two versions of a series differ, by `git range-diff`: of commits that a repository has, or of
patches as mailed.
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
    """What became of a patch from one version to the next."""

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
    """A patch in two versions: its number in each (from 1; None where it is not there), its latest
    title, and how its commit changed, as git prints it ("" unless it did)."""

    difference: Difference
    old: int | None
    new: int | None
    title: str
    text: str


def range_diff(run: Callable[..., Completed], old: str, new: str) -> str:
    """git's range-diff between two ranges of commits, as text; `run` calls git where they are."""
    return run("range-diff", "--no-color", "--no-notes", old, new).text


def compare_patches(
    old: Sequence[Patch], new: Sequence[Patch]
) -> tuple[PatchDifference, ...]:
    """The range-diff between patches as mailed, in git's order.

    It needs no repository that has what they are based on.
    """
    with MailCommits() as commits:
        ranges = commits.write(old), commits.write(new)
        return read_range_diff(range_diff(commits.git, *ranges))


def read_range_diff(text: str) -> tuple[PatchDifference, ...]:
    """The patches in a range-diff.

    Its commit ids, which mean nothing for patches as mailed, are left out.
    """
    pairs = list(_PAIR.finditer(text))
    ends = [*(pair.start() for pair in pairs[1:]), len(text)]
    return tuple(
        PatchDifference(
            _SIGNS[pair["sign"]],
            _number(pair["old"]),
            _number(pair["new"]),
            pair["title"],
            _undented(text[pair.end() : end]),
        )
        for pair, end in zip(pairs, ends, strict=True)
    )


def _number(word: str) -> int | None:
    return None if word == "-" else int(word)


def _undented(text: str) -> str:
    """The lines below a pair without the indent that git gives them."""
    return "\n".join(line.removeprefix("    ") for line in text.strip("\n").split("\n"))

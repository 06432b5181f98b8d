# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the original commits of lines that a later commit only moved from another file."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from patchpilot.commits.repository import Repository
from patchpilot.tags.blame import Blame, Owner, parse_blame
from patchpilot.tags.commit_change import CommitFileChange

_MOVES = re.compile(
    r"\b(?:mov(?:e|es|ed|ing)|split\w*|relocat\w*|separat\w+|extract\w*|factor\w*"
    r" out|re-?organi[sz]\w*|restructur\w*|consolidat\w*|merge files?)\b",
    re.IGNORECASE,
)
NEAR = 3
MAX_MOVERS = 2
MAX_SPANS = 40


def look_through_moves(
    repository: Repository,
    files: Sequence[CommitFileChange],
    blames: Mapping[str, Blame],
    owners: dict[str, Owner],
) -> None:
    """Reassigns changed lines from a commit that moved them to the commits that wrote them.

    This requires that git finds the lines in another file of the moving commit.
    """
    places: dict[tuple[str, str], list[tuple[Blame, int]]] = defaultdict(list)
    for change in files:
        found = blames.get(change.old_path or "")
        if not found:
            continue
        for run in change.runs:
            for line in range(run.start - NEAR, run.end + NEAR + 1):
                owner = owners.get(found.ids.get(line, ""))
                if owner and not owner.root and _MOVES.search(owner.subject):
                    places[owner.id, found.origins[line][0]].append((found, line))
    most = sorted(places, key=lambda one: (-len(places[one]), one))[:MAX_MOVERS]
    for mover, path in most:
        lines = places[mover, path]
        spans = line_ranges({found.origins[line][1] for found, line in lines})[
            :MAX_SPANS
        ]
        done = repository.git(
            "blame",
            "--porcelain",
            "-w",
            "-C",
            *(f"-L{first},{last}" for first, last in spans),
            mover,
            "--",
            path,
            ok=(0, 128),
        )
        met: dict[str, Owner] = {}
        before = parse_blame(path, done.text, met)
        for found, line in lines:
            number = found.origins[line][1]
            if before.ids.get(number, mover) != mover:
                found.ids[line] = before.ids[number]
                found.origins[line] = before.origins[number]
        for owner in met.values():
            owners.setdefault(owner.id, owner)


def line_ranges(numbers: set[int]) -> list[tuple[int, int]]:
    """Return adjacent line numbers as ranges, (first, last), in order."""
    result: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if result and number <= result[-1][1] + 1:
            result[-1] = (result[-1][0], number)
        else:
            result.append((number, number))
    return result

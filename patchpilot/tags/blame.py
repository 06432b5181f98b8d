# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commit that last changed each line of a file.

Whitespace is ignored, and renames are followed.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from patchpilot.commits.repository import Repository

NEAR = 5
"""Ranges of lines with fewer lines between them are blamed as one range."""
MAX_RANGES = 50
_HEAD = re.compile(r"^([0-9a-f]{40,64}) (\d+) (\d+)(?: (\d+))?$")


class Move(NamedTuple):
    """A commit that moved a line without changing what it does, and how."""

    commit: str
    kind: str


class Owner(NamedTuple):
    """A commit reported by git blame, with dates in seconds since the epoch.

    `root` is set if the history ends at this commit.
    """

    id: str
    subject: str
    author: str
    authored: int
    committed: int
    root: bool = False


@dataclass(frozen=True, slots=True)
class Blame:
    """The git blame output for the requested lines of a file.

    The keys are line numbers from 1. `texts[n]` is the text of line n, `ids[n]` the commit that
    last changed it, and `origins[n]` its path and line number in that commit. `moves[n]` lists the
    commits that have only moved line n since then, latest first.
    """

    path: str
    texts: dict[int, str] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    origins: dict[int, tuple[str, int]] = field(default_factory=dict)
    moves: dict[int, tuple[Move, ...]] = field(default_factory=dict)


def blame_file(repository: Repository, rev: str, path: str) -> tuple[Blame, dict[str, Owner]]:
    """Run git blame on a file at a revision.

    Return the blame of its lines, and the blamed commits by id. Both are empty if the file cannot
    be read.
    """
    return _run_blame(repository, rev, path, ())


def blame_lines(
    repository: Repository, rev: str, path: str, lines: Collection[int]
) -> tuple[Blame, dict[str, Owner]]:
    """Run git blame on these lines of a file, and perhaps on some others.

    Return the same as `blame_file`.
    """
    ranges: list[list[int]] = []
    for line in sorted(set(lines)):
        if ranges and line <= ranges[-1][1] + NEAR:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    options = tuple(f"-L{first},{last}" for first, last in ranges)
    return _run_blame(repository, rev, path, options if len(options) <= MAX_RANGES else ())


def _run_blame(
    repository: Repository, rev: str, path: str, options: Collection[str]
) -> tuple[Blame, dict[str, Owner]]:
    result = repository.git("blame", "--porcelain", "-w", *options, rev, "--", path, ok=(0, 128))
    owners: dict[str, Owner] = {}
    return parse_blame(path, result.text, owners), owners


def parse_blame(path: str, text: str, owners: dict[str, Owner]) -> Blame:
    """Parse the output of `git blame --porcelain`."""
    blame = Blame(path)
    facts: dict[str, str] = {}
    names: dict[str, str] = {}
    current, number, origin = "", 0, 0
    for line in text.split("\n"):
        if line.startswith("\t"):
            blame.texts[number] = line[1:]
            blame.ids[number] = current
            blame.origins[number] = (names.get(current, path), origin)
            if facts:
                owners.setdefault(current, _make_owner(current, facts))
                facts = {}
        elif head := _HEAD.match(line):
            current, origin, number = head[1], int(head[2]), int(head[3])
        else:
            name, _, value = line.partition(" ")
            if name == "filename":
                names[current] = value
            if current not in owners and name in (
                "author",
                "author-mail",
                "author-time",
                "committer-time",
                "summary",
                "boundary",
            ):
                facts[name] = value
    return blame


def _make_owner(commit: str, facts: dict[str, str]) -> Owner:
    author = facts.get("author-mail", "").strip("<>").lower() or facts.get("author", "")
    return Owner(
        commit,
        facts.get("summary", ""),
        author,
        int(facts.get("author-time", "0") or 0),
        int(facts.get("committer-time", "0") or 0),
        "boundary" in facts,
    )

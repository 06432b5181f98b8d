# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commit that last changed each line of a file.

Whitespace is ignored, and renames are followed.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from patchpilot.commits.repository import Repository

_HEAD = re.compile(r"^([0-9a-f]{40,64}) (\d+) (\d+)(?: (\d+))?$")


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
    last changed it, and `origins[n]` its path and line number in that commit.
    """

    path: str
    texts: dict[int, str] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    origins: dict[int, tuple[str, int]] = field(default_factory=dict)


def blame_file(repository: Repository, rev: str, path: str) -> tuple[Blame, dict[str, Owner]]:
    """Run git blame on a file at a revision.

    Return the blame of its lines, and the blamed commits by id. Both are empty if the file cannot
    be read.
    """
    result = repository.git("blame", "--porcelain", "-w", rev, "--", path, ok=(0, 128))
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

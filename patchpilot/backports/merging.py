# SPDX-License-Identifier: GPL-2.0-or-later
"""Three-way merges of trees.

Most of the time of a merge is spent on detecting renames. If renames cannot matter, git only merges
the files changed on both sides.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from patchpilot.commits.run import Completed, failure

Entry = tuple[str, str] | None
"""The (mode, id) of a tree entry, or None."""


Stages = Mapping[int, tuple[str, str]]
"""The sides of a conflicted file, numbered as in git: 1 base, 2 ours, 3 theirs; each is
(mode, id).
"""


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged tree: its id, whether there are no conflicts, and the conflicted paths.

    The blobs of these paths contain conflict markers. `kinds` maps them to git's name for the
    conflict, such as "contents" or "modify/delete", and `stages` to their sides if git did the
    merge. A renamed file has a different path in the base.
    """

    tree: str
    clean: bool
    paths: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, Stages] = field(default_factory=dict)


def plan(
    changed: Mapping[str, tuple[Entry, Entry]],
    ours: Callable[[str], Entry],
    theirs: Callable[[str], Entry],
) -> tuple[dict[str, Entry], tuple[str, ...]] | None:
    """Plan how to merge their changes into our tree.

    Return the entries to take from their tree, and the files changed on both sides; return None if
    git must detect renames. `changed` maps paths to the entries before and after their changes. A
    file that exists on all sides was not renamed. A file that they add keeps its path if we have
    the directory. A file that they delete is deleted if we did not change it and they keep the
    directory. Otherwise, either side may have renamed the file or directory.
    """
    taken: dict[str, Entry] = {}
    both: list[str] = []
    for path, (old, new) in changed.items():
        own = ours(path)
        folder = path.rpartition("/")[0]
        if not all(
            entry is None or entry[0].startswith("100") for entry in (old, new, own)
        ):
            return None
        if old is None:
            if own is not None or (folder and not _is_directory(ours(folder))):
                return None
            taken[path] = new
        elif new is None:
            if own != old or (folder and not _is_directory(theirs(folder))):
                return None
            taken[path] = None
        elif own is None or not old[0] == new[0] == own[0]:
            return None
        elif own == old:
            taken[path] = new
        elif own != new:
            both.append(path)
    return taken, tuple(sorted(both))


def _is_directory(entry: Entry) -> bool:
    return entry is not None and entry[0] == "40000"


def read_merge(done: Completed) -> Merge:
    """Parse the result of `git merge-tree -z --messages`.

    Raise GitError if it failed.
    """
    words = done.out.decode("utf-8", "surrogateescape").split("\0")
    if len(words[0]) != 40:
        raise failure(("merge-tree",), done)
    return merge_of(words, clean=done.code == 0)


def merge_of(words: Sequence[str], *, clean: bool) -> Merge:
    """Parse the output fields of `git merge-tree -z --messages`."""
    at = 1
    stages: dict[str, dict[int, tuple[str, str]]] = {}
    while at < len(words) and words[at]:
        entry, _, path = words[at].partition("\t")
        mode, name, stage = entry.split(" ")
        stages.setdefault(path, {})[int(stage)] = (mode, name)
        at += 1
    return Merge(words[0], clean, tuple(stages), _kinds(words[at + 1 :]), stages)


def _kinds(words: Sequence[str]) -> dict[str, str]:
    """Map each path to the kind of its first conflict, as named by git."""
    kinds: dict[str, str] = {}
    at = 0
    while at < len(words) and words[at].isdigit():
        end = at + 1 + int(words[at])
        if words[end].startswith("CONFLICT"):
            kind = words[end].removeprefix("CONFLICT ").strip("()")
            kinds = dict.fromkeys(words[at + 1 : end], kind) | kinds
        at = end + 2
    return kinds

# SPDX-License-Identifier: GPL-2.0-or-later
"""Merge trees with a three-way merge.

Most of the time of a merge is spent on detecting renames. If renames cannot matter, git merges only
the files changed on both sides.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from patchpilot.commits.pinned_git import make_git_error
from patchpilot.commits.run import Completed

Entry = tuple[str, str] | None
"""The (mode, id) of a tree entry, or None."""


Stages = Mapping[int, tuple[str, str]]
"""The sides of a conflicted file, numbered as in git: 1 base, 2 ours, 3 theirs; each is
(mode, id).
"""


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged tree with its id, whether there are no conflicts, and the conflicted paths.

    The blobs of these paths contain conflict markers. `kinds` maps the paths to git's name for the
    conflict, such as "contents" or "modify/delete". If git did the merge, `stages` maps them to the
    sides. A renamed file has a different path in the base.
    """

    tree: str
    clean: bool
    paths: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, Stages] = field(default_factory=dict)


def plan_merge(
    changed: Mapping[str, tuple[Entry, Entry]],
    ours: Callable[[str], Entry],
    theirs: Callable[[str], Entry],
) -> tuple[dict[str, Entry], tuple[str, ...]] | None:
    """Plan how to merge their changes into our tree.

    Return the entries to take from their tree, and the files changed on both sides. Return None if
    git must detect renames. `changed` maps paths to the entries before and after their changes.

    A file that exists on all sides was not renamed. A file that they add keeps its path if we have
    the directory. A file that they delete is deleted if we did not change it and they keep the
    directory. In all other cases, either side may have renamed the file or directory.
    """
    entries: dict[str, Entry] = {}
    both_changed: list[str] = []
    for path, (old, new) in changed.items():
        our_entry = ours(path)
        folder = path.rpartition("/")[0]
        if not all(entry is None or entry[0].startswith("100") for entry in (old, new, our_entry)):
            return None
        if old is None:
            if our_entry is not None or (folder and not _is_directory(ours(folder))):
                return None
            entries[path] = new
        elif new is None:
            if our_entry != old or (folder and not _is_directory(theirs(folder))):
                return None
            entries[path] = None
        elif our_entry is None or not old[0] == new[0] == our_entry[0]:
            return None
        elif our_entry == old:
            entries[path] = new
        elif our_entry != new:
            both_changed.append(path)
    return entries, tuple(sorted(both_changed))


def _is_directory(entry: Entry) -> bool:
    return entry is not None and entry[0] == "40000"


def read_merge(completed: Completed) -> Merge:
    """Parse the result of `git merge-tree -z --messages`.

    Raise GitError if it failed.
    """
    fields = completed.out.decode("utf-8", "surrogateescape").split("\0")
    if len(fields[0]) != 40:
        raise make_git_error(("merge-tree",), completed)
    return parse_merge(fields, clean=completed.code == 0)


def parse_merge(fields: Sequence[str], *, clean: bool) -> Merge:
    """Parse the output fields of `git merge-tree -z --messages`."""
    index = 1
    stages: dict[str, dict[int, tuple[str, str]]] = {}
    while index < len(fields) and fields[index]:
        entry, _, path = fields[index].partition("\t")
        mode, name, stage = entry.split(" ")
        stages.setdefault(path, {})[int(stage)] = (mode, name)
        index += 1
    return Merge(
        fields[0],
        clean,
        tuple(stages),
        _map_conflict_kinds(fields[index + 1 :]),
        stages,
    )


def _map_conflict_kinds(fields: Sequence[str]) -> dict[str, str]:
    """Map each path to git's name for its first conflict."""
    kinds: dict[str, str] = {}
    index = 0
    while index < len(fields) and fields[index].isdigit():
        end = index + 1 + int(fields[index])
        if fields[end].startswith("CONFLICT"):
            kind = fields[end].removeprefix("CONFLICT ").strip("()")
            kinds = dict.fromkeys(fields[index + 1 : end], kind) | kinds
        index = end + 2
    return kinds

# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare the changes of two commits by patch-id, or by their added and removed lines."""

import re
from collections import Counter
from collections.abc import Sequence

from patchpilot.commits.repository import Repository
from patchpilot.model.patch import FileChange
from patchpilot.series.patch_pairing import ENOUGH, line_similarity

_MOST_BROKEN = 30
_ALONE = re.compile(rb"^[0-9a-f]{40}$", re.MULTILINE)
_DIFF = ("diff-tree", "--root", "-p", "-M", "--no-ext-diff", "--no-textconv")


def patch_ids(repository: Repository, commits: Sequence[str]) -> dict[str, str]:
    """Map each commit to its patch-id, or to "" for merges and empty commits.

    Commits with missing objects are omitted.
    """
    ids: dict[str, str] = {}
    todo = list(commits)
    for _ in range(_MOST_BROKEN):
        if not todo:
            break
        diffs = repository.git(
            *_DIFF,
            "-r",
            "--stdin",
            stdin="".join(f"{commit_id}\n" for commit_id in todo).encode(),
            ok=(0, 128),
        )
        end = len(todo)
        if diffs.code:
            # git stops at a commit with missing objects (partial clone, damaged repository);
            # continue with the next one
            places = {commit_id.encode(): at for at, commit_id in enumerate(todo)}
            end = max(
                (places.get(match[0], 0) for match in _ALONE.finditer(diffs.out)),
                default=0,
            )
        result = repository.git("patch-id", "--stable", stdin=diffs.out)
        pairs = (line.split() for line in result.text.splitlines())
        computed = {pair[1]: pair[0] for pair in pairs if len(pair) == 2}
        ids |= {commit_id: computed.get(commit_id, "") for commit_id in todo[:end]}
        todo = todo[end + 1 :]
        # each retry would query the remote again
        if diffs.code and b"promisor" in diffs.err:
            break
    return ids


def changed_lines(repository: Repository, commit: str) -> "Counter[tuple[str, str]]":
    """Return the added and removed lines of a commit: sign and text without surrounding
    whitespace.
    """
    text = repository.git(*_DIFF, "-U0", "-r", "--no-commit-id", commit).out.decode(
        "utf-8", "replace"
    )
    counts: Counter[tuple[str, str]] = Counter()
    inside = False
    for line in text.split("\n"):
        if line.startswith("@@ "):
            inside = True
        elif line.startswith("diff --git "):
            inside = False
        elif inside and line[:1] in "+-" and line[1:].strip():
            counts[line[0], line[1:].strip()] += 1
    return counts


def count_changed_lines(files: Sequence[FileChange]) -> "Counter[tuple[str, str]]":
    """Return the added and removed lines of a patch's files, like `changed_lines`."""
    lines = (
        (line.kind, line.text.strip())
        for change in files
        for hunk in change.hunks
        for line in hunk.lines
        if line.kind in "+-"
    )
    return Counter(pair for pair in lines if pair[1])


def have_equal_patches(repository: Repository, left: str, other: str) -> bool:
    """Return whether two commits change at least one file with the same name."""
    names = [
        set(
            repository.git(
                "diff-tree",
                "--root",
                "-r",
                "-z",
                "--name-only",
                "--no-commit-id",
                commit,
            ).text.split("\0")
        )
        - {""}
        for commit in (left, other)
    ]
    return bool(names[0] & names[1])


def are_alike(
    repository: Repository, left: "str | Counter[tuple[str, str]]", other: str
) -> bool:
    """Return whether two commits make mostly the same changes.

    The first one may be passed as its changed lines.
    """
    mine = changed_lines(repository, left) if isinstance(left, str) else left
    theirs = changed_lines(repository, other)
    return mine == theirs or line_similarity(mine, theirs) >= ENOUGH

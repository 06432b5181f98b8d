# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare the changes of two commits by patch-id, or by their added and removed lines."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

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
            # git stops at a commit with missing objects (in a partial clone or a damaged
            # repository), so run it again from the next commit
            indexes = {commit_id.encode(): index for index, commit_id in enumerate(todo)}
            end = max(
                (indexes.get(match[0], 0) for match in _ALONE.finditer(diffs.out)),
                default=0,
            )
        result = repository.git("patch-id", "--stable", stdin=diffs.out)
        pairs = (line.split() for line in result.text.splitlines())
        computed = {pair[1]: pair[0] for pair in pairs if len(pair) == 2}
        ids |= {commit_id: computed.get(commit_id, "") for commit_id in todo[:end]}
        todo = todo[end + 1 :]
        # stop, because each further run would query the remote again
        if diffs.code and b"promisor" in diffs.err:
            break
    return ids


def compute_patch_id(repository: Repository, diff: bytes) -> str:
    """Return the patch-id of a diff, or "" if it has none."""
    fields = repository.git("patch-id", "--stable", stdin=diff).text.split()
    return fields[0] if fields else ""


def read_changed_lines(repository: Repository, commit: str) -> "Counter[tuple[str, str]]":
    """Return the added and removed lines of a commit.

    Each consists of its sign and its text without surrounding whitespace.
    """
    diff = repository.git(*_DIFF, "-U0", "-r", "--no-commit-id", commit).out.decode(
        "utf-8", "replace"
    )
    counts: Counter[tuple[str, str]] = Counter()
    in_hunk = False
    for line in diff.split("\n"):
        if line.startswith("@@ "):
            in_hunk = True
        elif line.startswith("diff --git "):
            in_hunk = False
        elif in_hunk and line[:1] in "+-" and line[1:].strip():
            counts[line[0], line[1:].strip()] += 1
    return counts


def count_changed_lines(files: Sequence[FileChange]) -> "Counter[tuple[str, str]]":
    """Return the added and removed lines of a patch's files, like `read_changed_lines`."""
    lines = (
        (line.kind, line.text.strip())
        for change in files
        for hunk in change.hunks
        for line in hunk.lines
        if line.kind in "+-"
    )
    return Counter(pair for pair in lines if pair[1])


def invert_lines(lines: "Mapping[tuple[str, str], int]") -> "Counter[tuple[str, str]]":
    """Return the changed lines of a revert: added lines are removed, and vice versa."""
    return Counter(
        {("-" if sign == "+" else "+", text): count for (sign, text), count in lines.items()}
    )


def have_common_file(repository: Repository, first: str, second: str) -> bool:
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
        for commit in (first, second)
    ]
    return bool(names[0] & names[1])


def are_alike(repository: Repository, first: "str | Counter[tuple[str, str]]", second: str) -> bool:
    """Return whether two commits make mostly the same changes.

    Instead of the first commit, its changed lines may be passed.
    """
    first_lines = read_changed_lines(repository, first) if isinstance(first, str) else first
    second_lines = read_changed_lines(repository, second)
    return first_lines == second_lines or line_similarity(first_lines, second_lines) >= ENOUGH

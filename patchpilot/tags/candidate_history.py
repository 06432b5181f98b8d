# SPDX-License-Identifier: GPL-2.0-or-later
"""The messages of the likeliest candidates, and their changes to the files of the fix."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from patchpilot.commits.repository import Repository
from patchpilot.tags.commit_change import CommitFileChange, parse_change


@dataclass(frozen=True, slots=True)
class CandidateHistory:
    """A candidate's message, and its change to the files of the fix, under their names at that
    time.
    """

    id: str
    message: str
    files: tuple[CommitFileChange, ...]


def read_past(
    repository: Repository, ids: Sequence[str], paths: Iterable[str]
) -> dict[str, CandidateHistory]:
    """Reads the messages of these commits and their changes to these paths, in one walk."""
    wanted = sorted(set(paths))
    if not ids or not wanted:
        return {}
    done = repository.git(
        "log", "--no-walk=unsorted", "--format=%x01%H%x00%B%x00", "-p", "-w", "-M", "-U0", "--no-color", "--no-ext-diff", "--no-textconv",  # noqa: E501
        *ids, "--", *wanted,
    )  # fmt: skip
    result = {}
    for entry in done.text.split("\x01")[1:]:
        commit, _, rest = entry.partition("\0")
        message, _, diff = rest.partition("\0")
        result[commit] = CandidateHistory(commit, message, parse_change(diff))
    return result

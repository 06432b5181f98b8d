# SPDX-License-Identifier: GPL-2.0-or-later
"""Find out how close the commit that a Fixes: tag names is to the lines that the fix changes."""

from patchpilot.commits.repository import Repository
from patchpilot.model.commit import Commit
from patchpilot.tags.blame import Blame
from patchpilot.tags.blame_features import list_function_lines
from patchpilot.tags.evidence_input import list_changed_lines, read_evidence_input


def find_reach(repository: Repository, commit: Commit, target: str) -> str:
    """Return which part of a fix's old code the target changed: "these lines", "this function" or
    "".

    The lines are followed through commits that only moved them. The fix must have a parent.
    """
    evidence = read_evidence_input(repository, commit)
    reach = ""
    for change in evidence.files:
        blame = evidence.blames.get(change.old_path or "")
        if not blame:
            continue
        if any(_changed_line(blame, line, target) for line in list_changed_lines(change, blame)):
            return "these lines"
        if any(_changed_line(blame, line, target) for line in list_function_lines(change, blame)):
            reach = "this function"
    return reach


def _changed_line(blame: Blame, line: int, target: str) -> bool:
    return blame.ids.get(line) == target or any(
        move.commit == target for move in blame.moves.get(line, ())
    )

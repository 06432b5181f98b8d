# SPDX-License-Identifier: GPL-2.0-or-later
"""Keep the findings of whole files that are on changed lines."""

import os
from collections.abc import Collection

from patchpilot.checking.result import CheckedPatch, CheckResult
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError
from patchpilot.model.action import Action
from patchpilot.model.mail import parse_patch

_DIFF = ("diff", "-U0", "-M", "--no-color", "--no-ext-diff", "--no-textconv")


def keep_changed_lines(result: CheckResult, repository: Repository | None) -> CheckResult:
    """Drop the findings on lines of the files that are the same in the last commit.

    With pre-commit's --from-ref, compare with that commit. In a file missing from that commit,
    all lines are changed. Raise `MissingError` without a repository.
    """
    if repository is None:
        raise MissingError(
            "--changed-lines: not in a git repository",
            hint=Action("", ("-C", "DIR"), "name a repository with {}"),
        )
    revision = repository.find(os.environ.get("PRE_COMMIT_FROM_REF") or "HEAD")
    if revision is None:
        return result
    diff = repository.git(*_DIFF, revision).out
    lines: dict[str, Collection[int]] = {}
    for change in parse_patch(b"---\n" + diff, "-").files if diff else ():
        numbers = (line.new_line for line in change.lines("+"))
        lines[change.path] = frozenset(number for number in numbers if number)

    def keep(checked: CheckedPatch) -> CheckedPatch:
        path = next((finding.path for finding in checked.every if finding.path), None)
        if path is None:
            return checked
        is_tracked = path in lines or repository.objects.info(f"{revision}:{path}")
        if not is_tracked:
            return checked
        changed = lines.get(path, ())
        every = tuple(finding for finding in checked.every if (finding.line or 1) in changed)
        return checked._replace(every=every)

    return result._replace(patches=tuple(map(keep, result.patches)))

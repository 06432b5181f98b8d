# SPDX-License-Identifier: GPL-2.0-or-later
"""Show a fix as the patch for a stable branch, for review before any file is written."""

from patchpilot.backports.backport_patches import BackportText, make_commits
from patchpilot.backports.object_store import Scratch
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.services.backport.backport_result import BackportResult, BranchResult
from patchpilot.services.backport.backport_targets import form_of
from patchpilot.services.backport.write_backports import steps_for


def patch_on_branch(
    repository: Repository, result: BackportResult, branch: BranchResult
) -> tuple[str, ...]:
    """Return the lines of the fix's diff on a branch, after its prerequisites.

    The result is empty if the fix does not apply. No file is written.
    """
    steps, _ = steps_for(repository, [(result, branch)], upstream_only=False)
    if not steps:
        return ()
    stable = form_of(repository, None)
    with Scratch(repository) as scratch:
        try:
            made = make_commits(scratch, stable, steps, branch.tip, BackportText())
        except PatchpilotError:
            # the reason is shown when they are written
            return ()
        return tuple(
            scratch.git("diff-tree", "-r", "-p", "-M", "--no-commit-id", made[-1].id)
            .text.rstrip("\n")
            .split("\n")
        )

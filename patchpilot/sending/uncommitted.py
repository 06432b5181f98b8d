# SPDX-License-Identifier: GPL-2.0-or-later
"""Warn about edits to the files of a topic that are not committed, and thus not sent."""

from shlex import join

from patchpilot.commits.make_commits import describe_uncommitted_files, list_uncommitted_files
from patchpilot.commits.repository import Repository
from patchpilot.model.send_problem import SendProblem
from patchpilot.outgoing.transport import Sending


def warn_about_uncommitted_edits(
    repository: Repository, sending: Sending
) -> tuple[SendProblem, ...]:
    """Warn if the working tree has uncommitted changes to files that the patches change.

    The hint is the command that adds them to the last commit that changes them. The changes are on
    top of the checked-out commit: there is no warning if it does not contain the patches.
    """
    head, ids = repository.find("HEAD"), sending.ids
    if not ids or head is None or not repository.is_ancestor(ids[-1], head):
        return ()
    commits = {
        path: commit
        for patch, commit in zip(sending.series.patches, ids, strict=False)
        for path in patch.paths
    }
    files = [path for path in list_uncommitted_files(repository, *commits) if path in commits]
    if not files:
        return ()
    commit = commits[files[0]]
    names = join([path for path in files if commits[path] == commit])
    return (
        SendProblem(
            "uncommitted",
            describe_uncommitted_files(files, ", and are not sent"),
            f"git commit --amend {names}"
            if commit == head
            else f"git commit --fixup={commit[:12]} {names}, then"
            f" git rebase -i --autosquash {commit[:12]}^",
        ),
    )

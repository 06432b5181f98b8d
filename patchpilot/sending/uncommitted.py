# SPDX-License-Identifier: GPL-2.0-or-later
"""Warn about edits and new files of a topic that are not committed, and thus not sent."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from shlex import join

from patchpilot.commits.make_commits import (
    describe_left_files,
    list_uncommitted_files,
    list_untracked_sources,
)
from patchpilot.commits.repository import Repository
from patchpilot.model.patch import Patch
from patchpilot.model.send_problem import SendProblem
from patchpilot.outgoing.transport import Sending


def warn_about_uncommitted_edits(repository: Repository, sending: Sending) -> Iterator[SendProblem]:
    """Warn if the working tree has uncommitted changes to files that the patches change, or new
    source files in the folders of these files.

    The hint is the command that adds them to the last commit that changes them. The changes are on
    top of the checked-out commit: there is no warning if it does not contain the patches.
    """
    head, ids = repository.find("HEAD"), sending.ids
    if not ids or head is None or not repository.is_ancestor(ids[-1], head):
        return
    commits = {
        path: commit
        for patch, commit in zip(sending.series.patches, ids, strict=False)
        for path in patch.paths
    }
    files = [path for path in list_uncommitted_files(repository, *commits) if path in commits]
    if files:
        commit = commits[files[0]]
        names = join([path for path in files if commits[path] == commit])
        yield SendProblem(
            "uncommitted",
            describe_left_files(files, effect=", and are not sent"),
            f"git commit --amend {names}" if commit == head else _fix_up(commit, names),
        )
    folders = {
        folder: commit
        for patch, commit in zip(sending.series.patches, ids, strict=False)
        for folder in _list_folders(patch)
    }
    if new_files := list_untracked_sources(repository, folders):
        commit = folders[PurePosixPath(new_files[0]).parent]
        amend = "git commit --amend" if commit == head else _fix_up(commit)
        yield SendProblem(
            "untracked",
            describe_left_files(new_files, new=True, effect=", and not sent"),
            f"git add {join(new_files)}, then {amend}",
        )


def _fix_up(commit: str, files: str = "") -> str:
    """Return the commands that add files, or what is staged, to an older commit."""
    fixup = f"git commit --fixup={commit[:12]} {files}".rstrip()
    return f"{fixup}, then git rebase -i --autosquash {commit[:12]}^"


def _list_folders(patch: Patch) -> Iterator[PurePosixPath]:
    """Yield the folders of a patch's files, and the folders that it adds to a Makefile."""
    for change in patch.files:
        path = PurePosixPath(change.path)
        yield path.parent
        if path.name in ("Makefile", "Kbuild"):
            for line in change.lines("+"):
                names = re.findall(r"(?<=\s)([\w-]+)/(?=\s|$)", line.text)
                yield from (path.parent / name for name in names)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds files of the working tree with uncommitted changes."""

from patchpilot.commits.repository import Repository


def uncommitted_files(repository: Repository) -> list[str]:
    """Returns the paths of tracked files that differ from HEAD, in git's order.

    The list is empty in a bare repository. Filters of the repository are not run.
    """
    if repository.bare:
        return []
    done = repository.git(
        "status", "--porcelain", "-z", "--untracked-files=no", "--no-renames"
    )
    entries = done.out.decode("utf-8", "surrogateescape").split("\0")
    return [entry[3:] for entry in entries if entry]

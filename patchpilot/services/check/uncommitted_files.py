# SPDX-License-Identifier: GPL-2.0-or-later
"""Which files of the working tree have changes that no commit has."""

from patchpilot.commits.repository import Repository


def uncommitted_files(repository: Repository) -> list[str]:
    """Returns the paths of tracked files that differ from HEAD, in git's order.

    Filters of the repository are not run, and a bare repository has none.
    """
    if repository.bare:
        return []
    done = repository.git(
        "status", "--porcelain", "-z", "--untracked-files=no", "--no-renames"
    )
    entries = done.out.decode("utf-8", "surrogateescape").split("\0")
    return [entry[3:] for entry in entries if entry]

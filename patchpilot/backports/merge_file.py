# SPDX-License-Identifier: GPL-2.0-or-later
"""git's three-way merge of a single file, with the base in its conflict markers."""

from patchpilot.commits.repository import Repository
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.model.hunk_fit import text_lines

_SIDES = ("branch", "base", "fix")
_MOST_CONFLICTS = 127
"""git merge-file ends with the number of conflicts, at most this."""


def merge_file_lines(
    repository: Repository, ours: bytes, base: bytes, theirs: bytes
) -> list[str]:
    """Returns the merged lines of a file, with conflict markers in git's style diff3."""
    with TemporaryFolder("conflict") as folder:
        files = [folder / side for side in _SIDES]
        for file, content in zip(files, (ours, base, theirs), strict=True):
            file.write_bytes(content)
        done = repository.git(
            "merge-file",
            "-p",
            "-q",
            "--diff3",
            *map(str, files),
            ok=range(_MOST_CONFLICTS + 1),
        )
    return text_lines(done.out)

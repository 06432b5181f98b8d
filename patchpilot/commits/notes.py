# SPDX-License-Identifier: GPL-2.0-or-later
"""Copy notes (`git notes`) from old commits to rewritten ones.

As after a rebase by git, copy the notes in the refs that `notes.rewriteRef` names. If it is not
set, copy all notes.
"""

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from patchpilot.commits.repository import Repository

_NOTES = "refs/notes/"


def copy_notes(repository: Repository, commits: Mapping[str, str]) -> None:
    """Copy notes to other commits; `commits` maps old ids to new ids.

    Different notes are replaced, but no note is removed.
    """
    if not commits:
        return
    for ref in _list_rewritten_refs(repository):
        notes = _read_notes(repository, ref, (*commits, *commits.values()))
        pairs = [
            f"{commit} {new_commit}\n"
            for commit, new_commit in commits.items()
            if notes.get(commit) not in ("", None, notes.get(new_commit))
        ]
        if pairs:
            repository.git(
                "notes",
                f"--ref={ref}",
                "copy",
                "--force",
                "--stdin",
                stdin="".join(pairs).encode(),
            )


def _list_rewritten_refs(repository: Repository) -> Sequence[str]:
    """Return the notes refs to copy.

    GIT_NOTES_REWRITE_REF or notes.rewriteRef names them; by default, all are copied.
    """
    refs = repository.git("for-each-ref", "--format=%(refname)", _NOTES).text.split()
    if (
        not refs
        or repository.git("config", "--type=bool", "notes.rewrite.rebase", ok=()).text.strip()
        == "false"
    ):
        return ()
    variable = os.environ.get("GIT_NOTES_REWRITE_REF")
    patterns = (
        variable.split(":") if variable is not None else repository.config("notes.rewriteref")
    )
    if variable is None and not patterns:
        return refs
    return [ref for ref in refs if any(fnmatchcase(ref, pattern) for pattern in patterns)]


def _read_notes(repository: Repository, ref: str, commits: Sequence[str]) -> dict[str, str]:
    result = repository.git(
        "log",
        "--no-walk=unsorted",
        "--stdin",
        f"--notes={ref}",
        "-z",
        "--format=%H%n%N",
        stdin="\n".join(commits).encode(),
    )
    return dict(entry.partition("\n")[::2] for entry in result.text.split("\0") if entry)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Find code that is missing or undeclared after a conflict was resolved."""

from collections.abc import Iterator, Mapping

from patchpilot.backports.adapt.absent_names import find_undeclared_variables
from patchpilot.backports.adapt.verify import is_code_file
from patchpilot.commits.repository import Repository
from patchpilot.history.origin import find_missing_code
from patchpilot.model.commit import Commit
from patchpilot.model.hunk_fit import split_text_lines
from patchpilot.model.printable import join_words

PatchedFiles = Mapping[str, tuple[bytes | None, bytes | None]]
"""Maps paths to the contents of the files before and after a change."""


def list_resolution_doubts(repository: Repository, own: Commit, original: Commit) -> Iterator[str]:
    """Yield sentences about files in which a resolved commit lacks the code of its original, or
    uses variables that the branch's function does not declare.

    git also merges lines without a conflict that need a variable of mainline's function.
    """
    for path in find_missing_code(repository, own, original):
        yield f"no code of the fix {original.short} is changed in {path}; check that this is right"
    yield from list_undeclared(repository, own, original)


def list_undeclared(
    repository: Repository, change: Commit | PatchedFiles, original: Commit
) -> Iterator[str]:
    """Yield sentences about files in which a backport uses variables that its function does not
    declare.

    A patch file is given as the contents of its files.
    """
    if not original.parents:
        return
    files = change if not isinstance(change, Commit) else _read_files(repository, change)
    for path, (before, after) in sorted(files.items()):
        upstream = (repository.blob(it, path) for it in (original.parents[0], original.id))
        sides = [split_text_lines(it or b"") for it in (before, *upstream, after)]
        if is_code_file(path) and all(sides) and (names := find_undeclared_variables(*sides)):
            yield (
                f"{path}: the changed function does not declare {join_words(sorted(names))}:"
                " it will not compile"
            )


def _read_files(repository: Repository, commit: Commit) -> PatchedFiles:
    parent = next(iter(commit.parents), None)
    paths = filter(is_code_file, repository.changed_paths(commit) if parent else ())
    return {
        path: (repository.blob(parent or "", path), repository.blob(commit.id, path))
        for path in paths
    }

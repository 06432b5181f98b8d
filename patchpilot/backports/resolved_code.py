# SPDX-License-Identifier: GPL-2.0-or-later
"""Find code that is missing or undeclared after a conflict was resolved."""

from collections.abc import Iterator

from patchpilot.backports.adapt.absent_names import find_undeclared_variables
from patchpilot.backports.adapt.verify import is_code_file
from patchpilot.commits.repository import Repository
from patchpilot.history.origin import find_missing_code
from patchpilot.model.commit import Commit
from patchpilot.model.hunk_fit import split_text_lines
from patchpilot.model.printable import join_words


def list_resolution_doubts(repository: Repository, own: Commit, original: Commit) -> Iterator[str]:
    """Yield sentences about files in which a resolved commit lacks the code of its original, or
    uses variables that the branch's function does not declare.

    git also merges lines without a conflict that need a variable of mainline's function.
    """
    for path in find_missing_code(repository, own, original):
        yield f"no code of the fix {original.short} is changed in {path}; check that this is right"
    if not (own.parents and original.parents):
        return
    commits = own.parents[0], original.parents[0], original.id, own.id
    for path in sorted(filter(is_code_file, repository.changed_paths(own))):
        sides = [split_text_lines(repository.blob(it, path) or b"") for it in commits]
        if all(sides) and (names := find_undeclared_variables(*sides)):
            yield (
                f"{path}: the changed function does not declare {join_words(sorted(names))}:"
                " it will not compile"
            )

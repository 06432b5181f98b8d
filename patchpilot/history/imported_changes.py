# SPDX-License-Identifier: GPL-2.0-or-later
"""Look for a commit inside a commit of a branch that imports a newer state of the code.

Such an import has no history: only the content shows which commits it contains.
"""

from typing import NamedTuple

from patchpilot.commits.fix_commit import FixCommit
from patchpilot.errors import PatchpilotError
from patchpilot.history.fix_in_branch import History
from patchpilot.history.imports import count_changed_files

_SHORTEST = 8
_FEW = 50
_MANY_FILES = 50
"""Number of changed files from which a commit that is no backport is an import."""


class ImportedChange(NamedTuple):
    """An import that may contain a commit, and how many of the lines that it adds are there."""

    imported: str
    present: int
    added: int

    @property
    def reason(self) -> str:
        """Return the evidence in words, after the id of the commit."""
        where = f"{self.imported[:12]}, which imports code without its history"
        if not self.present:
            return f"nor in {where}: no line that it adds is there"
        return f"but {self.present} of {self.added} lines that it adds are, perhaps by {where}"


def find_imported_change(history: History, commit: str, tip: str) -> ImportedChange | None:
    """Return whether an import in a branch may contain a commit.

    Return None if the branch has no import, or the commit adds no line that identifies it.
    """
    imports = _list_imports(history, commit, tip)
    if not imports:
        return None
    repository = history.repository
    try:
        files = FixCommit.read(repository, commit).files
    except PatchpilotError:
        return None
    added = present = 0
    for change in files:
        content = repository.blob(tip, change.path) or b""
        lines = set(map(_join_words, content.decode("utf-8", "surrogateescape").splitlines()))
        names = {_join_words(line.text) for line in change.lines("+")}
        names -= {_join_words(line.text) for line in change.lines("-")}
        names = {name for name in names if len(name) >= _SHORTEST}
        added += len(names)
        present += len(names & lines)
    return ImportedChange(imports[-1], present, added) if added else None


def _list_imports(history: History, commit: str, tip: str) -> list[str]:
    """Return the commits of a branch that import code: those on top of the common history, and all
    if there are few, that are no backports and change many files.
    """
    if tip in history.imports:
        return history.imports[tip]
    index = history.index
    own = history.list_own_commits(tip, commit)
    marked = index.upstream_ids(own)
    ids = index.ids(number for number in own[: _FEW + len(marked)] if number not in marked)
    candidates = [
        candidate.id
        for candidate in history.repository.commits(ids[:_FEW])
        if len(candidate.parents) <= 1
    ]
    counts = count_changed_files(history.repository, candidates) if candidates else {}
    imports = [name for name in candidates if counts.get(name, (0, 0))[1] >= _MANY_FILES]
    history.imports[tip] = imports
    return imports


def _join_words(text: str) -> str:
    return "".join(text.split())

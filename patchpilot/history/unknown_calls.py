# SPDX-License-Identifier: GPL-2.0-or-later
"""Find functions that a backport calls and that its branch does not have."""

from collections.abc import Iterator

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.history.stable_branches import find_stable_branches
from patchpilot.model.c_scanner import C_FILES, read_hunk_code
from patchpilot.model.commit import Commit
from patchpilot.model.origin import AddedCall
from patchpilot.model.patch import Patch

_NAME = lazy_pattern(r"(?<!\w)([A-Za-z_]\w{2,})(\s*\()?")
_MOST = 40
_SECONDS = 10.0


def find_unknown_calls(
    repository: Repository, patch: Patch, origin: Commit
) -> tuple[AddedCall, ...]:
    """Return the calls in the added lines of a backport whose function its branch does not contain.

    The branch is that of the commit, or the stable branch in the prefix of a message. Functions
    that the origin is the first to call are in a library, and are omitted. Return nothing if the
    branch is unknown or git takes too long.
    """
    calls = {call.name: call for call in _list_added_calls(patch)}
    branch = _find_branch(repository, patch)
    if not calls or not branch:
        return ()
    names = set(list(calls)[:_MOST])
    folders = {path.rpartition("/")[0] for path in patch.paths} - {""} | {"include", "lib"}
    try:
        with ScratchStore(repository) as scratch:
            tree = scratch.tree_of(branch)
            nearby = [folder for folder in sorted(folders) if scratch.has(tree, folder)]
            for paths in filter(None, (nearby, ["."])):
                if names:
                    names -= scratch.find_words(tree, names, paths=paths, timeout=_SECONDS)
            if names:
                before = scratch.tree_of(origin.parents[0])
                upstream = FixCommit(repository, origin).diff_lines
                added = {name for text in upstream for name, _ in _NAME.findall(text)}
                names -= added - scratch.find_words(before, names, timeout=_SECONDS)
    except PatchpilotError:
        return ()
    return tuple(call for call in calls.values() if call.name in names)


def _find_branch(repository: Repository, patch: Patch) -> str:
    if patch.commit:
        return next(iter(repository.commit(patch.commit).parents), "")
    versions = patch.subject.stables
    branches = find_stable_branches(repository).branches if versions else ()
    return next((branch.tip for branch in branches if branch.version in versions), "")


def _list_added_calls(patch: Patch) -> Iterator[AddedCall]:
    """Yield the calls of functions that the patch itself does not name in another way.

    A name at the start of a line, in a directive, or without arguments may be a declaration.
    """
    calls: list[AddedCall] = []
    named: set[str] = set()
    for change in patch.files:
        for hunk in change.hunks if change.path.endswith(C_FILES) else ():
            for line, code in zip(hunk.lines, read_hunk_code(hunk), strict=True):
                for name, bracket in _NAME.findall(code) if line.kind == "+" else ():
                    if bracket and code[:1].isspace() and not code.lstrip().startswith("#"):
                        calls.append(AddedCall(name, change.path, line.new_line, line.patch_line))
                    else:
                        named.add(name)
    yield from (call for call in calls if call.name not in named)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute the tree to which each patch of a series applies.

This is the base with all earlier patches applied. It is computed in memory.
"""

from collections.abc import Sequence
from functools import cached_property

from patchpilot.model.hunk_fit import fit_hunks, split_hunk_sides, split_text_lines
from patchpilot.model.patch import FileChange, Hunk, Patch
from patchpilot.model.source_tree import Tree

MAX_RENAMES = 40
"""Maximum number of renames followed for a file; more indicate an attack."""
MAX_STATES = 4
"""Number of cached states per file; more than one, because reads of renamed files alternate."""


class PatchStack:
    """The patches of a series in order, on top of a tree.

    The diff of a patch is parsed when one of its files is read.
    """

    def __init__(self, base: Tree, patches: Sequence[Patch]) -> None:
        self.base = base
        self._patches = tuple(patches)
        # maps each path and number of applied patches to the content, and whether the content is
        # uncertain
        self._states: dict[str, dict[int, tuple[bytes | None, bool]]] = {}
        self._remaining: int | None = None

    @cached_property
    def patches_by_path(self) -> dict[str, list[int]]:
        """Map each path to the indexes of the patches, except the last, that change the file."""
        result: dict[str, list[int]] = {}
        for number, patch in enumerate(self._patches[:-1]):
            for path in patch.paths:
                result.setdefault(path, []).append(number)
        return result

    def before(self, path: str, number: int, depth: int = 0) -> tuple[bytes | None, bool]:
        """Return a file's content before patch `number`, and whether the content is uncertain.

        It is uncertain if an earlier patch to the file does not apply.
        """
        numbers = [start for start in self.patches_by_path.get(path, ()) if start < number]
        states = self._states.setdefault(path, {}) if numbers else {}
        start = max((state for state in states if state <= len(numbers)), default=0)
        content, is_uncertain = states[start] if start else (self.base.read(path), False)
        for count, index in enumerate(numbers[start:], start + 1):
            if depth and not self._may_follow_rename():
                return content, True
            changes = [
                change
                for change in self._patches[index].files
                if path in (change.old_path, change.new_path)
            ]
            # if a patch removes a file and adds another one with the same path, apply the removal
            # first
            for change in sorted(changes, key=lambda change: change.new_path == path):
                content, is_misapplied = self._apply_change(change, path, content, index, depth)
                is_uncertain = is_uncertain or is_misapplied
            if count not in states and len(states) >= MAX_STATES:
                states.pop(next(iter(states)))
            states[count] = content, is_uncertain
        return content, is_uncertain

    def _may_follow_rename(self) -> bool:
        """Return whether another rename may be followed.

        The number is limited, because malicious patches could rename files in cycles.
        """
        if self._remaining is None:
            self._remaining = 100 + 4 * sum(map(len, self.patches_by_path.values()))
        self._remaining -= 1
        return self._remaining >= 0

    def _apply_change(
        self,
        change: FileChange,
        path: str,
        content: bytes | None,
        number: int,
        depth: int,
    ) -> tuple[bytes | None, bool]:
        """Apply a change to a file; return the content and whether it is uncertain."""
        if change.new_path != path:
            if change.new_path and not change.is_rename:
                return (content, False)
            return (None, content is None)
        if change.old_path and change.old_path != path:
            if depth >= MAX_RENAMES:
                return None, True
            content, is_misapplied = self.before(change.old_path, number, depth + 1)
        else:
            is_misapplied = False
        if change.is_binary:
            return content or b"", True
        if change.old_path is None:
            is_misapplied, content = is_misapplied or content is not None, b""
        fit = fit_hunks(path, split_text_lines(content or b""), change.hunks)
        unapplied = [misfit.hunk for misfit in fit.misfits if misfit.hunk]
        lines = _force_hunks(list(fit.lines or ()), unapplied) if unapplied else fit.lines or ()
        return "".join(lines).encode(
            "utf-8", "surrogateescape"
        ), is_misapplied or content is None or bool(unapplied)


def _force_hunks(lines: list[str], hunks: Sequence[Hunk]) -> list[str]:
    """Insert the added lines of hunks that do not apply near the intended line.

    Later lookups then find them.
    """
    for hunk in hunks:
        index = min(max(hunk.new_start - 1, 0), len(lines))
        old_lines = {line.text for line in hunk.lines if line.kind != "+"}
        lines[index:index] = [
            line for line in split_hunk_sides(hunk)[1] if line.rstrip("\n") not in old_lines
        ]
    return lines


class PatchedTree:
    """A source tree with the first patches of a stack applied.

    `ground` is the tree without patches; read data that is read once and cached from it.
    """

    def __init__(self, stack: PatchStack, number: int) -> None:
        self._stack = stack
        self._number = number
        self.ground = stack.base

    @property
    def label(self) -> str:
        """Return the base tree's label and the number of applied patches."""
        return (
            f"{self.ground.label} with the previous"
            f" {f'{self._number} patches' if self._number > 1 else 'patch'}"
        )

    @property
    def version(self) -> tuple[int, int] | None:
        """Return the kernel version of the tree without patches."""
        return self.ground.version

    def read(self, path: str) -> bytes | None:
        """Return a file's patched content, or None if the file does not exist."""
        if self.changes(path):
            return self._stack.before(path, self._number)[0]
        return self.ground.read(path)

    def exists(self, path: str) -> bool:
        if self.changes(path):
            return self.read(path) is not None
        return self.ground.exists(path) or self.is_dir(path)

    def is_dir(self, path: str) -> bool:
        changed_files = self.changed(path)
        if any(self.read(changed_file) is not None for changed_file in changed_files):
            return True
        return self.ground.is_dir(path) and (not changed_files or bool(self.files(path)))

    def files(self, directory: str = "") -> tuple[str, ...]:
        """Return the paths of all files below a directory, after the patches, sorted."""
        changed_files = self.changed(directory)
        if not changed_files:
            return self.ground.files(directory)
        base_files = (
            set(self.ground.files(directory))
            if not directory or self.ground.is_dir(directory)
            else set()
        )
        present = {path for path in changed_files if self.read(path) is not None}
        return tuple(sorted((base_files - set(changed_files)) | present))

    def changes(self, path: str) -> bool:
        """Return whether an applied patch changes the file."""
        numbers = self._stack.patches_by_path.get(path)
        return bool(numbers) and numbers is not None and numbers[0] < self._number

    def changed(self, directory: str) -> tuple[str, ...]:
        """Return the files below a directory that are changed by an applied patch."""
        prefix = f"{directory.rstrip('/')}/" if directory else ""
        return tuple(
            path
            for path in self._stack.patches_by_path
            if path.startswith(prefix) and self.changes(path)
        )

    def is_guess(self, path: str) -> bool:
        """Return whether a file's content is uncertain because a patch does not apply."""
        return self.changes(path) and self._stack.before(path, self._number)[1]


class ParentTree(PatchedTree):
    """The source tree of a commit's parent in a series.

    It differs from `ground`, the base tree, only by the changes of earlier commits.
    """

    def __init__(self, stack: PatchStack, number: int, parent: Tree) -> None:
        super().__init__(stack, number)
        self._parent = parent

    @property
    def label(self) -> str:
        """Return the label of the parent commit's tree."""
        return self._parent.label

    def read(self, path: str) -> bytes | None:
        """Return the content of a file in the parent's tree, or None if there is no such file."""
        return self._parent.read(path)

    def exists(self, path: str) -> bool:
        return self._parent.exists(path)

    def is_dir(self, path: str) -> bool:
        return self._parent.is_dir(path)

    def files(self, directory: str = "") -> tuple[str, ...]:
        """Return the paths of all files below a directory of the parent's tree, sorted."""
        return self._parent.files(directory)

    def is_guess(self, path: str) -> bool:
        return False

# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute in memory the tree that each patch of a series applies to: the base with earlier
patches.
"""

from collections.abc import Sequence
from functools import cached_property

from patchpilot.model.hunk_fit import fit_hunks, sides, text_lines
from patchpilot.model.patch import FileChange, Hunk, Patch
from patchpilot.model.source_tree import Tree

FARTHEST = 40
"""Maximum number of renames followed for a file; more indicate an attack."""
KEPT = 4
"""Number of cached states per file; more than one, because renamed files are read alternately."""
_NAMES = ("+++ ", "--- ", "rename ", "copy ")


class Stack:
    """The patches of a series in order, on top of a tree.

    The diff of a patch is parsed when one of its files is read.
    """

    def __init__(self, base: Tree, patches: Sequence[Patch]) -> None:
        self.base = base
        self._patches = tuple(patches)
        # path → number of applied patches → content, and whether it is uncertain
        self._states: dict[str, dict[int, tuple[bytes | None, bool]]] = {}
        self._left: int | None = None

    @cached_property
    def patches_by_path(self) -> dict[str, list[int]]:
        """Map each path to the indexes of the patches, except the last, that change the file."""
        result: dict[str, list[int]] = {}
        for number, patch in enumerate(self._patches[:-1]):
            for path in dict.fromkeys(_header_paths(patch)):
                result.setdefault(path, []).append(number)
        return result

    def before(
        self, path: str, number: int, depth: int = 0
    ) -> tuple[bytes | None, bool]:
        """Return a file's content before patch `number`, and whether it is uncertain.

        It is uncertain if an earlier patch does not apply to the file.
        """
        numbers = [at for at in self.patches_by_path.get(path, ()) if at < number]
        states = self._states.setdefault(path, {}) if numbers else {}
        at = max((state for state in states if state <= len(numbers)), default=0)
        content, guessed = states[at] if at else (self.base.read(path), False)
        for count, applied in enumerate(numbers[at:], at + 1):
            if depth and not self._may_go_on():
                return content, True
            changes = [
                change
                for change in self._patches[applied].files
                if path in (change.old_path, change.new_path)
            ]
            # a file that replaces a removed one is read from the patch
            for change in sorted(changes, key=lambda change: change.new_path == path):
                content, missed = self._apply_change(
                    change, path, content, applied, depth
                )
                guessed = guessed or missed
            if count not in states and len(states) >= KEPT:
                states.pop(next(iter(states)))
            states[count] = content, guessed
        return content, guessed

    def _may_go_on(self) -> bool:
        """Return whether to follow more renames; hostile patches could rename files in cycles."""
        if self._left is None:
            self._left = 100 + 4 * sum(map(len, self.patches_by_path.values()))
        self._left -= 1
        return self._left >= 0

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
            return (
                (content, False)
                if change.new_path and not change.is_rename
                else (None, content is None)
            )
        if change.old_path and change.old_path != path:
            if depth >= FARTHEST:
                return None, True
            content, missed = self.before(change.old_path, number, depth + 1)
        else:
            missed = False
        if change.is_binary:
            return content or b"", True
        if change.old_path is None:
            missed, content = missed or content is not None, b""
        fit = fit_hunks(path, text_lines(content or b""), change.hunks)
        left = [misfit.hunk for misfit in fit.misfits if misfit.hunk]
        lines = _force_hunks(list(fit.lines or ()), left) if left else fit.lines or ()
        return "".join(lines).encode(
            "utf-8", "surrogateescape"
        ), missed or content is None or bool(left)


def _force_hunks(lines: list[str], hunks: Sequence[Hunk]) -> list[str]:
    """Insert added lines near their intended position, so that later lookups find the new code."""
    for hunk in hunks:
        at = min(max(hunk.new_start - 1, 0), len(lines))
        gone = {line.text for line in hunk.lines if line.kind != "+"}
        lines[at:at] = [
            line for line in sides(hunk)[1] if line.rstrip("\n") not in gone
        ]
    return lines


def _header_paths(patch: Patch) -> list[str]:
    """Return the paths in diff headers without parsing the whole diff."""
    result = []
    for line in patch.lines[patch.diff_line - 1 :]:
        if line.startswith(_NAMES):
            word = line.split(" ", 2)
            name = (
                word[2]
                if word[0] in ("rename", "copy") and len(word) > 2
                else line[4:].split("\t")[0]
            )
            result.append(
                name[2:]
                if name[:2] in ("a/", "b/") and word[0] in ("+++", "---")
                else name
            )
    return [name for name in result if name != "/dev/null"]


class PatchedTree:
    """A source tree with the first patches of a stack applied.

    `ground` is the tree without patches, for data that is read once and cached.
    """

    def __init__(self, stack: Stack, number: int) -> None:
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
        return (
            self._stack.before(path, self._number)[0]
            if self.changes(path)
            else self.ground.read(path)
        )

    def exists(self, path: str) -> bool:
        return (
            self.read(path) is not None
            if self.changes(path)
            else self.ground.exists(path) or self.is_dir(path)
        )

    def is_dir(self, path: str) -> bool:
        changed = self.changed(path)
        if any(self.read(changed_file) is not None for changed_file in changed):
            return True
        return self.ground.is_dir(path) and (not changed or bool(self.files(path)))

    def files(self, directory: str = "") -> tuple[str, ...]:
        """Return the paths of all files below a directory, after the patches, sorted."""
        changed = self.changed(directory)
        if not changed:
            return self.ground.files(directory)
        known = (
            set(self.ground.files(directory))
            if not directory or self.ground.is_dir(directory)
            else set()
        )
        present = {path for path in changed if self.read(path) is not None}
        return tuple(sorted((known - set(changed)) | present))

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

    def __init__(self, stack: Stack, number: int, parent: Tree) -> None:
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
        """Return False: the content is read from the repository."""
        return False

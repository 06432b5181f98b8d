# SPDX-License-Identifier: GPL-2.0-or-later
"""Adapt a patch file to an unpacked tree, deriving the pre-image only from the hunks."""

from patchpilot.backports.adapt.adaptation import is_list_file, make_adaptation, merge_file
from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.placed_changes import PlacedChange, reconstruct_sides
from patchpilot.backports.adapted_fix import Adaptation
from patchpilot.model.hunk_fit import fit_file, split_hunk_sides, split_text_lines
from patchpilot.model.patch import FileChange, Patch
from patchpilot.model.source_tree import Tree

PLAIN_FILE = "100644"


def adapt_patch(patch: Patch, tree: Tree) -> Adaptation | None:
    """Adapt a patch's files that do not apply to a tree.

    Return None if one of them is new, deleted, renamed or binary, or if a hunk cannot be placed.
    """
    files = {}
    for change in patch.files:
        if fit_file(change, tree).misfits:
            file = _read_adapted_file(change, tree)
            if file is None:
                return None
            merge_file(file, is_list=is_list_file(change.path))
            if file.made == file.ours:
                continue
            files[change.path] = file
    lines = sum(change.added + change.removed for change in patch.files)
    return make_adaptation(files, lines) if files else None


def _read_adapted_file(change: FileChange, tree: Tree) -> AdaptedFile | None:
    if change.is_binary or change.is_rename or change.old_path is None or change.new_path is None:
        return None
    content = tree.read(change.path)
    if content is None:
        return AdaptedFile("", None, [], [])
    ours = split_text_lines(content)
    images = reconstruct_sides(
        ours,
        [PlacedChange(hunk.old_start - 1, *split_hunk_sides(hunk)) for hunk in change.hunks],
    )
    return AdaptedFile(PLAIN_FILE, ours, *images) if images and b"\0" not in content else None

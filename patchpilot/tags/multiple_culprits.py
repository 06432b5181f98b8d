# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognize fixes of several bugs introduced by different commits.

Such fixes make the same change in several files, or name several commits as the cause.
"""

from collections.abc import Mapping

from patchpilot.tags.evidence_input import EvidenceInput

MAX_TAGS = 5


def find_joint_culprits(scene: EvidenceInput, first: str) -> tuple[str, ...]:
    """Return the commits that each need a Fixes: tag, oldest first.

    They are `first` (the likeliest commit) and similar commits, if any.
    """
    result = {first, *_blamed(scene, first), *_find_same_change(scene, first)}
    ordered = sorted(
        result, key=lambda commit: (scene.owners[commit].committed, commit)
    )
    return tuple(ordered) if len(ordered) <= MAX_TAGS else (first,)


def _blamed(scene: EvidenceInput, first: str) -> set[str]:
    """Return the commits blamed in the message if the likeliest is one of them."""
    blamed = {mention for mention, weight in scene.mentions.items() if weight >= 1}
    return blamed if first in blamed else set()


def _find_same_change(scene: EvidenceInput, first: str) -> set[str]:
    """Return the sole owner of each file's removed lines, among files with the same change."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Mapping[str, int]]] = {}
    for change in scene.files:
        blame = scene.blames.get(change.old_path or "")
        gone = [text.strip() for run in change.runs for text in run.removed]
        if not blame or not gone:
            continue
        added = [text.strip() for run in change.runs for text in run.added]
        owners: dict[str, int] = {}
        for run in change.runs:
            for line in range(run.start, run.end + 1) if run.removed else ():
                if line in blame.ids:
                    owners[blame.ids[line]] = owners.get(blame.ids[line], 0) + 1
        groups.setdefault((tuple(gone), tuple(added)), []).append(owners)
    for files in groups.values():
        sole = {next(iter(owners)) for owners in files if len(owners) == 1}
        if (
            len(files) > 1
            and len(sole) > 1
            and first in sole
            and all(len(owners) == 1 for owners in files)
        ):
            return sole
    return set()

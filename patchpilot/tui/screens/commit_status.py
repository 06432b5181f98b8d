# SPDX-License-Identifier: GPL-2.0-or-later
"""The loader of the commit stage: its result, and its state in the stage bar."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from patchpilot.errors import PatchpilotError
from patchpilot.model.counted import counted
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.model.patch import Patch
    from patchpilot.topic.topic_base import Base


@dataclass(frozen=True, slots=True)
class TopicCommits:
    """The topic's commits as patches, oldest first.

    `base` is None if the user named the commits or no base was found. `has_merge`: a merge commit
    was skipped.
    """

    patches: "tuple[Patch, ...]"
    base: "Base | None" = None
    has_merge: bool = False


def load(ask: JobRequest) -> "tuple[TopicCommits, StageStatus]":
    """Return the topic's commits as patches, and its base."""
    from patchpilot.topic.topic_base import find_base
    from patchpilot.topic.topic_patches import topic_patches

    patches, has_merge = topic_patches(
        ask.repository, ask.topic.commits, ask.topic.target, ask.progress
    )
    base = None
    if not ask.topic.target:
        try:
            base = find_base(ask.repository, ask.topic.base)
        except PatchpilotError:
            base = None
    changed = sum(
        change.added + change.removed for patch in patches for change in patch.files
    )
    words = f"{counted(len(patches), 'commit')}, {counted(changed, 'line')} changed"
    return TopicCommits(patches, base, has_merge), StageStatus(StageState.DONE, words)

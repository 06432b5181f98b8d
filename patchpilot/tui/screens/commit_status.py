# SPDX-License-Identifier: GPL-2.0-or-later
"""The loader of the commit stage: its result, and its state in the stage bar."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from patchpilot.model.counted import counted
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.model.patch import Patch


@dataclass(frozen=True, slots=True)
class TopicCommits:
    """The topic's commits as patches, oldest first; `has_merge`: a merge commit was skipped."""

    patches: "tuple[Patch, ...]"
    has_merge: bool = False


def load(ask: JobRequest) -> "tuple[TopicCommits, StageStatus]":
    """Return the topic's commits as patches."""
    from patchpilot.topic.topic_patches import topic_patches

    patches, has_merge = topic_patches(
        ask.repository, ask.topic.commits, ask.topic.target, ask.progress
    )
    changed = sum(
        change.added + change.removed for patch in patches for change in patch.files
    )
    words = f"{counted(len(patches), 'commit')}, {counted(changed, 'line')} changed"
    return TopicCommits(patches, has_merge), StageStatus(StageState.DONE, words)

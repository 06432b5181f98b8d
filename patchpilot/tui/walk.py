# SPDX-License-Identifier: GPL-2.0-or-later
"""The walk put together: stages, their services and their screens."""

from pathlib import Path

from patchpilot.tui.app import Walk
from patchpilot.tui.screens import backports, checks, commit, follow, preview, send, tags
from patchpilot.tui.session import Session
from patchpilot.tui.stages import Stage


def make(directory: Path | None = None, target: str | None = None, base: str | None = None) -> Walk:
    """The walk on a repository's topic."""
    session = Session(
        directory,
        target,
        base,
        loaders={
            Stage.COMMIT: commit.load,
            Stage.CHECKS: checks.load,
            Stage.TAGS: tags.load,
            Stage.BACKPORTS: backports.load,
            Stage.PREVIEW: preview.load,
            Stage.SEND: send.load,
            Stage.FOLLOW: follow.load,
        },
    )
    return Walk(
        session,
        {
            Stage.COMMIT: commit.CommitScreen,
            Stage.CHECKS: checks.ChecksScreen,
            Stage.TAGS: tags.TagsScreen,
            Stage.BACKPORTS: backports.BackportsScreen,
            Stage.PREVIEW: preview.PreviewScreen,
            Stage.SEND: send.SendScreen,
            Stage.FOLLOW: follow.FollowScreen,
        },
    )

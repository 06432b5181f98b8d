# SPDX-License-Identifier: GPL-2.0-or-later
"""Rebases the topic onto another tree, from any stage; `u` undoes it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.model.counted import counted
from patchpilot.model.progress import Progress
from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite
from patchpilot.tui.widgets.choose import Choose

if TYPE_CHECKING:
    from patchpilot.topic.open_repository import Repository
    from patchpilot.topic.rebase_topic import RebaseResult
    from patchpilot.tui.stage.stage_screen import StageScreen


def rebase(screen: "StageScreen", branches: Sequence[str]) -> None:
    """Rebase the topic onto the only branch given, or onto the branch that the user chooses."""
    if len(branches) == 1:
        _rebase(screen, branches[0])
        return

    def chosen(branch: str | None) -> None:
        if branch:
            _rebase(screen, branch)

    screen.app.push_screen(
        Choose("Rebase onto which tree?", [(branch, branch) for branch in branches]),
        chosen,
    )


def _rebase(screen: "StageScreen", onto: str) -> None:
    session = screen.session

    def work(
        repository: "Repository", progress: Progress, given: tuple[str, ...]
    ) -> "RebaseResult":
        from patchpilot.topic.rebase_topic import rebase_topic

        return rebase_topic(
            repository,
            onto,
            session.target,
            session.topic_base,
            overrides=given,
            progress=progress,
        )

    def done(result: "RebaseResult") -> None:
        session.target, session.base = None, result.base
        costs = f" ({'; '.join(result.costs)})" if result.costs else ""
        if result.undo:
            screen.notify(
                f"Rebased {counted(result.commits, 'commit')} onto {onto}{costs}; press u to undo",
                markup=False,
                timeout=8,
            )
        else:
            screen.notify(
                f"The topic is already based on {onto}", markup=False, timeout=4
            )
        screen.reread()

    confirm_rewrite(screen, f"rebasing onto {onto}", work, done)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Confirm rewriting commits that others may already have.

The rewrite is blocked until the user types the word that overrides the block.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from patchpilot.errors import RefusedError
from patchpilot.model.action import OVERRIDES, actions_in_advice
from patchpilot.model.progress import Progress
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.widgets.choose import Confirm, ask_for_confirmation

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.tui.stage.stage_screen import AnyScreen

T = TypeVar("T")


def confirm_rewrite(
    screen: "AnyScreen",
    activity: str,
    work: "Callable[[Repository, Progress, tuple[str, ...]], T]",
    on_done: Callable[[T], None],
    overrides: tuple[str, ...] = (),
) -> None:
    """Run `work` in a thread.

    If it is blocked and one of OVERRIDES allows it, ask the user to type that word, and run it
    again with the additional override.
    """

    jobs = screen.tui.jobs

    def try_rewrite(repository: "Repository", progress: Progress) -> "T | RefusedError":
        try:
            with jobs.delay_topic_reads():
                return work(repository, progress, overrides)
        except RefusedError as error:
            if _find_override_word(error, overrides):
                return error
            raise

    def handle_result(result: "T | RefusedError") -> None:
        if not isinstance(result, RefusedError):
            on_done(result)
            return
        word = _find_override_word(result, overrides)
        text = f"{result.message}.\n\n{replace_commands(result.advice)}"
        run_again = partial(confirm_rewrite, screen, activity, work, on_done, (*overrides, word))
        ask_for_confirmation(screen, Confirm(text, word), run_again)

    screen.run_in_thread(activity, try_rewrite, handle_result)


def _find_override_word(error: RefusedError, overrides: tuple[str, ...]) -> str:
    options = [
        action.arguments[0]
        for action in actions_in_advice(error.advice)
        if not action.name and action.arguments
    ]
    return next(
        (word for word in OVERRIDES if word not in overrides and f"--{word}" in options),
        "",
    )

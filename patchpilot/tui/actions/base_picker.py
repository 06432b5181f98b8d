# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide a dialog for choosing the topic's base.

It lists the most likely bases, each with the number of commits above it and the reason. The user
can also type a base, a range or a commit.
"""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from patchpilot.errors import PatchpilotError
from patchpilot.topic.base import Base, find_likeliest_bases
from patchpilot.tui.widgets.choose import (
    DialogOption,
    LineDialog,
    ask_for_answer,
    ask_for_option,
)

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.tui.stage.stage_screen import AnyScreen

_BASE = "Base or range (a branch, tag or commit is the base; A..B is a range):"
_COMMIT = "Commit (such as HEAD~2):"


def pick_base(screen: "AnyScreen") -> None:
    def find_bases(repository: "Repository", _: object) -> "tuple[Base, ...]":
        with suppress(PatchpilotError):
            return find_likeliest_bases(repository, screen.session.base)
        return ()

    screen.run_in_thread("finding bases", find_bases, partial(_show_bases, screen))


def _show_bases(screen: "AnyScreen", bases: "tuple[Base, ...]") -> None:
    session = screen.session

    def use_base(value_text: str, *, is_target: bool = False) -> None:
        session.target, session.base = (
            (value_text, session.base) if is_target or ".." in value_text else (None, value_text)
        )
        session.at, session.topic = -1, None
        screen.reread_topic()

    def ask_for_value(text: str, value: str | None, *, is_target: bool = False) -> None:
        dialog = LineDialog(text, value=value or "")
        ask_for_answer(screen, dialog, partial(use_base, is_target=is_target))

    options = [
        DialogOption(
            f"{base.name}  {base.counted_commits}  {base.reason}",
            "",
            partial(use_base, base.name),
        )
        for base in bases
    ]
    ask_for_commit = partial(ask_for_value, _COMMIT, session.target, is_target=True)
    options += [
        DialogOption("One commit …", "", ask_for_commit),
        DialogOption("Other base or range …", "", partial(ask_for_value, _BASE, session.base)),
    ]
    error = session.errors.get(screen.stage)
    reason = f"\n\n{error.message}" if error else ""
    ask_for_option(screen, f"What is your topic based on?{reason}", options, "Base")

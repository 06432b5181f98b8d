# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide a dialog for choosing the topic's base.

It lists the likeliest bases, each with the number of commits and the reason, and also accepts a
typed base, range or commit.
"""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from patchpilot.errors import PatchpilotError
from patchpilot.tui.widgets.choose import LineDialog, Option, ask_answer, ask_which

if TYPE_CHECKING:
    from patchpilot.topic.open_repository import Repository
    from patchpilot.topic.topic_base import Base
    from patchpilot.tui.stage.stage_screen import AnyScreen

_BASE = "Base or range (a branch, tag or commit is the base; A..B is a range):"
_COMMIT = "Commit (such as HEAD~2):"


def pick_base(screen: "AnyScreen") -> None:
    def work(repository: "Repository", _: object) -> "tuple[Base, ...]":
        from patchpilot.topic.topic_base import likeliest_bases

        with suppress(PatchpilotError):
            return likeliest_bases(repository, screen.session.base)
        return ()

    screen.in_thread("finding bases", work, partial(_choose, screen))


def _choose(screen: "AnyScreen", bases: "tuple[Base, ...]") -> None:
    session = screen.session

    def take(words: str, *, is_target: bool = False) -> None:
        session.target, session.base = (
            (words, session.base) if is_target or ".." in words else (None, words)
        )
        session.at, session.topic = -1, None
        screen.reread()

    def ask(text: str, value: str | None, *, is_target: bool = False) -> None:
        dialog = LineDialog(text, value=value or "")
        ask_answer(screen.app, dialog, partial(take, is_target=is_target))

    options = [
        Option(
            f"{base.name}  {base.commit_count}  {base.reason}",
            "",
            partial(take, base.name),
        )
        for base in bases
    ]
    one = partial(ask, _COMMIT, session.target, is_target=True)
    options += [
        Option("One commit …", "", one),
        Option("Other base or range …", "", partial(ask, _BASE, session.base)),
    ]
    error = session.errors.get(screen.stage)
    why = f"\n\n{error.message}" if error else ""
    ask_which(screen.app, f"What is your topic based on?{why}", options, "Base")

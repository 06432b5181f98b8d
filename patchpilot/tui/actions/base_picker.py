# SPDX-License-Identifier: GPL-2.0-or-later
"""A dialog for choosing the base of the topic.

It lists the likeliest bases, each with the number of commits and the reason, and accepts a typed
base, range or commit.
"""

from contextlib import suppress
from typing import TYPE_CHECKING

from patchpilot.errors import PatchpilotError
from patchpilot.tui.widgets.choose import Choose, LineDialog

if TYPE_CHECKING:
    from patchpilot.topic.open_repository import Repository
    from patchpilot.topic.topic_base import Base
    from patchpilot.tui.stage.stage_screen import StageScreen

OTHER, TARGET = "\0other", "\0target"
_WORDS = "Base or range (a branch, tag or commit is the base; A..B is a range):"


def pick_base(screen: "StageScreen") -> None:
    """Let the user choose among the likeliest bases and reload the topic from the chosen one."""

    def work(repository: "Repository", _: object) -> "tuple[Base, ...]":
        from patchpilot.topic.topic_base import likeliest

        with suppress(PatchpilotError):
            return likeliest(repository, screen.session.base)
        return ()

    screen.in_thread("finding bases", work, lambda bases: _choose(screen, bases))


def _choose(screen: "StageScreen", bases: "tuple[Base, ...]") -> None:
    answers = [
        (base.name, f"{base.name}  {base.counted}  {base.reason}") for base in bases
    ]

    def answered(name: str | None) -> None:
        if name == OTHER:
            screen.app.push_screen(
                LineDialog(
                    _WORDS, lambda _: (True, ""), value=screen.session.base or ""
                ),
                lambda words: _named(screen, words),
            )
        elif name == TARGET:
            screen.app.push_screen(
                LineDialog(
                    "Commit (such as HEAD~2):",
                    lambda _: (True, ""),
                    value=screen.session.target or "",
                ),
                lambda words: _named(screen, words, is_target=True),
            )
        else:
            _named(screen, name)

    others = [(TARGET, "One commit …"), (OTHER, "Other base or range …")]
    screen.app.push_screen(
        Choose("What is your topic based on?", [*answers, *others]), answered
    )


def _named(
    screen: "StageScreen", words: str | None, *, is_target: bool = False
) -> None:
    if not words:
        return
    session = screen.session
    session.target, session.base = (
        (words, session.base) if is_target or ".." in words else (None, words)
    )
    session.at, session.topic = -1, None
    screen.reread()

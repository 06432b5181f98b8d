# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the help: a list of keys for the current screen and focused panel.

Choosing a key runs its action.
"""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from textual import events
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import shown_key
from patchpilot.tui.view.rich_text import wrap_text
from patchpilot.tui.view.stages import MEANINGS, Stage, StageState
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.dialog import WIDE
from patchpilot.tui.widgets.lists import description_of

UNLISTED = (
    "help",
    "app.help",
    "screen.copy_text",
    "quit",
    "page_left",
    "page_right",
    "scroll_left",
    "scroll_right",
)
"""Actions that lead here, or that the terminal's own keys and q perform."""
ABOUT = {
    Stage.COMMIT: (
        "The commit that becomes a patch: its message, its changes, and the questions"
        " that decide who receives it."
    ),
    Stage.CHECKS: (
        "The findings that maintainers and bots would report. Each one is shown in the"
        " patch, below its line; the detail explains the reason and the fix. Errors block"
        " sending, warnings do not."
    ),
    Stage.RECIPIENTS: (
        "Who receives the patch, in To or Cc, and why: from MAINTAINERS, the tags and"
        " the commit history. Excluded recipients stay in the list, so that you can"
        " include them again."
    ),
    Stage.TAGS: (
        "Which commit introduced the bug, with the evidence for each candidate. It"
        " determines Fixes:, Cc: stable, and the branches that have the bug."
    ),
    Stage.BACKPORTS: (
        "Whether the fix applies to each stable branch that has the bug, what it conflicts with,"
        " and which commits it needs first."
    ),
    Stage.PREVIEW: (
        "The messages as they will be sent, byte for byte. Nothing leaves this machine here."
    ),
    Stage.SEND: (
        "The problems that block sending, and sending itself: each message is sent once,"
        " even after an interruption."
    ),
    Stage.FOLLOW: (
        "The replies, the open requests, and the progress of the patch on its way into"
        " the kernel."
    ),
}
"""The purpose of each stage."""


class Command(NamedTuple):
    """An action: its description, the function to call, and the key ("" for none)."""

    does: str
    call: Callable[[], Awaitable[Any] | Any]
    key: str = ""


def commands(app: Any, screen: Screen[Any]) -> Iterator[Command]:
    if isinstance(screen, Choose):
        for letter, answer in zip(screen.letters, screen.answers, strict=True):
            choose = partial(screen.answered, answer.name)
            yield Command(answer.words, choose, letter)
    known: dict[str, tuple[DOMNode, Binding, list[str]]] = {}
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        is_listed = enabled and description_of(node, binding) and not binding.system
        if is_listed and binding.action not in UNLISTED:
            keys = known.setdefault(binding.action, (node, binding, []))[2]
            keys.append(shown_key(key))
    own = {one.action for one in type(screen).BINDINGS if isinstance(one, Binding)}
    # keys that only move the cursor have no tooltip, so list them last
    for node, binding, keys in sorted(
        known.values(),
        key=lambda one: (not one[1].tooltip, one[0] is app, one[1].action not in own),
    ):
        does = binding.tooltip or description_of(node, binding)
        run = partial(app.run_action, binding.action, node)
        yield Command(does, run, " ".join(keys))
    yield Command("search for a theme and use it", app.action_change_theme)


class Help(Choose):
    """The help: the purpose of the stage, and all actions. Enter or an action's key runs it."""

    def __init__(self, app: Any, screen: Screen[Any]) -> None:
        self._commands = list(commands(app, screen))
        stage: Stage | None = getattr(screen, "stage", None)
        words = (f"{glyph(it.sign)} {MEANINGS.get(it, it)}" for it in StageState)
        # never break a line between a symbol and its label
        joined = "  ".join(word.replace(" ", "\xa0") for word in words)
        signs = wrap_text(joined, min(WIDE, app.size.width) - 6)
        super().__init__(
            "\n".join((ABOUT[stage], *signs)).replace("\xa0", " ") if stage else "",
            [(str(at), one.does) for at, one in enumerate(self._commands)],
            f"Keys of {stage.number} {stage.label}" if stage else "Keys",
            letters=[command.key for command in self._commands],
        )
        self.hints = []

    def on_key(self, event: events.Key) -> None:
        pressed = shown_key(event.key)
        for at, one in enumerate(self._commands):
            if event.is_printable and pressed in one.key.split():
                event.stop()
                self.answered(str(at))

    def answered(self, name: str) -> None:
        self.dismiss(None)
        self.app.call_later(self._commands[int(name)].call)

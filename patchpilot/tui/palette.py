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
from patchpilot.tui.view.key_bindings import display_key
from patchpilot.tui.view.rich_text import wrap_text
from patchpilot.tui.view.stages import MEANINGS, Stage, StageState
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.dialog import WIDE
from patchpilot.tui.widgets.lists import describe_key

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
        "The replies, the open requests, and the progress of the patch on its way into the kernel."
    ),
}
"""The purpose of each stage."""


class PaletteCommand(NamedTuple):
    """An action: its description, the function to call, and the key."""

    does: str
    call: Callable[[], Awaitable[Any] | Any]
    key: str


def list_commands(app: Any, screen: Screen[Any]) -> Iterator[PaletteCommand]:
    if isinstance(screen, Choose):
        for letter, answer in zip(screen.letters, screen.answers, strict=True):
            accept_answer = partial(screen.accept_answer, answer.name)
            yield PaletteCommand(answer.words, accept_answer, letter)
    bindings_by_action: dict[str, tuple[DOMNode, Binding, list[str]]] = {}
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        is_listed = enabled and describe_key(node, binding) and not binding.system
        if is_listed and binding.action not in UNLISTED:
            keys = bindings_by_action.setdefault(binding.action, (node, binding, []))[2]
            keys.append(display_key(key))
    own_actions = {item.action for item in type(screen).BINDINGS if isinstance(item, Binding)}
    # keys that only move the cursor have no tooltip, so list them last
    for node, binding, keys in sorted(
        bindings_by_action.values(),
        key=lambda item: (
            not item[1].tooltip,
            item[0] is app,
            item[1].action not in own_actions,
        ),
    ):
        description = binding.tooltip or describe_key(node, binding)
        run_action = partial(app.run_action, binding.action, node)
        yield PaletteCommand(description, run_action, " ".join(keys))


class Help(Choose):
    """The help: the purpose of the stage, and all actions. Enter or an action's key runs it."""

    def __init__(self, app: Any, screen: Screen[Any]) -> None:
        self._commands = list(list_commands(app, screen))
        stage: Stage | None = getattr(screen, "stage", None)
        meanings = (f"{glyph(state.sign)} {MEANINGS.get(state, state)}" for state in StageState)
        # never break a line between a symbol and its label
        meanings_text = "  ".join(meaning.replace(" ", "\xa0") for meaning in meanings)
        meaning_lines = wrap_text(meanings_text, min(WIDE, app.size.width) - 6)
        super().__init__(
            "\n".join((ABOUT[stage], *meaning_lines)).replace("\xa0", " ") if stage else "",
            [(str(index), item.does) for index, item in enumerate(self._commands)],
            f"Keys of {stage.number} {stage.label}" if stage else "Keys",
            letters=[command.key for command in self._commands],
        )
        self.hints = []

    def on_key(self, event: events.Key) -> None:
        pressed_key = display_key(event.key)
        for index, command in enumerate(self._commands):
            if event.is_printable and pressed_key in command.key.split():
                event.stop()
                self.accept_answer(str(index))

    def accept_answer(self, name: str) -> None:
        self.dismiss(None)
        self.app.call_later(self._commands[int(name)].call)

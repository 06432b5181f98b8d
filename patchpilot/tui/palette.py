# SPDX-License-Identifier: GPL-2.0-or-later
"""The help, which is the command palette.

It lists the keys of the current screen and its focused panel, and runs the chosen one.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from rich.text import Text
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.command import (
    CommandList,
    CommandPalette,
    DiscoveryHit,
    Hit,
    Hits,
    Provider,
    SearchIcon,
)
from textual.content import Content
from textual.dom import DOMNode
from textual.keys import format_key
from textual.screen import Screen
from textual.widgets import Static

from patchpilot.model.printable import width
from patchpilot.tui.view.glyphs import OF_STATE, glyph
from patchpilot.tui.view.rich_text import KEY, QUIET, fitted, plain
from patchpilot.tui.view.stages import MEANINGS, Stage
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.dialog import WIDE
from patchpilot.tui.widgets.lists import description_of

if TYPE_CHECKING:
    from patchpilot.tui.stage.stage_app import StageApp

AROUND = 9
"""Columns of the dialog that a command cannot take: the borders, the space at both sides and the
scrollbar.
"""
TITLE = 20
"""Columns of a command's title."""
STAGE = re.compile(r"stage\('(\w+)'\)")
"""The action that goes to a stage."""
UNLISTED = ("command_palette", "help", "screen.copy_text", "quit")
"""The actions that lead here, or that are done by the terminal's own keys and by q."""
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
"""What a stage is for."""


def room_of(columns: int) -> int:
    """Return the columns of the palette on a terminal of so many (see patchpilot.tcss)."""
    return min(columns, max(WIDE, columns * 4 // 5))


class Command(NamedTuple):
    """A palette command: its title, its effect, the function to call, and its key ("" for none)."""

    title: str
    does: str
    call: Callable[[], Awaitable[Any] | Any]
    key: str = ""


def commands(app: "StageApp", screen: Screen[Any]) -> Iterator[Command]:
    """Yield all that can be done on this screen, each once with its keys."""
    if isinstance(screen, Choose):
        for letter, answer in zip(screen.letters, screen.answers, strict=True):
            choose = partial(screen.answered, answer.name)
            yield Command(answer.words, answer.then, choose, letter)
    known: dict[str, tuple[DOMNode, Binding, list[str]]] = {}
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        is_listed = enabled and description_of(node, binding) and not binding.system
        if is_listed and binding.action not in UNLISTED:
            keys = known.setdefault(binding.action, (node, binding, []))[2]
            keys.append(shown_key(key))
    # what only moves a cursor has no tooltip, and comes last
    for node, binding, keys in sorted(
        known.values(), key=lambda one: (not one[1].tooltip, one[0] is app)
    ):
        stage = STAGE.fullmatch(binding.action)
        yield Command(
            Stage(stage[1]).label if stage else _title(description_of(node, binding)),
            binding.tooltip or description_of(node, binding),
            partial(app.run_action, binding.action, node),
            " ".join(keys),
        )
    yield Command(
        "Choose theme", "search for a theme and use it", app.action_change_theme
    )


def _title(words: str) -> str:
    return words[:1].upper() + words[1:]


class Commands(Provider):
    """The provider of the palette's commands, one line each with the key at the right end."""

    def _found(self) -> Iterator[Command]:
        return commands(cast("StageApp", self.app), self.screen)

    def _row(self, command: Command, title: Content) -> Content:
        room = max(
            0,
            room_of(self.app.size.width)
            - AROUND
            - max(TITLE, width(command.title))
            - 1
            - width(command.key)
            - 1,
        )
        gap = " " * (max(0, TITLE - width(command.title)) + 1)
        rest = Text.assemble(
            gap,
            plain(fitted(command.does, room), f"{QUIET} not bold"),
            " ",
            plain(command.key, KEY),
        )
        return title + Content.from_rich_text(rest)

    async def discover(self) -> Hits:
        """All commands, in their order."""
        for command in self._found():
            yield DiscoveryHit(
                self._row(command, Content(command.title)),
                command.call,
                text=command.title,
            )

    async def search(self, query: str) -> Hits:
        """The commands whose title matches."""
        matcher = self.matcher(query)
        for command in self._found():
            if (score := matcher.match(command.title)) > 0:
                yield Hit(
                    score,
                    self._row(command, matcher.highlight(command.title)),
                    command.call,
                    text=command.title,
                )


class Palette(CommandPalette):
    """The help: what the stage is for, and all that can be done, in Textual's command palette."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "escape", "cancel", key_display="Esc"),
    ]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__((Commands,), placeholder="search; Enter does it")
        self._stage: Stage | None = getattr(screen, "stage", None)

    def on_mount(self) -> None:
        """The text above the commands, and a prompt that every font has."""
        self.query_one(SearchIcon).icon = ">"
        box = self.query_one("#--container")
        box.border_title = "Keys"
        if stage := self._stage:
            box.border_title = f"Keys of {stage.number} {stage.label}"
            signs = "  ".join(
                f"{glyph(OF_STATE[state])} {words}" for state, words in MEANINGS.items()
            )
            text = Text.assemble(plain(f"{ABOUT[stage]}\n"), plain(signs, QUIET))
            box.mount(Static(text, id="about"), before=0)

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close it once, as every dialog."""
        return super().dismiss(result) if self.is_active else AwaitComplete()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Do not move in a list without room: its commands have no lines then."""
        return (
            bool(self.query_one(CommandList).scrollable_content_region)
            if action == "command_list"
            else super().check_action(action, parameters)
        )


NAMES = {
    "escape": "Esc", "pagedown": "PgDn", "pageup": "PgUp", "ctrl": "Ctrl", "shift": "Shift", "enter": "Enter", "space": "Space", "up": "Up",  # noqa: E501
    "down": "Down", "left": "Left", "right": "Right", "home": "Home", "end": "End", "tab": "Tab",
}  # fmt: skip


def shown_key(key: str) -> str:
    """Return a key as displayed, for example `Ctrl-F`, `PgDn` or `?`."""
    *held, last = key.split("+")
    name = NAMES.get(last) or format_key(last)
    return "-".join(
        [
            *(NAMES.get(one, one) for one in held),
            name.upper() if held and len(name) == 1 else name,
        ]
    )

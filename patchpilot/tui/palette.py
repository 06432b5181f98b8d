# SPDX-License-Identifier: GPL-2.0-or-later
"""The command palette.

It lists the stages, the keys of the current screen and its focused panel, and the global
commands.
"""

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
from textual.screen import Screen

from patchpilot.model.printable import width
from patchpilot.tui.screens.help_screen import shown_key
from patchpilot.tui.view.rich_text import KEY, QUIET, fitted, plain
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.dialog import FIELD_HELP, WIDE

if TYPE_CHECKING:
    from patchpilot.tui.stage.stage_app import StageApp

AROUND = 9
"""Columns of the dialog that a command cannot take: the borders, the space at both sides and the
scrollbar.
"""
TITLE = 20
"""Columns of a command's title."""


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
    """Yield the palette's commands for this screen, each once."""
    for stage in Stage if app.stage_screen else ():
        yield Command(
            stage.label,
            f"go to stage {stage.number}",
            partial(app.action_stage, str(stage)),
            str(stage.number),
        )
    seen = {"command_palette"}
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        # without a tooltip it only moves a cursor
        if enabled and binding.tooltip and binding.action not in seen:
            seen.add(binding.action)
            title = binding.description[:1].upper() + binding.description[1:]
            yield Command(
                title,
                binding.tooltip,
                partial(app.run_action, binding.action, node),
                shown_key(key),
            )
    yield Command(
        "Choose theme", "search for a theme and use it", app.action_change_theme
    )


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
    """Textual's command palette with the frame of patchpilot's dialogs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "escape", "cancel", key_display="Esc"),
        *FIELD_HELP,
    ]

    def __init__(self) -> None:
        super().__init__((Commands,), placeholder="search for a command")

    def on_mount(self) -> None:
        """A prompt that every font has."""
        self.query_one(SearchIcon).icon = ">"
        self.query_one("#--container").border_title = "Commands"

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

# SPDX-License-Identifier: GPL-2.0-or-later
"""The help screen: all keys of the current screen, generated from the bindings."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from rich.table import Table
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.keys import format_key
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from patchpilot.tui.view.glyphs import OF_STATE, glyph
from patchpilot.tui.view.rich_text import (
    KEY,
    STRONG,
    plain,
)
from patchpilot.tui.view.stages import MEANINGS, STYLES, Stage
from patchpilot.tui.widgets.dialog import AnswerDialog, Modal
from patchpilot.tui.widgets.panel import Panel

ACTIONS, MOVES, STAGES, GENERAL, TEXT_FIELDS = (
    "On this screen",
    "Move and search",
    "Stages and commits",
    "Everywhere",
    "Text fields",
)
DIALOG = "In this dialog"
SIGNS = "Signs of the stages"
WARNING = "a warning: read it, then decide"
"""The meaning of the sign of a warning, which is no stage's."""
KEYS_WIDE = 22
"""Columns of the keys."""
FIELD_KEYS = (
    ("Ctrl-W, Ctrl-U", "delete the word or the whole line before the cursor"),
    ("Ctrl-A, Ctrl-E", "go to the start or the end of the line"),
    ("Ctrl-S, Enter, Esc", "confirm (Ctrl-S, Enter) or cancel (Esc)"),
)
FOCUS = "go to the next and the previous panel, field or button"
WORDS = {"press": "press the selected button", "toggle_button": "tick or untick"}
"""Actions of Textual's own widgets, in our words."""
MOVING: Mapping[str, tuple[str, ...]] = {
    "move up and down": ("cursor_up", "cursor_down", "move(-1)", "move(1)", "scroll_up", "scroll_down"),  # noqa: E501
    "page up and down": ("page_up", "page_down", "page(-1)", "page(1)"),
    "go to the first and the last line": ("first", "last", "edge(0)", "edge(-1)", "scroll_top", "scroll_bottom", "scroll_home", "scroll_end"),  # noqa: E501
    "scroll left and right": (
        "scroll_left", "scroll_right", "sideways(-8)", "sideways(8)", "cursor_left", "cursor_right", "page_left", "page_right",  # noqa: E501
    ),
    "go to the previous and the next part": ("stop(-1)", "stop(1)"),
    FOCUS: ("app.focus_next", "app.focus_previous"),
    "search the text; then n and N go to the next and the previous match": ("search",),
}  # fmt: skip
"""What moves do → the actions of lists, tables and texts that do it: their keys are one row."""
BETWEEN = ("home", "step(1)", "step(-1)", "base", "commit(1)", "commit(-1)")
"""The actions that lead to another stage, commit or topic, apart from the stages' numbers."""
ANYWHERE = ("reload", "cancel")
"""The actions of a screen that every screen has."""
UNLISTED = ("match(1)", "match(-1)", "screen.copy_text", "quit")
"""The actions of keys that are described with another key, or that the terminal's own keys and q
do, too.
"""
STAGE = "go to a stage"
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
Group = dict[str, list[str]]
"""What keys do → the keys."""


def help_groups(screen: Screen[Any]) -> dict[str, Group]:
    """Return the keys in groups: actions of this screen, movement, stages, global keys, and text
    fields.
    """
    groups: dict[str, Group] = {name: {} for name in (ACTIONS, MOVES, STAGES, GENERAL)}
    groups[MOVES] = {words: [] for words in MOVING}
    is_dialog = isinstance(screen, ModalScreen)
    if isinstance(screen, AnswerDialog):
        for letter, answer in screen.letters.keys:
            groups[ACTIONS][f"choose “{answer}”"] = [letter]
    own: set[str] = set()
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        # a part of the screen that holds others has keys of its own; those of what has the focus
        # are listed below
        if (
            enabled
            and _is_listed(binding)
            and not (isinstance(node, Widget) and node.can_focus)
        ):
            own.add(key)
            _put(groups, binding, key, GENERAL if isinstance(node, App) else ACTIONS)
    for widget in screen.focus_chain:
        for binding in () if isinstance(widget, Input) else _bindings(widget):
            name = _group(binding.action, ACTIONS)
            if name == MOVES or binding.key not in own:
                place = _place(widget) if binding.key == "enter" else ""
                _put(groups, binding, binding.key, ACTIONS, place)
    if numbers := groups[STAGES].get(STAGE):
        numbers[:] = [f"{numbers[0]} … {numbers[-1]}"]
    listed = {
        DIALOG if is_dialog and name == ACTIONS else name: {
            words: keys for words, keys in group.items() if keys
        }
        for name, group in groups.items()
        if any(group.values())
    }
    if not is_dialog or screen.query(Input):
        listed[TEXT_FIELDS] = {words: keys.split(", ") for keys, words in FIELD_KEYS}
    return listed


def help_table(groups: Mapping[str, Group]) -> Table:
    """Return the groups as a table, with the signs of the stages where stages can be reached."""
    table = Table.grid(padding=(0, 2))
    table.add_column(max_width=KEYS_WIDE)
    for name, group in groups.items():
        table.add_row(plain(name, f"{STRONG} underline"))
        for words, keys in group.items():
            table.add_row(plain("  ".join(keys), KEY), plain(words))
        table.add_row()
    if STAGES in groups:
        table.add_row(plain(SIGNS, f"{STRONG} underline"))
        for state, meaning in MEANINGS.items():
            table.add_row(plain(glyph(OF_STATE[state]), STYLES[state]), plain(meaning))
        table.add_row(plain(glyph("warning"), "yellow"), plain(WARNING))
    return table


def _group(action: str, otherwise: str) -> str:
    """The heading that an action is below."""
    if any(action in actions for actions in MOVING.values()):
        return MOVES
    if action in BETWEEN or action.startswith("stage("):
        return STAGES
    return GENERAL if action in ANYWHERE else otherwise


def _put(
    groups: dict[str, Group],
    binding: Binding,
    key: str,
    otherwise: str,
    place: str = "",
) -> None:
    """Add a key to what it does."""
    action = binding.action
    words = next(
        (words for words, actions in MOVING.items() if action in actions),
        WORDS.get(action) or binding.tooltip or binding.description,
    )
    if action.startswith("stage("):
        words = STAGE
    elif place:
        words = f"{words} ({place})"
    keys = groups[_group(action, otherwise)].setdefault(words, [])
    if shown_key(key) not in keys:
        keys.append(shown_key(key))


def _is_listed(binding: Binding) -> bool:
    return (
        bool(binding.description)
        and not binding.system
        and binding.action not in UNLISTED
    )


def _place(widget: Widget) -> str:
    """The heading of the panel that the widget is in."""
    panel = next(
        (node for node in widget.ancestors if isinstance(node, Panel) and node.heading),
        None,
    )
    return panel.heading if panel else ""


def _bindings(widget: Widget) -> Iterator[Binding]:
    for bindings in widget._bindings.key_to_bindings.values():
        yield from (binding for binding in bindings if _is_listed(binding))


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


class HelpScreen(Modal[None]):
    """A dialog with the keys of a screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark,f1", "close", "close", key_display="Esc"),
        Binding("j", "scroll('down')", "scroll", show=False),
        Binding("k", "scroll('up')", "scroll", show=False),
        Binding("G", "scroll('end')", "scroll", show=False),
    ]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        stage = getattr(screen, "stage", None)
        self._heading = f"Keys for {stage.number} {stage.label}" if stage else "Keys"
        if title := getattr(screen, "title_text", ""):
            self._heading = f"Keys of the dialog “{title}”"
        self._groups = help_groups(screen)
        self._about = ABOUT[stage] if stage else ""

    def compose(self) -> ComposeResult:
        """The keys in a panel that scrolls."""
        panel = Panel(title=self._heading, classes="reader")
        panel.count = "Esc close"
        with panel, VerticalScroll():
            yield Static(f"{self._about}\n", markup=False)
            yield Static(help_table(self._groups), id="keys")

    def on_mount(self) -> None:
        """Focus the keys, so that they can be scrolled."""
        self.query_one(VerticalScroll).focus()
        self.query_one(Static).display = bool(self._about)

    def action_scroll(self, where: str) -> None:
        """Scroll by a line, or to the end."""
        getattr(self.query_one(VerticalScroll), f"scroll_{where}")(animate=False)

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)

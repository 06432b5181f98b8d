# SPDX-License-Identifier: GPL-2.0-or-later
"""The help screen: all keys of the current screen, generated from the bindings, with an example."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.keys import format_key
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from patchpilot.model.printable import crop, width
from patchpilot.tui.view.glyphs import OF_STATE, glyph
from patchpilot.tui.view.rich_text import (
    KEY,
    QUIET,
    STRONG,
    fitted,
    lines,
    plain,
    side_by_side,
    wrapped,
)
from patchpilot.tui.view.stages import MEANINGS, STYLES, Stage
from patchpilot.tui.widgets.dialog import Modal
from patchpilot.tui.widgets.keyline import KeyLine
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
KEYS_WIDE, GAP = 22, 3
TWO_COLUMNS = 120
"""From how many columns of the terminal the groups are in two columns."""
LEFT = (ACTIONS, DIALOG, STAGES)
"""The groups of the left column."""
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
    "go to a panel by its letter; Esc cancels": ("jump",),
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
Group = dict[str, list[tuple[int, str]]]
"""What keys do → the keys, those with 0 before those with 1."""
Row = tuple[list[str], str]
"""Keys, and what they do."""


def help_groups(screen: Screen[Any]) -> dict[str, list[Row]]:
    """Return the keys in groups: actions of this screen, movement, stages, global keys, and text
    fields.
    """
    groups: dict[str, Group] = {name: {} for name in (ACTIONS, MOVES, STAGES, GENERAL)}
    if is_dialog := isinstance(screen, ModalScreen):
        for letter, answer in getattr(screen, "answer_keys", ()):
            groups[ACTIONS][f"choose “{answer}”"] = [(0, letter)]
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
    for widget in _focusable(screen):
        for binding in _bindings(widget):
            name = _group(binding.action, ACTIONS)
            if name == MOVES or binding.key not in own:
                _put(
                    groups,
                    binding,
                    binding.key,
                    ACTIONS,
                    _place(widget) if binding.key == "enter" else "",
                )
    listed = {
        name: [(_keys(keys, words), words) for words, keys in _in_order(name, group)]
        for name, group in groups.items()
        if group
    }
    if is_dialog:
        listed = {DIALOG if name == ACTIONS else name: listed[name] for name in listed}
        if not screen.query(Input):
            return listed
    return {
        **listed,
        TEXT_FIELDS: [(keys.split(", "), words) for keys, words in FIELD_KEYS],
    }


def help_rows(groups: Mapping[str, Sequence[Row]], columns: int) -> list[Text]:
    """Return the groups as lines of at most so many columns, wrapped and never cut."""
    rows: list[Text] = []
    for name, listed in groups.items():
        rows += [*([plain("")] if rows else []), _title(name)]
        held = [_held(keys) for keys, _ in listed]
        wide = max(len(line) for lines_ in held for line in lines_) + 2
        for left, (_, words) in zip(held, listed, strict=True):
            right = wrapped(words, columns - wide)
            for at in range(max(len(left), len(right))):
                key = left[at] if at < len(left) else ""
                rows.append(
                    Text.assemble(
                        (f"{key:<{wide}}", KEY),
                        plain(right[at] if at < len(right) else ""),
                    )
                )
    return rows


def _title(name: str) -> Text:
    return plain(name, f"{STRONG} underline")


def sign_rows(columns: int) -> list[Text]:
    """Return lines that explain the symbols of the stage bar, preceded by a blank line."""
    signs = [
        (glyph(OF_STATE[state]), STYLES[state], meaning)
        for state, meaning in MEANINGS.items()
    ]
    signs.append((glyph("warning"), "yellow", WARNING))
    wide = max(width(sign) for sign, _, _ in signs) + 2
    return [
        plain(""),
        _title(SIGNS),
        *(
            Text.assemble(
                (fitted(sign, wide), style), plain(crop(meaning, columns - wide))
            )
            for sign, style, meaning in signs
        ),
    ]


def _held(keys: Sequence[str]) -> list[str]:
    """The keys in lines of the key column."""
    rows = [""]
    for key in keys:
        if rows[-1] and len(rows[-1]) + len(key) + 2 > KEYS_WIDE:
            rows.append("")
        rows[-1] = f"{rows[-1]}  {key}" if rows[-1] else key
    return rows


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
    actions = MOVING.get(words, ())
    keys = groups[_group(action, otherwise)].setdefault(words, [])
    # keys for the second of two moves come after those for the first
    rank = actions.index(action) % 2 if action in actions else 0
    if all(shown_key(key) != known for _, known in keys):
        keys.append((rank, shown_key(key)))


def _in_order(name: str, group: Group) -> Iterable[tuple[str, list[str]]]:
    order = list(MOVING)
    items = [
        (words, [key for _, key in sorted(keys, key=itemgetter(0))])
        for words, keys in group.items()
    ]
    return (
        sorted(items, key=lambda item: order.index(item[0])) if name == MOVES else items
    )


def _keys(keys: list[str], words: str) -> list[str]:
    return [f"{keys[0]} … {keys[-1]}"] if words == STAGE else keys


def _focusable(screen: Screen[Any]) -> Iterable[Widget]:
    return [widget for widget in screen.focus_chain if not isinstance(widget, Input)]


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


def _example(screen: Screen[Any], columns: int) -> list[Text]:
    """The first keys of the key line, as one would press them."""
    lines = list(screen.query(KeyLine))
    shown = (
        [f"{key} ({words})" for key, words in lines[0].first_keys()] if lines else []
    )
    return (
        [
            plain(line, QUIET)
            for line in wrapped(f"For example: press {', then '.join(shown)}.", columns)
        ]
        if shown
        else []
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


class HelpScreen(Modal[None]):
    """A dialog with the keys of a screen, in two columns on a wide terminal, and scrollable."""

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
        self._of, self._groups = screen, help_groups(screen)
        self._about = ABOUT[stage] if stage else ""

    def compose(self) -> ComposeResult:
        """The keys in a panel, with how to read on in its border."""
        with Panel(title=self._heading, classes="reader"), VerticalScroll():
            yield Static(id="keys")

    def on_mount(self) -> None:
        """Lay the keys."""
        self._lay()
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        """Lay the keys for the new width."""
        self.call_after_refresh(self._lay)

    def rows(self, columns: int) -> list[Text]:
        """All lines in so many columns."""
        about = (
            [*(plain(line) for line in wrapped(self._about, columns)), plain("")]
            if self._about
            else []
        )
        return [*about, *self._key_rows(columns)]

    def _key_rows(self, columns: int) -> list[Text]:
        if self.app.size.width < TWO_COLUMNS:
            return [
                *help_rows(self._groups, columns),
                *self._signs(columns),
                plain(""),
                *_example(self._of, columns),
            ]
        half = (columns - GAP) // 2
        left = [
            *help_rows(
                {name: rows for name, rows in self._groups.items() if name in LEFT},
                half,
            ),
            *self._signs(half),
        ]
        right = help_rows(
            {name: rows for name, rows in self._groups.items() if name not in LEFT},
            half,
        )
        return [
            *side_by_side(left, right, half + GAP),
            plain(""),
            *_example(self._of, columns),
        ]

    def _signs(self, columns: int) -> list[Text]:
        """The signs of the stages, where the screen has the stage bar."""
        return sign_rows(columns) if self._about else []

    def _lay(self) -> None:
        panel = self.query_one(Panel)
        wide = (panel.size.width or self.app.size.width - 2) - 3
        rows = self.rows(wide)
        self.query_one("#keys", Static).update(lines(rows))
        more = (
            f"PgDn more {glyph('point-down')} · "
            if len(rows) > self.app.size.height - 2
            else ""
        )
        panel.count = f"{more}Esc close"

    def action_scroll(self, where: str) -> None:
        """Scroll by a line, or to the end."""
        getattr(self.query_one(VerticalScroll), f"scroll_{where}")(animate=False)

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)

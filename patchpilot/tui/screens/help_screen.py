# SPDX-License-Identifier: GPL-2.0-or-later
"""All keys that work on the current screen, from the bindings themselves, with an example."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text
from textual.app import App
from textual.binding import Binding
from textual.keys import format_key
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from patchpilot.tui.rich_text import STRONG, plain, wrapped
from patchpilot.tui.widgets.choose import Reader
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.panel import Panel

THIS_STAGE, EVERYWHERE, TEXT_FIELDS = "This screen", "Every screen", "Text fields"
KEYS_WIDE, EXAMPLE_WIDE = 20, 74
FIELD_KEYS = (
    ("Ctrl-W, Ctrl-U", "delete the word, the line before the cursor"),
    ("Ctrl-A, Ctrl-E", "go to the start, to the end"),
    ("Ctrl-S, Enter", "confirm"),
    ("Esc", "cancel"),
)
Group = dict[str, tuple[list[str], str]]
"""An action → its keys, and what it does."""


def help_rows(screen: Screen[Any]) -> list[str]:
    """The keys as lines: an example, then those of this screen, of each of its panels, of every screen, and of text fields."""
    groups: dict[str, Group] = {THIS_STAGE: {}}
    everywhere: Group = {}
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        if not enabled or not binding.description or binding.system or not (node is screen or isinstance(node, App)):
            continue
        if binding.action.startswith("stage("):
            _add(everywhere, "stage", key, "go to a stage")
        else:
            general = isinstance(node, App) or binding.action.startswith(("app.focus_", "screen.copy_text"))
            _add(everywhere if general else groups[THIS_STAGE], binding.action, key, binding.tooltip or binding.description)
    for widget in _focusable(screen):
        group = groups.setdefault(_place(widget), {})
        for binding in _bindings(widget):
            if binding.key not in group.get(binding.action, ([], ""))[0]:
                _add(group, binding.action, binding.key, binding.tooltip or binding.description)
    groups[EVERYWHERE] = everywhere
    rows = [*_example(screen)]
    for name, group in groups.items():
        if group:
            rows += ["", name] if rows else [name]
            rows += [_row(_keys(keys, words), words) for keys, words in group.values()]
    return [*rows, "", TEXT_FIELDS, *(_row(keys, words) for keys, words in FIELD_KEYS)]


def _add(group: Group, action: str, key: str, words: str) -> None:
    group.setdefault(action, ([], words))[0].append(shown_key(key))


def _keys(keys: list[str], words: str) -> str:
    return f"{keys[0]} … {keys[-1]}" if words == "go to a stage" else ", ".join(dict.fromkeys(keys))


def _row(keys: str, words: str) -> str:
    return f"  {keys:<{KEYS_WIDE - 2}} {words}"


def _focusable(screen: Screen[Any]) -> Iterable[Widget]:
    return [widget for widget in screen.focus_chain if not isinstance(widget, Input)]


def _place(widget: Widget) -> str:
    """The heading of the panel that the widget is in."""
    panel = next((node for node in widget.ancestors if isinstance(node, Panel) and node.heading), None)
    return f"Panel {panel.heading}" if panel else "Lists and texts"


def _bindings(widget: Widget) -> Iterator[Binding]:
    for bindings in widget._bindings.key_to_bindings.values():
        yield from (binding for binding in bindings if binding.description and not binding.system)


def _example(screen: Screen[Any]) -> list[str]:
    """A line with the first keys of the key line, as one would press them."""
    lines = list(screen.query(KeyLine))
    shown = [f"{key} ({words})" for key, words in lines[0].first_keys()] if lines else []
    return wrapped(f"For example: press {', then '.join(shown)}.", EXAMPLE_WIDE) if shown else []


NAMES = {
    "escape": "Esc", "pagedown": "PgDn", "pageup": "PgUp", "ctrl": "Ctrl", "shift": "Shift", "enter": "Enter", "space": "Space", "up": "Up",
    "down": "Down", "left": "Left", "right": "Right", "home": "Home", "end": "End", "tab": "Tab",
}  # fmt: skip


def shown_key(key: str) -> str:
    """A key as it is displayed: `Ctrl-F`, `PgDn`, `?`."""
    *held, last = key.split("+")
    name = NAMES.get(last) or format_key(last)
    return "-".join([*(NAMES.get(one, one) for one in held), name.upper() if held and len(name) == 1 else name])


def _styled(row: str) -> Text:
    """A row of the help: headings and keys bold."""
    text = plain(row)
    text.stylize(STRONG, 0, KEYS_WIDE if row.startswith("  ") else len(row))
    return text


class HelpScreen(Reader):
    """The help screen: a reader with the keys."""

    def __init__(self, screen: Screen[Any]) -> None:
        stage = getattr(screen, "stage", None)
        super().__init__(f"Keys for {stage.number} {stage.label}" if stage else "Keys", help_rows(screen), styler=_styled)

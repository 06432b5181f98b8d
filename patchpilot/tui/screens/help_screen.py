# SPDX-License-Identifier: GPL-2.0-or-later
"""All keys that work on the current screen, from the bindings themselves, with an example."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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

ACTIONS, MOVES, STAGES, GENERAL, TEXT_FIELDS = "On this screen", "Move and search", "Stages and commits", "Everywhere", "Text fields"
KEYS_WIDE, EXAMPLE_WIDE = 20, 74
FIELD_KEYS = (
    ("Ctrl-W, Ctrl-U", "delete the word, the line before the cursor"),
    ("Ctrl-A, Ctrl-E", "go to the start, to the end"),
    ("Ctrl-S, Enter, Esc", "confirm, confirm, cancel"),
)
MOVING: Mapping[str, tuple[str, ...]] = {
    "move up and down": ("cursor_up", "cursor_down", "move(-1)", "move(1)", "scroll_up", "scroll_down"),
    "page up and down": ("page_up", "page_down", "page(-1)", "page(1)"),
    "go to the first and the last line": ("first", "last", "edge(0)", "edge(-1)", "scroll_top", "scroll_bottom", "scroll_home", "scroll_end"),
    "scroll left and right": (
        "scroll_left", "scroll_right", "sideways(-8)", "sideways(8)", "cursor_left", "cursor_right", "page_left", "page_right",
    ),
    "go to the previous and the next part": ("stop(-1)", "stop(1)"),
    "go to the next and the previous panel": ("app.focus_next", "app.focus_previous"),
    "search": ("search",),
    "go to the next and the previous match": ("match(1)", "match(-1)"),
}  # fmt: skip
"""What moves do → the actions of lists, tables and texts that do it: their keys are one row."""
BETWEEN = ("home", "step(1)", "step(-1)", "base", "commit(1)", "commit(-1)")
"""The actions that lead to another stage, commit or topic, apart from the stages' numbers."""
ANYWHERE = ("reload", "cancel", "screen.copy_text")
"""The actions of a screen that every screen has."""
STAGE = "go to a stage"
Group = dict[str, list[str]]
"""What keys do → the keys."""


def help_rows(screen: Screen[Any]) -> list[str]:
    """The keys as lines, by what they do: an example, then what is done on this screen, how to move, stages, what works everywhere, text fields."""
    groups: dict[str, Group] = {name: {} for name in (ACTIONS, MOVES, STAGES, GENERAL)}
    own: set[str] = set()
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        if enabled and binding.description and not binding.system and (node is screen or isinstance(node, App)):
            own.add(key)
            _put(groups, binding, key, ACTIONS if node is screen else GENERAL)
    for widget in _focusable(screen):
        for binding in _bindings(widget):
            name = _group(binding.action, ACTIONS)
            if name == MOVES or binding.key not in own:
                _put(groups, binding, binding.key, ACTIONS, _place(widget) if binding.key == "enter" else "")
    rows = [*_example(screen)]
    for name, group in groups.items():
        if group:
            rows += ["", name] if rows else [name]
            rows += [row for words, keys in _in_order(name, group) for row in _rows(_keys(keys, words), words)]
    return [*rows, "", TEXT_FIELDS, *(row for keys, words in FIELD_KEYS for row in _rows(keys, words))]


def _group(action: str, otherwise: str) -> str:
    """The heading that an action is below."""
    if any(action in actions for actions in MOVING.values()):
        return MOVES
    if action in BETWEEN or action.startswith("stage("):
        return STAGES
    return GENERAL if action in ANYWHERE else otherwise


def _put(groups: dict[str, Group], binding: Binding, key: str, otherwise: str, place: str = "") -> None:
    """Add a key to what it does."""
    action = binding.action
    words = next((words for words, actions in MOVING.items() if action in actions), binding.tooltip or binding.description)
    if action.startswith("stage("):
        words = STAGE
    elif place:
        words = f"{words} ({place})"
    keys = groups[_group(action, otherwise)].setdefault(words, [])
    if shown_key(key) not in keys:
        keys.append(shown_key(key))


def _in_order(name: str, group: Group) -> Iterable[tuple[str, list[str]]]:
    order = list(MOVING)
    return sorted(group.items(), key=lambda item: order.index(item[0])) if name == MOVES else group.items()


def _keys(keys: list[str], words: str) -> list[str]:
    return [f"{keys[0]} … {keys[-1]}"] if words == STAGE else keys


def _rows(keys: Sequence[str] | str, words: str) -> list[str]:
    """The keys, then what they do; keys that have no room are below."""
    listed = [keys] if isinstance(keys, str) else wrapped(", ".join(keys), KEYS_WIDE - 2)
    return [f"  {part:<{KEYS_WIDE - 2}} {words if not at else ''}".rstrip() for at, part in enumerate(listed)]


def _focusable(screen: Screen[Any]) -> Iterable[Widget]:
    return [widget for widget in screen.focus_chain if not isinstance(widget, Input)]


def _place(widget: Widget) -> str:
    """The heading of the panel that the widget is in."""
    panel = next((node for node in widget.ancestors if isinstance(node, Panel) and node.heading), None)
    return panel.heading if panel else ""


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

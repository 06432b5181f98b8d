# SPDX-License-Identifier: GPL-2.0-or-later
"""All keys that work on the current screen, from the bindings themselves."""

from typing import Any

from textual.app import App
from textual.screen import Screen

from patchpilot.tui.rich_text import STRONG, plain
from patchpilot.tui.widgets.choose import Reader

THIS_STAGE, FOCUSED, EVERYWHERE = "This screen", "Focused text or list", "Every screen"


def help_rows(screen: Screen[Any]) -> list[str]:
    """The keys as lines: those of this screen, of the focused widget, and of every screen."""
    groups: dict[str, dict[str, tuple[list[str], str]]] = {THIS_STAGE: {}, FOCUSED: {}, EVERYWHERE: {}}
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        if not enabled or not binding.description or binding.system:
            continue
        general = isinstance(node, App) or binding.action.startswith(("app.focus_", "screen.copy_text"))
        group = EVERYWHERE if general else THIS_STAGE if node is screen else FOCUSED
        words = binding.tooltip or binding.description
        if binding.action.startswith("stage("):
            group, words, action = EVERYWHERE, "go to a stage", "stage"
        else:
            action = binding.action
        keys, _ = groups[group].setdefault(action, ([], words))
        keys.append(shown_key(key))
    rows: list[str] = []
    for name, keys_of_group in groups.items():
        rows += ["", name] if rows else [name]
        for keys, words in keys_of_group.values():
            shown = f"{keys[0]} … {keys[-1]}" if words == "go to a stage" else ", ".join(keys)
            rows.append(f"  {shown:<18} {words}")
    return rows


NAMES = {
    "slash": "/", "question_mark": "?", "colon": ":", "left_square_bracket": "[", "right_square_bracket": "]", "left_parenthesis": "(",
    "right_parenthesis": ")", "escape": "Esc", "pagedown": "PgDn", "pageup": "PgUp", "ctrl+q": "Ctrl-Q", "ctrl+z": "Ctrl-Z",
    "ctrl+p": "Ctrl-P", "ctrl+f": "Ctrl-F", "ctrl+b": "Ctrl-B", "enter": "Enter", "space": "Space", "up": "Up", "down": "Down",
    "left": "Left", "right": "Right", "home": "Home", "end": "End",
}  # fmt: skip


def shown_key(key: str) -> str:
    """A key as it is displayed."""
    return NAMES.get(key, key)


class HelpScreen(Reader):
    """The help screen: a reader with the keys."""

    def __init__(self, screen: Screen[Any]) -> None:
        rows = help_rows(screen)
        super().__init__("Keys", rows, styler=lambda row: plain(row, "" if row.startswith("  ") else STRONG))

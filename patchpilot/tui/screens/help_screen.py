# SPDX-License-Identifier: GPL-2.0-or-later
"""All keys that work where `?` was pressed, from the bindings themselves: what is shown is what is bound."""

from typing import Any

from textual.app import App
from textual.screen import Screen

from patchpilot.tui.rich_text import STRONG, plain
from patchpilot.tui.widgets.choose import Reader


def help_rows(screen: Screen[Any]) -> list[str]:
    """The keys as lines, this screen's first, then those of what has the focus, then those that work everywhere."""
    groups: dict[str, dict[str, tuple[list[str], str]]] = {"this stage": {}, "the text or list in focus": {}, "everywhere": {}}
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        if not enabled or not binding.description or binding.system:
            continue
        general = isinstance(node, App) or binding.action.startswith(("app.focus_", "screen.copy_text"))
        group = "everywhere" if general else "this stage" if node is screen else "the text or list in focus"
        words = binding.tooltip or binding.description
        if binding.action.startswith("stage("):
            group, words, action = "everywhere", "go to a stage", "stage"
        else:
            action = binding.action
        keys, _ = groups[group].setdefault(action, ([], words))
        keys.append(shown_key(key))
    rows: list[str] = []
    for name, found in groups.items():
        rows += ["", name] if rows else [name]
        for keys, words in found.values():
            told = f"{keys[0]} … {keys[-1]}" if words == "go to a stage" else ", ".join(keys)
            rows.append(f"  {told:<18} {words}")
    return rows


NAMES = {
    "slash": "/", "question_mark": "?", "left_square_bracket": "[", "right_square_bracket": "]", "left_parenthesis": "(",
    "right_parenthesis": ")", "escape": "Esc", "pagedown": "PgDn", "pageup": "PgUp", "ctrl+q": "^q", "ctrl+z": "^z", "ctrl+p": "^p",
    "enter": "Enter", "space": "Space",
}  # fmt: skip


def shown_key(key: str) -> str:
    """A key as people write it."""
    return NAMES.get(key, key)


class HelpScreen(Reader):
    """The keys, in a reader."""

    def __init__(self, screen: Screen[Any]) -> None:
        rows = help_rows(screen)
        super().__init__("Keys", rows, styler=lambda row: plain(row, "" if row.startswith("  ") else STRONG))

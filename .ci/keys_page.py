# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate the reference page for the TUI's keys from the key bindings."""

from collections.abc import Iterable
from typing import Any

from textual.binding import Binding

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import find_screen_class
from patchpilot.tui.screens.home_screen import HomeScreen
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.key_bindings import display_key
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.search import Searchable

HEAD = """# Keys of the TUI

In the TUI, `?` lists the keys of the current screen and runs the one that you choose, and `/` searches the text. The mouse works but is never required.
States are always shown as a word, not only by color. Two themes have high contrast. If `NO_COLOR` is set, no colors are used.
"""  # noqa: E501


def keys_page() -> str:
    """Return the TUI's keys as Markdown. They are the global keys and the keys of each stage."""
    parts = [
        HEAD,
        "## Everywhere\n",
        _table([*_bindings_of(PatchpilotApp), *_bindings_of(StageScreen)]),
    ]
    parts += ["## In patches and messages\n", _table(_bindings_of(DiffView))]
    parts += ["## In a search\n", _table(_bindings_of(Searchable))]
    parts += ["## 0 home\n", _table(_bindings_of(HomeScreen))]
    for stage in Stage:
        rows = _bindings_of(find_screen_class(stage))
        parts += [f"## {stage.number} {stage.label}\n", _table(rows)] if rows else []
    return "\n".join(parts)


def _bindings_of(owner: Any) -> list[Binding]:
    return [
        binding
        for binding in owner.__dict__.get("BINDINGS", ())
        if isinstance(binding, Binding) and binding.description
    ]


OPEN_AT = "open the selected topic at a stage"
"""The meaning of the stage numbers at Home."""


def _table(bindings: Iterable[Binding]) -> str:
    rows = ["| key | action |", "|---|---|"]
    numbered = {"stage(": "go to a stage", "open_at(": OPEN_AT}
    bindings = tuple(bindings)
    for action, does in numbered.items():
        if any(binding.action.startswith(action) for binding in bindings):
            rows.append(f"| `1` … `{len(Stage)}` | {does} |")
    for binding in bindings:
        if not binding.action.startswith(tuple(numbered)):
            keys = ", ".join(f"`{display_key(key)}`" for key in binding.key.split(",")).replace(
                "|", "\\|"
            )
            rows.append(f"| {keys} | {binding.tooltip or binding.description} |")
    return "\n".join(rows) + "\n"

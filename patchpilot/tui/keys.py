# SPDX-License-Identifier: GPL-2.0-or-later
"""The page docs/reference/keys.md, from the bindings themselves: `python -m patchpilot.tui.keys`
prints it.
"""

from collections.abc import Iterable
from typing import Any

from textual.binding import Binding

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import screen_of
from patchpilot.tui.screens.conflict_pane import ConflictPane
from patchpilot.tui.screens.help_screen import shown_key
from patchpilot.tui.screens.home_screen import HomeScreen
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.pager import Pager

HEAD = """# Keys of the TUI

`?` shows the keys of the current screen, `Ctrl-P` opens the command palette, `/` searches. The mouse works but is never required.
Every state is shown as a word, not by color alone. `T` chooses a theme; two themes have high contrast. With `NO_COLOR` set, no colors are used.
This page is generated from the key bindings: `python -m patchpilot.tui.keys`.
"""  # noqa: E501


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## Everywhere\n", _table([*_of(PatchpilotApp), *_of(StageScreen)])]
    parts += ["## In texts (commits, patches, messages, threads)\n", _table(_of(Pager))]
    parts += ["## In patches\n", _table(_of(DiffView))]
    parts += ["## 0 home\n", _table(_of(HomeScreen))]
    for stage in Stage:
        rows = _of(screen_of(stage))
        parts += [f"## {stage.number} {stage}\n", _table(rows)] if rows else []
        if stage is Stage.BACKPORTS:
            parts += [
                f"## {stage.number} {stage}, conflict by conflict\n",
                _table(_of(ConflictPane)),
            ]
    return "\n".join(parts)


def _of(owner: Any) -> list[Binding]:
    return [
        binding
        for binding in owner.__dict__.get("BINDINGS", ())
        if isinstance(binding, Binding) and binding.description
    ]


def _table(bindings: Iterable[Binding]) -> str:
    rows = ["| key | action |", "|---|---|"]
    stages = [binding for binding in bindings if binding.action.startswith("stage(")]
    if stages:
        rows.append(f"| `1` … `{len(Stage)}` | go to a stage |")
    for binding in bindings:
        if binding not in stages:
            keys = ", ".join(
                f"`{shown_key(key)}`" for key in binding.key.split(",")
            ).replace("|", "\\|")
            rows.append(f"| {keys} | {binding.tooltip or binding.description} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(page(), end="")

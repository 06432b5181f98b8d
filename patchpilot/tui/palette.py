# SPDX-License-Identifier: GPL-2.0-or-later
"""The command palette: stages, the keys of the current screen and of its focused panel, and commands of every screen."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import App, SystemCommand
from textual.screen import Screen

from patchpilot.tui.screens.help_screen import shown_key
from patchpilot.tui.stages import Stage
from patchpilot.tui.tour import take

if TYPE_CHECKING:
    from patchpilot.tui.stage_app import StageApp


def commands(app: "StageApp", screen: Screen[Any]) -> Iterable[SystemCommand]:
    """The commands that the palette lists on this screen."""
    for stage in Stage if app.stage_screen else ():
        yield SystemCommand(f"{stage.number} {stage.label}", f"go to {stage}", partial(app.action_stage, str(stage)))
    seen: set[str] = set()
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        if enabled and not isinstance(node, App) and binding.description and binding.action not in seen:
            seen.add(binding.action)
            yield SystemCommand(
                binding.description[:1].upper() + binding.description[1:],
                f"{binding.tooltip or binding.description}  ({shown_key(key)})",
                partial(app.run_action, binding.action, node),
            )
    yield SystemCommand("0 home", "all topics of all repositories, and whose turn it is", partial(app.run_action, "home"))
    yield SystemCommand("Undo", "undo the last rewrite of your commits", partial(app.run_action, "undo"))
    yield SystemCommand("Redo", "redo the rewrite that was undone last", partial(app.run_action, "redo"))
    yield SystemCommand("Choose theme", "move to a theme to preview it", partial(app.run_action, "theme"))
    yield SystemCommand("Help", "all keys that work here", partial(app.run_action, "help"))
    yield SystemCommand("Tour", "eight cards about the stages, in the demo; no mail leaves this machine", partial(take, app))
    yield SystemCommand("Quit", "quit; your progress is saved", partial(app.run_action, "leave"))

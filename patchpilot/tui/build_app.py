# SPDX-License-Identifier: GPL-2.0-or-later
"""Build the TUI from each stage's loader and screen. These are imported on first use."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.view.session import Loader, Session
from patchpilot.tui.view.stages import Stage

if TYPE_CHECKING:
    from patchpilot.tui.opening import Opening
    from patchpilot.tui.stage.stage_screen import AnyScreen


def _import_stage_module(stage: Stage, suffix: str) -> Any:
    return importlib.import_module(f"patchpilot.tui.screens.{stage}_{suffix}")


def find_loader(stage: Stage) -> Loader:
    loader: Loader = _import_stage_module(stage, "rows").load_stage
    return loader


def find_screen_class(stage: Stage) -> "type[AnyScreen]":
    screen: type[AnyScreen] = getattr(
        _import_stage_module(stage, "screen"), f"{stage.capitalize()}Screen"
    )
    return screen


def create_app(
    directory: Path | None = None,
    target: str | None = None,
    base: str | None = None,
    memory: SavedState | None = None,
    opening: "Opening | None" = None,
    *,
    at_home: bool = False,
    app_class: type[PatchpilotApp] = PatchpilotApp,
) -> PatchpilotApp:
    """Return the TUI for a repository's topic or, if `at_home` is set, for the home screen.

    `app_class` is the class of the application. If `opening` is given, it is already reading the
    topic, and its session and saved state are used.
    """
    session = opening.session if opening else Session(directory, target, base)
    session.loader_of = find_loader
    memory = opening.memory if opening else memory or SavedState()
    return app_class(session, find_screen_class, memory, opening, at_home=at_home)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the TUI, drawing its first frame while the application is loaded."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patchpilot.tui.app import PatchpilotApp
    from patchpilot.tui.opening import Opening


def run_app(
    repo: Path | None,
    target: str | None,
    base: str | None,
    make_app: "Callable[[Opening], PatchpilotApp]",
    *,
    draw_first: bool = True,
) -> int:
    """Run the TUI that `make_app` returns, and return its exit code.

    If `draw_first` is set, the first screen's frame is drawn while the application is loaded.
    """
    from io import StringIO

    from rich.console import Console

    from patchpilot.tui.opening import Opening
    from patchpilot.tui.stage.saved_state import SavedState
    from patchpilot.tui.view.session import Session

    os.environ.setdefault("ESCDELAY", "25")
    # jobs run in Python threads: at the default switch interval of 5 ms, key presses would lag
    sys.setswitchinterval(0.002)
    opening = Opening(Session(repo, target, base), SavedState())
    try:
        if draw_first:
            opening.draw_first_frame()
        app = make_app(opening)
    except BaseException:
        opening.leave_alternate_screen()
        raise
    from patchpilot.tui.short_styles import ShortStyles

    # keep any other driver, such as the one for web pages
    if issubclass(ShortStyles, app.driver_class):
        app.driver_class = ShortStyles
    opening.stop_drawing()
    # the command logs bugs; Textual would print the traceback with all local values
    app.error_console = Console(file=StringIO())
    exit_code = app.run() or 0
    if app.bug is not None or (app.return_code and not exit_code):
        from patchpilot.tui.stage.job_errors import to_internal_error

        raise to_internal_error(app.bug or RuntimeError("Textual failed"))
    return exit_code

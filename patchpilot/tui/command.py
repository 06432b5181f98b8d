# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot tui`: open the TUI."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.cli.verb_command import argument, option, verb
from patchpilot.errors import UsageError

if TYPE_CHECKING:
    from patchpilot.tui.app import PatchpilotApp
    from patchpilot.tui.opening import Opening


@verb(epilog="\b\nExamples:\n  patchpilot tui\n  patchpilot tui origin/master..my-fix")
@option(
    "-C",
    "--repo",
    metavar="DIR",
    type=Path,
    help="work in this repository",
)
@option("--base", metavar="REV", help="base of the topic")
@option("--home", is_flag=True, help="start with the list of all topics")
@argument("target", required=False)
def command(repo: Path | None, base: str | None, home: bool, target: str | None) -> int:
    """Open the guided workflow: from the commit to the landed patch in numbered stages.

    The last line shows the most important keys; ? shows all keys.
    """
    # textual draws on stderr
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "the guided workflow needs a terminal",
            hint="patchpilot --help lists the commands that need no terminal",
        )
    if os.environ.get("TERM") == "dumb":
        raise UsageError(
            "the TUI cannot draw on this terminal (TERM=dumb)",
            hint="patchpilot --help lists commands that run on any terminal",
        )

    def make_app(opening: "Opening") -> "PatchpilotApp":
        from patchpilot.tui.build_app import make

        return make(opening=opening, at_home=home)

    return run_app(repo, target, base, make_app, draws=not home)


def run_app(
    repo: Path | None,
    target: str | None,
    base: str | None,
    make_app: "Callable[[Opening], PatchpilotApp]",
    *,
    draws: bool = True,
) -> int:
    """Run the TUI that `make_app` returns, and return its exit code.

    With `draws`, the frame of the first screen is drawn while the application is loaded.
    """
    from patchpilot.tui.opening import Opening
    from patchpilot.tui.stage.saved_state import SavedState
    from patchpilot.tui.view.session import Session

    os.environ.setdefault("ESCDELAY", "25")
    # jobs run in Python threads: with the default of 5 ms, key presses would lag
    sys.setswitchinterval(0.002)
    opening = Opening(Session(repo, target, base), SavedState())
    try:
        if draws:
            opening.draw()
        app = make_app(opening)
    except BaseException:
        opening.leave()
        raise
    opening.hand_over()
    code = app.run() or 0
    if app.bug is not None:
        from patchpilot.tui.stage.job_errors import as_bug

        raise as_bug(app.bug)
    return code

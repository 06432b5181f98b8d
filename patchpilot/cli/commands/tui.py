# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot tui`: open the guided workflow."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.cli.command import argument, make_command, option
from patchpilot.errors import UsageError

if TYPE_CHECKING:
    from patchpilot.tui.app import PatchpilotApp
    from patchpilot.tui.opening import Opening


@make_command(epilog="\b\nExamples:\n  patchpilot tui\n  patchpilot tui origin/master..my-fix")
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
    # Textual writes its output to stderr
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

    from patchpilot.tui.run_app import run_app

    def make_app(opening: "Opening") -> "PatchpilotApp":
        from patchpilot.tui.build_app import create_app

        return create_app(opening=opening, at_home=home)

    return run_app(repo, target, base, make_app, draw_first=not home)

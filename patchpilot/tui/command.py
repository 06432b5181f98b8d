# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot tui`: open the TUI."""

import os
import sys
from pathlib import Path

import click

from patchpilot.errors import UsageError


@click.command(epilog="Example: patchpilot tui; patchpilot tui origin/master..my-fix")
@click.option(
    "-C",
    "--repo",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="work in this repository",
)
@click.option("--base", metavar="REV", help="base of the topic")
@click.option("--home", is_flag=True, help="start with the list of all topics")
@click.argument("target", required=False)
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
    from patchpilot.tui.opening import Opening
    from patchpilot.tui.stage.saved_state import SavedState
    from patchpilot.tui.view.session import Session

    repo = repo or (click.get_current_context().find_root().obj or {}).get("repo")
    os.environ.setdefault("ESCDELAY", "25")
    # jobs run in Python threads: with the default of 5 ms, key presses would lag
    sys.setswitchinterval(0.002)
    opening = Opening(Session(repo, target, base), SavedState())
    try:
        if not home:
            opening.draw()
        from patchpilot.tui.build_app import make

        app = make(opening=opening, at_home=home)
    except BaseException:
        opening.leave()
        raise
    opening.hand_over()
    code = app.run() or 0
    if app.bug is not None:
        from patchpilot.tui.stage.job_errors import as_bug

        raise as_bug(app.bug)
    return code

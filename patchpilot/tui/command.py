# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot tui`: open the walk."""

import os
import sys
from pathlib import Path

import click

from patchpilot.errors import UsageError


@click.command(epilog="Example: patchpilot tui; patchpilot tui origin/master..my-fix")
@click.option("-C", "--repo", metavar="DIR", type=click.Path(path_type=Path), help="work in this repository")
@click.option("--base", metavar="REV", help="what your topic is based on")
@click.argument("target", required=False)
def command(repo: Path | None, base: str | None, target: str | None) -> int:
    """Walk a fix from commit to send and beyond: the keys are on the last line, ? shows all."""
    # textual draws on stderr
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise UsageError("the guided workflow needs a terminal", hint="patchpilot --help lists commands that run without one")
    if os.environ.get("TERM") == "dumb":
        raise UsageError("this terminal says it cannot draw (TERM=dumb)", hint="the verbs do the same without drawing: patchpilot --help")
    from patchpilot.tui.opening import Opening
    from patchpilot.tui.saved_state import SavedState
    from patchpilot.tui.session import Session

    repo = repo or (click.get_current_context().find_root().obj or {}).get("repo")
    os.environ.setdefault("ESCDELAY", "25")
    # jobs are Python too: keys must not wait five milliseconds for each of their turns
    sys.setswitchinterval(0.002)
    opening = Opening(Session(repo, target, base), SavedState())
    try:
        opening.draw()
        from patchpilot.tui.build_app import make

        walk = make(opening=opening)
    except BaseException:
        opening.leave()
        raise
    opening.hand_over()
    return walk.run() or 0

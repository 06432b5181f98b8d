# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw the TUI's Checks stage with the demo's first commit.

Usage: .ci/picture.py [FILE]. FILE is docs/assets/checks.svg by default; `make docs` draws the copy
in the site, so that the tree stays clean.
"""

import asyncio
import os
import re
import sys
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from patchpilot.tui.app import PatchpilotApp

PICTURE = Path(__file__).parents[1] / "docs" / "assets" / "checks.svg"
SIZE = (160, 40)


async def quiet(pilot: Pilot[int], app: PatchpilotApp) -> None:
    """Wait up to two minutes until the screen has not changed for a second."""
    seen, since = "", 0
    for _ in range(600):
        await pilot.pause(0.2)
        now = app.export_screenshot()
        seen, since = now, since + 1 if now == seen else 0
        if since == 5 and app.jobs.is_open and not app.session.busy:
            return


async def draw(work: Path) -> str:
    """Return the screen as SVG."""
    from patchpilot.tui.build_app import create_app
    from patchpilot.tui.stage.saved_state import SavedState

    state = SavedState(work.parent / "state" / "tui.json")
    state.save_values(tour="offered")
    app = create_app(work, memory=state)
    async with app.run_test(size=SIZE) as pilot:
        for key in ("2", "f"):
            await quiet(pilot, app)
            await pilot.press(key)
        await quiet(pilot, app)
        return app.export_screenshot(title="patchpilot")


def main() -> None:
    """Build the sandbox's repository in a temporary directory, draw the picture, and write it.

    Names in it that change with each run are replaced.
    """
    os.environ.pop("NO_COLOR", None)
    os.environ |= {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
    }
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        os.environ.update(
            {
                "HOME": str(home),
                "XDG_STATE_HOME": f"{home}/state",
                "XDG_CACHE_HOME": f"{home}/cache",
                "XDG_CONFIG_HOME": f"{home}/config",
            }
        )
        from patchpilot.demo.demo_repository import make_repositories

        made = make_repositories(Path(folder) / "sandbox")
        svg = asyncio.run(draw(made.work))
    svg = re.sub(r"terminal-\d+", "terminal-1", svg).replace(folder, "~")
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    picture.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()

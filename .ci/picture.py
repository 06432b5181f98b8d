# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws docs/assets/checks.svg: the TUI's Checks stage on the demo's first commit. Used by `make docs`."""

import asyncio
import os
import re
import tempfile
from pathlib import Path

PICTURE = Path(__file__).parents[1] / "docs" / "assets" / "checks.svg"
SIZE = (110, 32)


async def draw(work: Path) -> str:
    """The screen as SVG."""
    from patchpilot.tui.build_app import make
    from patchpilot.tui.saved_state import SavedState

    state = SavedState(work.parent / "state" / "tui.json")
    state.keep(tour="offered")
    app = make(work, memory=state)
    async with app.run_test(size=SIZE) as pilot:
        for key in ("2", "f"):
            for _ in range(100):
                await pilot.pause(0.1)
                if not app.session.busy:
                    break
            await pilot.press(key)
        await pilot.pause(0.5)
        return app.export_screenshot(title="patchpilot")


def main() -> None:
    """Build the sandbox's repository in a temporary directory, draw, and write the picture without names that change."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        os.environ.update(
            {"HOME": str(home), "XDG_STATE_HOME": f"{home}/state", "XDG_CACHE_HOME": f"{home}/cache", "XDG_CONFIG_HOME": f"{home}/config"}
        )
        from patchpilot.demo.demo_repository import make_repositories

        made = make_repositories(Path(folder) / "sandbox")
        svg = asyncio.run(draw(made.work))
    svg = re.sub(r"terminal-\d+", "terminal-1", svg).replace(folder, "~")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()

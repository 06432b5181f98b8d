# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw every screen of the TUI in the demo as SVG, in each size and theme.

Run `python -m tests.tui.pictures OUT [NAME…]`. The screens and the sandbox are real and include
a mail server and an archive. Screens are drawn at the start of the demo and again after the send.
If NAMEs are given, only these screens are drawn (`commit`, `checks` …; see MOMENTS and LATER).
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from textual.pilot import Pilot

from patchpilot.demo.answers import Answers
from patchpilot.demo.robin import fix_first_version
from patchpilot.demo.sandbox import Sandbox, deliver_regularly, open_sandbox
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import create_app
from patchpilot.tui.screens.home_screen import HomeScreen
from patchpilot.tui.stage.saved_state import FILE, SavedState
from patchpilot.tui.themes import DARK, LIGHT
from patchpilot.tui.view.stages import Stage
from tests.kit.walk import settle, still, until

SIZES = ((80, 24), (120, 36), (160, 50))
THEMES = (DARK.name, LIGHT.name)
MOMENTS = {
    **{str(stage): (stage,) for stage in Stage},
    "question": (Stage.COMMIT, "a"),
    "help": (Stage.CHECKS, "question_mark"),
    "finding": (Stage.CHECKS, "f", "enter"),
    "write-tags": (Stage.TAGS, "enter"),
    "branch": (Stage.BACKPORTS, "enter"),
    "home": ("0",),
}
"""Names of pictures of the demo's first state → the keys from any stage to there."""

LATER = {
    "sent": (Stage.SEND,),
    "follow-replies": (Stage.FOLLOW,),
    "tags-written": (Stage.TAGS,),
    "preview-sent": (Stage.PREVIEW,),
    "home-sent": ("0",),
}
"""The same, after the patch was sent and answered."""


OVER = {"question", "branch", "help", "finding", "write-tags"}
"""The pictures of dialogs, cards and messages."""


async def press_key(pilot: Pilot[int], key: str) -> None:
    app = pilot.app
    assert isinstance(app, PatchpilotApp)
    await pilot.press(str(Stage(key).number) if key in list(Stage) else key)
    if key == "0":
        await until(
            pilot,
            lambda: (
                isinstance(app.screen, HomeScreen) and app.screen._topics and not app.screen._doing
            ),
            "Home",
        )
        return
    await settle(pilot)


async def draw_moments(
    repository: Path,
    moments: dict[str, Sequence[str]],
    output_folder: Path,
    names: Sequence[str],
) -> list[Path]:
    svg_files: list[Path] = []
    for name, keys in moments.items():
        if names and name not in names:
            continue
        # open the overlay with the theme and size of its screen
        size_theme_pairs = (
            [((size,), (theme,)) for size in SIZES for theme in THEMES]
            if name in OVER
            else [(SIZES, THEMES)]
        )
        for sizes, themes in size_theme_pairs:
            with tempfile.TemporaryDirectory() as folder:
                app = create_app(repository, memory=SavedState(Path(folder) / FILE))
                async with app.run_test(size=sizes[-1]) as pilot:
                    app.theme = themes[0]
                    await settle(pilot)
                    for key in keys:
                        await press_key(pilot, key)
                    svg_files += await draw_screen(pilot, name, output_folder, sizes, themes)
        print(f"  {name}", file=sys.stderr)
    return svg_files


async def draw_screen(
    pilot: Pilot[int],
    name: str,
    output_folder: Path,
    sizes: Sequence[tuple[int, int]],
    themes: Sequence[str],
) -> list[Path]:
    svg_files, app = [], pilot.app
    for size in sizes:
        await pilot.resize_terminal(*size)
        for theme in themes:
            app.theme = theme
            await still(pilot)
            svg_files.append(output_folder / f"{name}-{size[0]}x{size[1]}-{theme}.svg")
            svg_files[-1].write_text(
                make_readable(app.export_screenshot(title=f"patchpilot {name}")),
                encoding="utf-8",
            )
    return svg_files


def make_readable(svg: str) -> str:
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace(
        "Fira Code", "DejaVu Sans Mono"
    )
    # rsvg-convert ignores textLength, so use the size at which a letter is one column wide
    svg = svg.replace("font-size: 20px", "font-size: 20.263px")
    return svg.replace("<text ", '<text xml:space="preserve" ')


def send_and_receive_replies(sandbox: Sandbox) -> None:
    """Make the newcomer's changes, send them, and receive the replies."""
    fix_first_version(sandbox.work)
    for arguments in (
        ["prepare", "--fixes", "auto", "--stable", "auto", "--signoff"],
        [
            *("send", "--yes", "--subject-prefix", "PATCH net"),
            *("--security", "no", "--regression", "yes"),
        ],
    ):
        subprocess.run(
            [sys.executable, "-m", "patchpilot", *arguments],
            cwd=sandbox.work,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", choices=[[], *MOMENTS, *LATER])
    options = parser.parse_args()
    output_folder = options.out.resolve()
    output_folder.mkdir(parents=True, exist_ok=True)
    for name in ("NO_COLOR", "PATCHPILOT_ASCII"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": f"{folder}/state",
        }
        SavedState(Path(folder) / "state" / "patchpilot" / FILE).save_values(
            theme="patchpilot-dark"
        )
        with (
            open_sandbox(Path(folder) / "sandbox") as sandbox,
            deliver_regularly(sandbox, after_delivery=Answers(sandbox).answer),
        ):
            os.environ.update({**sandbox.env, "GIT_EDITOR": "true"})
            svg_files = asyncio.run(
                draw_moments(sandbox.work, MOMENTS, output_folder, options.names)
            )
            if not options.names or set(options.names) & set(LATER):
                send_and_receive_replies(sandbox)
                svg_files += asyncio.run(
                    draw_moments(sandbox.work, LATER, output_folder, options.names)
                )
    print(f"{len(svg_files)} pictures in {output_folder}")


if __name__ == "__main__":
    main()

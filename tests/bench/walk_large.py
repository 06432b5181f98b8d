# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure keys on large input: a series of 100 patches, a diff of 3,000 lines, a thread of 5,000
messages: `python tests/bench/walk_large.py`.

Times are CPU times of the drawing thread, from the key press to the end of its processing.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import create_app
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.view.session import Loader
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.lists import RowList
from tests.kit.walk import keys, settle

PATCHES, LINES, MAILS = 100, 3_000, 5_000


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            {"HOME": folder}
            | {
                f"XDG_{name}_HOME": f"{folder}/{name.lower()}"
                for name in ("CONFIG", "DATA", "STATE", "CACHE")
            }
        )
        repository = Path(folder) / "work"
        create_large_branch(repository)
        asyncio.run(measure_walk(repository, Path(folder)))
    return 0


def create_large_branch(repository: Path) -> None:
    """Create a repository with a branch of 100 commits, the last of them with 3,000 lines."""

    def run_git(*args: str, data: str | None = None) -> str:
        argv = [
            "git",
            "-C",
            str(repository),
            "-c",
            "user.name=Ada Fixer",
            "-c",
            "user.email=ada@example.org",
            *args,
        ]
        return subprocess.run(argv, check=True, capture_output=True, text=True, input=data).stdout

    repository.mkdir()
    run_git("init", "-q", "-b", "topic")
    (repository / "frob.c").write_text("int frob;\n")
    run_git("add", "frob.c")
    run_git("commit", "-q", "-m", "frob: begin")
    run_git("branch", "main")
    run_git("branch", "-q", "--set-upstream-to", "main")
    for number in range(1, PATCHES + 1):
        lines = LINES if number == PATCHES else 20
        with (repository / "frob.c").open("a") as file:
            file.writelines(f"\tfrob_write(f, {number}, {line});  \n" for line in range(lines))
        run_git(
            "commit",
            "-q",
            "-a",
            "-m",
            f"frob: write {number}\n\nIt was not written.\n\nSigned-off-by: Ada Fixer"
            " <ada@example.org>",
        )


def make_large_thread() -> Any:
    """Return a thread of 5,000 messages in the form that `track` returns."""
    from patchpilot.archive.track_store import Store
    from patchpilot.tracking import follow_series

    with tempfile.TemporaryDirectory() as folder:
        mbox_file = Path(folder) / "thread.mbox"
        mbox_file.write_text("".join(make_thread_mail(number) for number in range(MAILS)))
        with Store(Path(folder) / "store.sqlite") as store:
            return follow_series.track_series_in_mbox(mbox_file, store=store)


def make_thread_mail(number: int) -> str:
    """Return a message of the thread: the patch, or a reply to it."""
    reply = (
        "In-Reply-To: <0@example.org>\n"
        "References: <0@example.org>\n"
        "Subject: Re: [PATCH] frob: begin\n"
        "\n"
        if number
        else "Subject: [PATCH] frob: begin\n\n"
    )
    body = (
        "> It was not there.\n"
        "> And it should be.\n"
        "> Quoted.\n"
        "> More.\n"
        "\nI think it should be done so.\n"
        if number
        else (
            "It was not there.\n"
            "\nSigned-off-by: Ada Fixer <ada@example.org>\n"
            "---\n"
            " frob.c | 1 +\n"
            "\ndiff --git a/frob.c b/frob.c\n"
            "--- a/frob.c\n"
            "+++ b/frob.c\n"
            "@@ -1 +1,2 @@\n"
            " int frob;\n"
            "+int more;\n"
        )
    )
    from_, end = (
        "From x Thu Jan  1 00:00:00 1970\n",
        f"\nMessage-ID: <{number}@example.org>\n{reply}{body}\n",
    )
    sender = (
        f"Ben Reader {number % 50} <ben{number % 50}@example.org>"
        if number
        else "Ada Fixer <ada@example.org>"
    )
    minute, hour, day = number % 60, number // 60 % 24, 1 + number // 1440
    return f"{from_}From: {sender}\nDate: {day:02d} Jan 2026 {hour:02d}:{minute:02d}:00 +0000{end}"


async def measure_walk(repository: Path, folder: Path) -> None:
    """Measure keys in each stage whose cost grows with the input."""
    saved_state = SavedState(folder / "walk.json")
    saved_state.save_values(theme="patchpilot-dark")
    app = create_app(repository, memory=saved_state)
    thread_ = make_large_thread()
    loader_of = app.session.loader_of
    assert loader_of is not None

    def make_loader(stage: Stage) -> Loader:
        # the prefetching job for Follow also imports the module
        usual_loader = loader_of(stage)
        return (
            (lambda _: (thread_, StageStatus(StageState.DONE, "1 series")))
            if stage is Stage.FOLLOW
            else usual_loader
        )

    app.session.loader_of = make_loader
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        print(
            f"series of {PATCHES}, diff of {LINES} lines, thread of {MAILS} mails; milliseconds of"
            " the drawing thread a key"
        )
        await print_draw_time(app, pilot, "commit: another patch", [*"KJKJKJKJ"])
        app.screen.query_one("#commit").focus()
        await print_draw_time(
            app,
            pilot,
            "commit: lines, pages, hunks of the long diff",
            [
                "j",
                "k",
                "pagedown",
                "G",
                "home",
                "f",
                *"jjjj",
                "pagedown",
            ],
        )
        await print_draw_time(
            app, pilot, "commit: a search", ["slash", *"write", "enter", "n", "n"]
        )
        await pilot.press("slash", "escape")
        await keys(pilot, "2", "1")
        await print_draw_time(
            app, pilot, "checks: to the stage and back", ["2", "1", "2", "1", "2"]
        )
        await print_draw_time(app, pilot, "checks: findings", [*"ffffFF", "G", "home", "pagedown"])
        await print_draw_time(app, pilot, "follow: the first visit", ["8"])
        await keys(pilot, "1")
        await print_draw_time(app, pilot, "follow: to the stage and back", ["8", "1", "8"])
        await print_draw_time(
            app,
            pilot,
            "follow: mails and lines",
            [
                "f",
                *"jjkk",
                "G",
                "home",
                "f",
                "pagedown",
            ],
        )
        app.screen.query_one("#thread", RowList).go_to_line(0)
        await print_draw_time(
            app, pilot, "follow: a message unfolded and folded", ["enter", "enter", "enter"]
        )


async def print_draw_time(
    app: PatchpilotApp, pilot: Any, label: str, pressed_keys: Sequence[str]
) -> None:
    times = []
    for key in pressed_keys:
        start = time.thread_time()
        await pilot.press(key)
        await pilot.pause()
        times.append((time.thread_time() - start) * 1000)
        await settle(pilot)
    print(
        f"{label:48s} median {statistics.median(times):4.0f}, worst {max(times):4.0f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())

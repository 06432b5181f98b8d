# SPDX-License-Identifier: GPL-2.0-or-later
"""z, then "Conflict by conflict": proposals for each conflict, choices that are saved at once, and
the patch that comes of them.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from patchpilot.commits.run import Watched, git, run
from patchpilot.errors import InputError
from patchpilot.model.progress import Progress
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage
from tests.kit.processes import has_ended
from tests.kit.walk import (
    asked,
    keys,
    running,
    said,
    settle,
    text_of,
    until,
    write_patches,
)

# real backports with conflicts, chosen one by one
pytestmark = pytest.mark.long

On = Callable[[Path], PatchpilotApp]
BRANCH = "refs/remotes/stable/linux-6.1.y"


async def to_conflicts(pilot: Pilot[int], app: PatchpilotApp) -> None:
    await settle(pilot)
    asked(app)
    await keys(pilot, Stage.BACKPORTS, "z")
    await until(pilot, lambda: "Conflict by conflict" in text_of(app), "the ways")
    await keys(pilot, "c")
    await until(
        pilot,
        lambda: "Proposals for stable/linux-6.1.y" in text_of(app),
        "the conflicts",
    )
    await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_conflict_its_proposals_and_what_the_selected_one_changes_are_shown(
    size: tuple[int, int], fixed: Path, walk_on: On
) -> None:
    app = walk_on(fixed)
    async with app.run_test(size=size) as pilot:
        await to_conflicts(pilot, app)
        text = text_of(app)
        assert "acme_mcp.c:57  1/1  nothing chosen" in text
        assert (
            text.index("[ ] adapted 0.")
            < text.index("[ ] prerequisite    with the part of d6600121f74b")
            < text.index("[ ] branch")
        )
        assert "base (before the fix)" in text
        assert "0 of 1 chosen" in text
        for key in ("e edit", "u undo", "w write patch", "Esc go back"):
            assert key in text
        assert "z resolve" not in text
        if size[0] == 80:
            await keys(pilot, "vertical_line")
        assert "rc = -EOPNOTSUPP;" in text_of(app)
        await keys(pilot, "j", "j")
        assert "no change: the branch's own lines are kept" in text_of(app)
        # the digits are the stages' own, and the conflicts are there again after another stage
        await keys(pilot, Stage.TAGS, Stage.BACKPORTS)
        assert "acme_mcp.c:57  1/1  nothing chosen" in text_of(app)
        await keys(pilot, "question_mark")
        assert "edit the selected proposal in your editor" in text_of(app)


async def test_choices_are_there_after_a_restart_and_u_takes_them_back(
    fixed: Path, walk_on: On
) -> None:
    app = walk_on(fixed)
    async with app.run_test(size=(120, 36)) as pilot:
        await to_conflicts(pilot, app)
        await keys(pilot, "w")
        assert said(app).startswith(
            "nothing is chosen yet for drivers/net/ethernet/acme/acme_mcp.c:57"
        )
        await keys(pilot, "j", "enter")
        assert "1 of 1 chosen" in text_of(app)
        assert (
            said(app)
            == "drivers/net/ethernet/acme/acme_mcp.c:57: prerequisite chosen; w writes the patch. u"
            " undoes it"
        )
        await keys(pilot, "escape")
        assert "z 1 of 1 chosen" in text_of(app)
    app = walk_on(fixed)
    async with running(app, (120, 36), asks=False) as pilot:
        await keys(pilot, Stage.BACKPORTS)
        assert "z 1 of 1 chosen" in text_of(app)
        await to_conflicts(pilot, app)
        assert "[✓] prerequisite" in text_of(app)
        await keys(pilot, "u")
        assert "[✓]" not in text_of(app)
        await keys(pilot, "u")
        assert said(app) == "nothing is chosen yet"
        await keys(pilot, "escape")
        assert "1 chosen" not in text_of(app)


async def test_a_branch_that_changed_makes_choices_stale_and_proposes_them(
    fixed: Path, walk_on: On
) -> None:
    app = walk_on(fixed)
    async with app.run_test(size=(120, 36)) as pilot:
        await to_conflicts(pilot, app)
        await keys(pilot, "j", "enter")
    tip = git(fixed, "rev-parse", BRANCH).text.strip()
    newer = git(
        fixed, "commit-tree", "-p", tip, "-m", "Linux 6.1.9", f"{tip}^{{tree}}"
    ).text.strip()
    git(fixed, "update-ref", BRANCH, newer)
    app = walk_on(fixed)
    async with running(app, (120, 36), asks=False) as pilot:
        await keys(pilot, Stage.BACKPORTS)
        assert "z stale choices" in text_of(app)
        await to_conflicts(pilot, app)
        assert (
            said(app)
            == f"the branch changed ({tip[:12]} is now {newer[:12]}) since you chose: the choices"
            " are proposals now"
        )
        assert "0 of 1 chosen" in text_of(app)
        assert (
            "[ ] prerequisite    previous choices: with the part of d6600121f74b"
            in text_of(app)
        )


async def test_a_fix_that_was_amended_meanwhile_is_read_again(
    fixed: Path, walk_on: On
) -> None:
    app = walk_on(fixed)
    async with app.run_test(size=(120, 36)) as pilot:
        await to_conflicts(pilot, app)
        await keys(pilot, "enter")
        assert "1 of 1 chosen" in text_of(app)
        before = git(fixed, "rev-parse", "HEAD").text.strip()
        git(
            fixed,
            "commit",
            "-q",
            "--amend",
            "-m",
            git(fixed, "log", "-1", "--format=%B").text + "\nCc: rita@example.org\n",
        )
        screen = app.stage_screen
        assert screen is not None
        screen.reread()
        await until(
            pilot,
            lambda: f"the fix changed ({before[:12]}" in said(app),
            "what changed",
        )
        await settle(pilot)
        assert "0 of 1 chosen" in text_of(app)
        assert "previous choices: the lines around the change differ" in text_of(app)


async def test_what_was_edited_is_written_with_its_note(
    fixed: Path, walk_on: On, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_EDITOR", "sed -i s/EOPNOTSUPP/ENOSYS/")
    app = walk_on(fixed)
    async with running(app, (120, 36)) as pilot:
        git(fixed, "update-ref", "refs/remotes/origin/master", "HEAD")
        await to_conflicts(pilot, app)
        await keys(pilot, "e")
        await until(
            pilot,
            lambda: "What did you change, and why?" in text_of(app),
            "the question for a note",
        )
        await keys(pilot, "ctrl+u")
        await pilot.press(*"old error code", "enter")
        await settle(pilot)
        assert "[✓] edited          old error code" in text_of(app)
        await keys(pilot, "w")
        await until(pilot, lambda: "Compile first" in text_of(app), "the question")
        assert "- drivers/net/ethernet/acme/acme_mcp.c:57: old error code" in text_of(
            app
        )
        await keys(pilot, "enter")
        file = await write_patches(pilot, app, tmp_path / "out")
    assert "+\t\trc = -ENOSYS;" in file.read_text()
    assert (
        ": drivers/net/ethernet/acme/acme_mcp.c:57: old error code ]"
        in file.read_text()
    )


async def test_esc_ends_a_compilation(
    fixed: Path, walk_on: On, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = tmp_path / "started"
    make = tmp_path / "bin" / "make"
    make.parent.mkdir()
    make.write_text(f"#!/bin/sh\necho $$ >{started}\nexec sleep 600\n")
    make.chmod(0o755)
    monkeypatch.setenv("PATH", f"{make.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(
        "patchpilot.services.backport.work_clone.may_compile", lambda *_: None
    )

    def compile_objects(
        _repository: object, clone: Path, _before: str, _after: str, progress: Progress
    ) -> None:
        doing = partial(progress, "compiling the objects")
        run(["make"], cwd=clone, timeout=Watched(600, doing))

    monkeypatch.setattr(
        "patchpilot.services.backport.work_clone.compile_objects", compile_objects
    )
    app = walk_on(fixed)
    async with app.run_test(size=(120, 36)) as pilot:
        await to_conflicts(pilot, app)
        await keys(pilot, "j", "enter", "w")
        await until(pilot, lambda: "Compile first" in text_of(app), "the question")
        await pilot.press("c")
        await until(
            pilot, lambda: started.exists() and started.read_text(), "the compilation"
        )
        await until(
            pilot,
            lambda: "compiling the objects" in text_of(app),
            "its progress",
        )
        await pilot.press("escape")
        assert has_ended(int(started.read_text()))
        await settle(pilot)
        assert "1 of 1 chosen" in text_of(app)


async def test_conflict_markers_are_not_chosen(
    fixed: Path, walk_on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_EDITOR", "sed -i '1i <<<<<<< mine'")
    app = walk_on(fixed)
    async with app.run_test(size=(120, 36)) as pilot:
        await to_conflicts(pilot, app)
        await keys(pilot, "e")
        assert said(app) == "the file still has conflict markers; nothing was chosen"
        assert "0 of 1 chosen" in text_of(app)
        screen = app.stage_screen
        assert screen is not None
        screen.show_error(InputError("no such compiler"))
        await keys(pilot, "escape")
        assert "no such compiler" not in text_of(app)
        assert "0 of 1 chosen" in text_of(app)
        await keys(pilot, "escape")
        assert "z resolve" in text_of(app)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the Backports stage.

Prerequisites can be selected, and conflicts are shown as a diff.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.commits.git_command import git
from patchpilot.tags import rank_culprits
from patchpilot.tracking import follow_series
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.backports_screen import BackportsScreen
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.choose import Reader
from tests.kit.mails import build_mail, build_mbox, build_reply, build_stable_queue_notice
from tests.kit.walk import current_screen, keys, running, settle, text_of, until, visible

pytestmark = pytest.mark.long


async def test_unknown_culprit_selects_no_prerequisite(
    app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_culprits, "SURE", 2)
    monkeypatch.setattr(rank_culprits, "LIKELY", 2)
    async with running(app, (120, 36), Stage.BACKPORTS) as pilot:
        assert "unknown introducing commit; press 4 to choose it" in text_of(app)
        assert "0/2 ticked" in text_of(app)
        await keys(pilot, "space", "space")
        assert "1/2 ticked" in text_of(app)


async def test_failed_fetch_stays_on_the_screen(
    fixed_clone: Path, open_app_on: Callable[[Path], PatchpilotApp]
) -> None:
    for remote in git(fixed_clone, "remote").text.split():
        git(fixed_clone, "remote", "set-url", remote, str(fixed_clone / "missing"))
    refs = git(fixed_clone, "for-each-ref", "--format=%(refname)", "refs/remotes/stable").text
    for ref in refs.split():
        git(fixed_clone, "update-ref", "-d", ref)
    app = open_app_on(fixed_clone)
    async with running(app, (120, 36), Stage.BACKPORTS, "g", "f") as pilot:
        await visible(pilot, "git fetch failed; the status uses what was fetched before")
        await settle(pilot)
        assert "run patchpilot setup stable --fetch in a shell to see why" in text_of(app)
        assert "nothing new" not in text_of(app)


async def test_conflict_is_explained_on_small_terminals(
    app: PatchpilotApp,
) -> None:
    async with running(app, (160, 50), Stage.BACKPORTS) as pilot:
        screen_text = text_of(app)
        # like the Tags stage, show the effect of the likely commit before the user confirms it
        assert "Stable branches, if 33248b1ba072 introduced the bug" in screen_text
        assert "5 of 6 branches need the fix, 1 with conflicts; press 4 to confirm" in screen_text
        assert app.session.stage_status(Stage.BACKPORTS).state is StageState.OFFERED
        assert "From the branch (-) to the fix (+)" in screen_text
        assert "acme_mcp.c:57 @@" in screen_text
        await keys(pilot, "enter")
        await pilot.resize_terminal(80, 24)
        await visible(pilot, "caused by")
        rows = [row.strip("│┃ ") for row in text_of(app).split("\n")]
        at = [
            next(at for at, row in enumerate(rows) if row.startswith(start))
            for start in ("why ", "next ", "@@ ", "-", "+", "caused by ")
        ]
        assert at == sorted(at)
        assert not any(row.endswith("…") for row in rows[:6])
        await keys(pilot, "escape")
        words = " ".join(text_of(app).replace("│", " ").split())
        for shown in (
            "why 33248b1ba072, which introduced the bug, is in the branch",
            "next wait for the merge: stable trees take only mainline commits",
            "5 of 6 branches need the fix, 1 with conflicts; press 4 to confirm",
        ):
            assert shown in words
        assert "w write patches" not in words


async def test_unselected_prerequisite_is_not_written(
    fixed_clone: Path,
    app: PatchpilotApp,
    open_app_on: Callable[[Path], PatchpilotApp],
    tmp_path: Path,
) -> None:
    tag = git(
        fixed_clone,
        "log",
        "-1",
        '--format=Fixes: %h ("%s")',
        "--grep=read the number of flash images at probe",
        "origin/master",
    ).text.strip()
    message = git(fixed_clone, "log", "-1", "--format=%B").text.strip()
    git(
        fixed_clone,
        "commit",
        "-q",
        "--amend",
        "-m",
        f"{message}\n\n{tag}\nSigned-off-by: Robin Newland <robin@example.net>",
    )
    async with running(app, (120, 36)) as pilot:
        git(fixed_clone, "update-ref", "refs/remotes/origin/master", "HEAD")
        await keys(pilot, Stage.BACKPORTS)
        assert "acme_mcp.c:" in text_of(app)
        assert "From the branch (-) to the fix (+)" in text_of(app)
        assert "1/1 ticked" in text_of(app)
        assert "w write 2 patches" in text_of(app)
        # the first Space moves from the matrix to the prerequisites
        await keys(pilot, "space", "space")
        await visible(pilot, "0/1 ticked")
        assert "w write 2 patches" not in text_of(app)
        assert "ACME_MSG_UNSUPPORTED" in text_of(app)
        assert "w write patches for " in text_of(app)
        await keys(pilot, "w")
        assert "Sign off the patches?" in text_of(app)
        await keys(pilot, "enter")
        assert "linux-6.1.y" not in text_of(app)
        await keys(pilot, "ctrl+u")
        await pilot.press(*str(tmp_path / "out"), "enter")
        await visible(pilot, "Patches written")
        assert "They have your Signed-off-by." in text_of(app)
        await keys(pilot, "escape")
        await keys(pilot, "g")
        assert "Enter shows how to send the patches" in text_of(app)
        assert "mark as sent" not in text_of(app), "nothing was written for the selected branch"
        current_screen(app, BackportsScreen).row_list.select_row("stable/linux-6.12.y")
        await keys(pilot, "enter")
        assert isinstance(app.screen, Reader)
        assert "send the patches" in text_of(app)
        assert "shows how to" not in text_of(app), "the page shows it"
        await keys(pilot, "escape", "m")
        assert "; wait for the stable maintainer" in text_of(app)
        await keys(pilot, "g")
        assert "Fetch from origin" in text_of(app)
        await keys(pilot, "escape")
        assert "m mark as not sent" in text_of(app)
        await keys(pilot, "m")
        assert "; wait for the stable maintainer" not in text_of(app)
    # the written patches are known when the topic is opened again
    git(fixed_clone, "update-ref", "refs/remotes/origin/master", "HEAD~")
    again = open_app_on(fixed_clone)
    async with running(again, (120, 36)) as pilot:
        git(fixed_clone, "update-ref", "refs/remotes/origin/master", "HEAD")
        await keys(pilot, Stage.BACKPORTS)
        assert "Enter shows how to send the patches" in text_of(again)
    for file in (tmp_path / "out").rglob("*.patch"):
        assert "\nSigned-off-by: Robin Newland" in file.read_text()
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "5.15",
        "6.12",
        "6.18",
        "6.6",
    ]


async def test_stage_is_outdated_once_a_backport_is_answered(
    fixed_clone: Path, open_app_on: Callable[[Path], PatchpilotApp], tmp_path: Path
) -> None:
    commit, subject = git(fixed_clone, "log", "-1", "--format=%H%n%s").text.splitlines()
    text = "This is wrong, please fix the error path and send a new version."
    review = build_reply(f"[PATCH 6.1.y] {subject}", text, reply_to="sent", minutes=10)

    def track_backport(*answers: bytes) -> None:
        """Store the messages about a backport, as `track` in a shell does."""
        body = f"commit {commit} upstream.\n\nSigned-off-by: Ada <ada@example.org>\n"
        diff = "---\ndiff --git a/w.c b/w.c\n--- a/w.c\n+++ b/w.c\n@@ -1 +1 @@\n-a\n+b\n"
        posted = build_mail(f"[PATCH 6.1.y] {subject}", body + diff, id="sent")
        file = tmp_path / "backport.mbox"
        file.write_bytes(build_mbox(posted, *answers))
        with Store() as store:
            follow_series.track_series_in_mbox(file, store=store)

    def is_stale(app: PatchpilotApp) -> bool:
        app.jobs.notice_changes()
        return app.session.stage_status(Stage.BACKPORTS).state is StageState.STALE

    app = open_app_on(fixed_clone)
    async with running(app, (120, 36)) as pilot:
        git(fixed_clone, "update-ref", "refs/remotes/origin/master", "HEAD")
        await keys(pilot, Stage.BACKPORTS, Stage.TAGS)
        app.jobs.notice_changes()
        await settle(pilot)
        assert not is_stale(app)
        track_backport()
        await until(pilot, lambda: is_stale(app))
        await keys(pilot, Stage.BACKPORTS)
        await visible(pilot, "backport sent")
        track_backport(review)
        # the stage is open, so it is read again
        await visible(pilot, "changes requested")
        await keys(pilot, Stage.TAGS)
    queued = build_stable_queue_notice(subject, commit, "6.1", reply_to="sent", minutes=20)
    track_backport(review, queued)
    git(fixed_clone, "update-ref", "refs/remotes/origin/master", "HEAD~")
    again = open_app_on(fixed_clone)
    async with running(again, (120, 36)) as pilot:
        assert again.session.stage_status(Stage.BACKPORTS).state is not StageState.UNOPENED
        await until(pilot, lambda: is_stale(again))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that Home asks with what the user starts.

The answer is a log, a commit, a branch or a bisection, and each leads to a screen.
"""

import re
from pathlib import Path

import pytest

from patchpilot.resources import state_path
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import create_app
from patchpilot.tui.screens.home_screen import HomeScreen
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.view.stages import Stage
from tests.finding.test_find_fix import FILE, FIXED, RING, TITLE, repo
from tests.kit.repos import Repo
from tests.kit.walk import keys, settle, text_of, until

pytestmark = pytest.mark.long
__all__ = ["repo"]
MESSAGE = "acme 0000:00:19.0: cannot fill the ring of queue 7"


@pytest.fixture
def app(repo: Repo, tmp_path: Path) -> PatchpilotApp:
    repo.git("checkout -q --detach origin/master")
    saved_state = SavedState(tmp_path / "state" / "walk.json")
    saved_state.save_values(theme="patchpilot-dark")
    return create_app(repo.path, memory=saved_state)


async def test_log_search_reaches_stable_kernels(
    app: PatchpilotApp,
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "What do you have?" in text_of(app), "question")
        await pilot.press("enter")
        await until(pilot, lambda: "File with the log" in text_of(app), "file")
        await pilot.press(*MESSAGE, "enter")
        await until(pilot, lambda: "Version or branch" in text_of(app), "version")
        await pilot.press(*"v9", "enter")
        await until(pilot, lambda: "no commit 'v9'" in text_of(app), "the error")
        await pilot.press("enter")
        await until(pilot, lambda: "Version or branch" in text_of(app), "version")
        await pilot.press(*"v6.1", "enter")
        await until(pilot, lambda: TITLE[:30] in text_of(app), "list")
        assert f"1  {TITLE}" in text_of(app)
        assert "%; first in v6.2" in text_of(app)
        await pilot.press("home", "enter")
        await until(pilot, lambda: app.stage is Stage.BACKPORTS, "stable kernels")
        assert app.session.target
        await settle(pilot)
        assert f"Stable branches, if {app.session.target[:12]} is the fix" in text_of(app)
        assert "r ask the stable team" in text_of(app)
        await keys(pilot, "r")
        await until(pilot, lambda: "On which stable release" in text_of(app), "the question")
        await pilot.press(*"6.1.9 by Tess Tester", "enter")
        await until(pilot, lambda: "Draft:" in text_of(app), "the request")
        (file,) = (state_path() / "requests").glob("*.txt")
        assert f'("{TITLE}") to 6.1' in file.read_text()
        assert "Tested on 6.1.9 by Tess Tester." in file.read_text()
        # the test counts, and the draft is the next step
        await pilot.press("escape")
        await settle(pilot)
        assert app.session.stage_status(Stage.BACKPORTS).note == (
            "the request is a draft; press 0 to send it"
        )
        screen_text = text_of(app)
        assert "Tess Tester tried it there (6.1.9)" in screen_text, screen_text
        assert "0 send the draft" in screen_text
        assert "not known whether" not in screen_text
        assert "press 4" not in screen_text
        await keys(pilot, "m")
        assert app.session.stage_status(Stage.BACKPORTS).note.startswith("request sent: ")


async def test_question_about_the_test_names_a_branch_of_the_request(
    app: PatchpilotApp, repo: Repo
) -> None:
    culprit = repo.git("rev-parse v6.1")[:12]
    repo.git("checkout -q --detach v6.1")
    fix = repo.commit(f'{TITLE}\n\nFixes: {culprit} ("Linux 6.1")\n', {FILE: FIXED})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.git("checkout -q --detach v6.1")
    conflicting = RING.replace("return page->id;", "return page->number;")
    repo.commit("Linux 5.15.1\n", {"Makefile": "VERSION = 5.15\n", FILE: conflicting})
    repo.git("update-ref refs/remotes/stable/linux-5.15.y HEAD")
    app = create_app(repo.path, fix, memory=app.memory)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await keys(pilot, Stage.BACKPORTS)
        await until(pilot, lambda: "linux-5.15.y" in text_of(app), "the conflict")
        await keys(pilot, "r")
        await until(pilot, lambda: "On which stable release" in text_of(app), "the question")
        text = " ".join(text_of(app).replace("│", " ").split())
        assert "--in stable/linux-6.1.y" in text
        assert "for example: 6.1 by Jane Doe" in text


async def test_missing_log_file_is_reported_before_the_version_is_asked(
    app: PatchpilotApp,
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "What do you have?" in text_of(app), "question")
        await pilot.press("enter")
        await until(pilot, lambda: "File with the log" in text_of(app), "file")
        await pilot.press(*"/nowhere/log.txt", "enter")
        await until(pilot, lambda: "no file '/nowhere/log.txt'" in text_of(app), "the error")
        assert "Version or branch" not in text_of(app)


async def test_uncommitted_edits_are_named(app: PatchpilotApp, repo: Repo) -> None:
    names = repo.git("ls-files").split()[:2]
    for name in names:
        (repo.path / name).write_text("int edited;\n")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "What do you have?" in text_of(app), "question")
        text = " ".join(text_of(app).replace("┃", " ").split())
        assert f"changes in {names[0]} and 1 more file are not committed: git commit -as" in text


async def test_main_branch_without_a_remote_is_not_a_topic(app: PatchpilotApp, repo: Repo) -> None:
    repo.git("checkout -q -B master")
    for ref in repo.git("for-each-ref --format=%(refname) refs/remotes").split():
        repo.git("update-ref -d", ref)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "What do you have?" in text_of(app), "question")
        assert "no commits on top" in str(app.session.errors[Stage.COMMIT])


async def test_keys_in_the_hint_of_find_save_a_report(app: PatchpilotApp, repo: Repo) -> None:
    output = repo.patchpilot("find acme_ring_start --in v6.1").out
    keys_in_hint = re.search(r"press (\w) on Home \(0\).*; (\w) fills", output)
    assert keys_in_hint, output
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What do you have?" in text_of(app), "question")
        await pilot.press("escape", keys_in_hint[1])
        await until(pilot, lambda: "What do you have?" in text_of(app), "question")
        await pilot.press("enter")
        await until(pilot, lambda: "File with the log" in text_of(app), "file")
        await pilot.press(*"brcm_queue_stop: timeout", "enter")
        await until(pilot, lambda: "Version or branch" in text_of(app), "version")
        await pilot.press(*"v6.1", "enter")
        await until(pilot, lambda: "No commit is likely" in text_of(app), "list")
        await pilot.press(keys_in_hint[2])
        await until(pilot, lambda: "Draft:" in text_of(app), "draft")
        (file,) = (state_path() / "reports").iterdir()
        content = file.read_text()
        assert "with v6.1 I get this:\n\n  brcm_queue_stop: timeout\n" in content
        assert "commits since v6.1" in content
        # back to the commits, with the cursor on the last choice
        await pilot.press("escape")
        await until(pilot, lambda: "No commit is likely" in text_of(app), "list")
        await pilot.press("enter")
        await until(pilot, lambda: "Draft:" in text_of(app), "draft")
        await pilot.press("escape", "escape")
        assert isinstance(app.screen, HomeScreen)


async def test_two_versions_list_what_introduced_the_bug(app: PatchpilotApp, repo: Repo) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What do you have?" in text_of(app), "question")
        await pilot.press("enter")
        await until(pilot, lambda: "File with the log" in text_of(app), "file")
        await pilot.press(*MESSAGE, "enter")
        await until(pilot, lambda: "Version or branch" in text_of(app), "version")
        await pilot.press(*"v6.1..v6.2", "enter")
        await until(pilot, lambda: "may have introduced the bug" in text_of(app), "list")
        assert "next, and search again with it" in text_of(app)
        await pilot.press("r")
        await until(pilot, lambda: "Draft:" in text_of(app), "draft")
        (file,) = (state_path() / "reports").iterdir()
        assert "#regzbot introduced: v6.1..v6.2" in file.read_text()


async def test_newer_version_that_works_lists_fixes(app: PatchpilotApp, repo: Repo) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What do you have?" in text_of(app), "question")
        await pilot.press("enter")
        await until(pilot, lambda: "File with the log" in text_of(app), "file")
        await pilot.press(*MESSAGE, "enter")
        await until(pilot, lambda: "Version or branch" in text_of(app), "version")
        await pilot.press(*"v6.2..v6.1", "enter")
        await until(pilot, lambda: TITLE[:30] in text_of(app), "list")
        assert "v6.1..v6.2, as v6.2 is newer" in text_of(app)
        assert "may have introduced" not in text_of(app)


async def test_bug_of_mainline_is_reported(app: PatchpilotApp, repo: Repo) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What do you have?" in text_of(app), "question")
        await pilot.press("enter")
        await until(pilot, lambda: "File with the log" in text_of(app), "file")
        await pilot.press(*MESSAGE, "enter")
        await until(pilot, lambda: "Version or branch" in text_of(app), "version")
        await pilot.press("enter")
        await until(pilot, lambda: "No commit fits" in text_of(app), "choice")
        assert "No search: HEAD has all commits of mainline" in text_of(app)
        assert "--" not in text_of(app)
        await pilot.press("r")
        await until(pilot, lambda: "Draft:" in text_of(app), "draft")
        (file,) = (state_path() / "reports").iterdir()
        assert "with FILL IN (the version; v6.2 was searched) I get this" in file.read_text()


async def test_commit_of_the_list_is_a_suspect_in_the_report(
    app: PatchpilotApp, repo: Repo
) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What do you have?" in text_of(app), "question")
        await pilot.press("enter")
        await until(pilot, lambda: "File with the log" in text_of(app), "file")
        await pilot.press(*MESSAGE, "enter")
        await until(pilot, lambda: "Version or branch" in text_of(app), "version")
        await pilot.press(*"v6.1..v6.2", "enter")
        await until(pilot, lambda: "may have introduced the bug" in text_of(app), "list")
        await pilot.press("1")
        await until(pilot, lambda: "No commit fits" in text_of(app), "later fixes")
        await pilot.press("r")
        await until(pilot, lambda: "Draft:" in text_of(app), "draft")
        (file,) = (state_path() / "reports").iterdir()
        content = file.read_text()
        assert f"with v6.2 I get this:\n\n  {MESSAGE}\n" in content
        assert "#regzbot introduced: v6.1..v6.2" in content
        assert "  I suspect " in content
        assert "by bisection" not in content


async def test_bisection_leads_to_the_fix(app: PatchpilotApp, repo: Repo) -> None:
    bad_commit = repo.git("rev-parse v6.1^{commit}")
    repo.commit(f'acme: fix it\n\nFixes: {bad_commit[:12]} ("Linux 6.1")\n', {"x.c": "x\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "What do you have?" in text_of(app), "question")
        await pilot.press("t")
        await until(pilot, lambda: "first bad commit:" in text_of(app), "file")
        await pilot.press(*bad_commit, "enter")
        await until(pilot, lambda: "acme: fix it" in text_of(app), "list")
        assert f"fixes {bad_commit[:12]}" in text_of(app)

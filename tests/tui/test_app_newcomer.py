# SPDX-License-Identifier: GPL-2.0-or-later
"""Test problems that prevented newcomers from continuing.

The stage that fixes the problem shows it until it is fixed.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.model.action import parse_backticks
from patchpilot.recipients.topic import edit_recipients
from patchpilot.tags.prepare_commits import PrepareRequest, prepare_commit_tags
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.choose import Choose, Confirm
from patchpilot.tui.widgets.lists import List
from tests.kit.walk import keys, last_message, running, settle, text_of, until

pytestmark = pytest.mark.long

On = Callable[[Path], PatchpilotApp]


@pytest.fixture
def signed_off_clone(fixed_clone: Path) -> Path:
    with Repository.open(fixed_clone) as repository:
        prepare_commit_tags(repository, PrepareRequest(signoff=True))
    return fixed_clone


async def test_undeliverable_recipient_is_removed(signed_off_clone: Path, open_app_on: On) -> None:
    app = open_app_on(signed_off_clone)
    async with running(app, (80, 24), Stage.RECIPIENTS, "w") as pilot:
        await pilot.press(*"foo@bar", "enter")
        await settle(pilot)
        assert "no dot" in text_of(app)
        await pilot.press("escape")
        edit_recipients(app.session.last_result(Stage.RECIPIENTS).planned, cc=["foo@bar"])
        app.session.mark_changed("edits")
        app.jobs.start_stage(Stage.RECIPIENTS)
        await settle(pilot)
        stands = app.session.stage_status(Stage.RECIPIENTS)
        assert stands.state is StageState.TODO
        assert "foo@bar" in stands.note
        await keys(pilot, Stage.PREVIEW)
        assert app.session.stage_status(Stage.PREVIEW).state is StageState.BLOCKED
        assert "hint: write the domain in full, or press o to switch the transport" in text_of(app)
        await keys(pilot, Stage.RECIPIENTS)
        people = app.screen.query_one("#people", List)
        people.highlighted = next(
            index
            for index in range(people.option_count)
            if "foo@bar" in str(people.get_option_at_index(index).prompt)
        )
        await keys(pilot, "space")
        assert app.session.stage_status(Stage.PREVIEW).state is not StageState.BLOCKED
        await keys(pilot, Stage.PREVIEW)
        assert app.session.stage_status(Stage.PREVIEW).state is StageState.TODO
        assert "hint: " not in text_of(app)


async def test_missing_mail_server_blocks_the_send(
    signed_off_clone: Path, open_app_on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: list[Path] = []
    monkeypatch.setattr("patchpilot.topic.edit_commits.run_mail_setup", run.append)
    git(signed_off_clone, "config", "--global", "--unset", "sendemail.smtpServer")
    app = open_app_on(signed_off_clone)
    async with running(app, (80, 24), Stage.PREVIEW, Stage.SEND) as pilot:
        assert app.session.stage_status(Stage.SEND).state is StageState.BLOCKED
        assert "press a to set up your mail account" in text_of(app)
        for key in ("s", "m"):
            await keys(pilot, key)
            assert not isinstance(app.screen, Choose | Confirm)
            assert run.pop()
        git(
            signed_off_clone,
            "config",
            "--global",
            "sendemail.smtpServer",
            "mail.example.org",
        )
        await keys(pilot, "g")
        assert app.session.stage_status(Stage.SEND).state is StageState.TODO


async def test_unchanged_edit_asks_nothing(fixed_clone: Path, app: PatchpilotApp) -> None:
    names = git(fixed_clone, "show", "--name-only", "--format=", "HEAD").text.split()
    (fixed_clone / "Makefile").write_text((fixed_clone / "Makefile").read_text() + "# mine\n")
    other_content = (fixed_clone / "Makefile").read_text()
    async with running(app, (80, 24)) as pilot:
        from patchpilot.tui.actions.editing import open_file

        git(fixed_clone, "config", "--global", "core.editor", "true")
        open_file(app.stage_screen, names[0], 1)  # type: ignore[arg-type]
        await settle(pilot)
        assert not isinstance(app.screen, Choose)
        script = fixed_clone.parent / "editor"
        script.write_text('#!/bin/sh\nshift\necho "/* more */" >>"$1"\n')
        script.chmod(0o755)
        git(fixed_clone, "config", "--global", "core.editor", str(script))
        open_file(app.stage_screen, names[0], 1)  # type: ignore[arg-type]
        await settle(pilot)
        assert isinstance(app.screen, Choose)
        assert names[0] in text_of(app)
        assert "Makefile" not in text_of(app)
        await keys(pilot, "enter")
        assert git(fixed_clone, "show", "--name-only", "--format=", "HEAD").text.split() == names
        assert "/* more */" in git(fixed_clone, "show", f"HEAD:{names[0]}").text
        assert (fixed_clone / "Makefile").read_text() == other_content
        assert (
            git(fixed_clone, "status", "--porcelain", "--untracked-files=no").text
            == " M Makefile\n"
        )


async def test_keys_replace_command_names(fixed_clone: Path, app: PatchpilotApp) -> None:
    fix = parse_backticks("`patchpilot fixes HEAD` finds the commit; or git blame")
    assert replace_commands(fix) == "stage 4 finds the commit; or git blame"
    git(fixed_clone, "branch", "-q", "-f", "nothing", "origin/master")
    git(fixed_clone, "switch", "-q", "nothing")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "What do you have?" in text_of(app), "the question")
        assert "name a commit" in (app.session.errors[Stage.RECIPIENTS].hint or "")
        await pilot.press("escape", "ctrl+c")
        await pilot.pause()
        assert "press q to quit" in last_message(app)
        assert "ctrl+q" not in last_message(app)


async def test_project_without_stable_series_skips_backports(
    fixed_clone: Path, app: PatchpilotApp
) -> None:
    for ref in git(
        fixed_clone, "for-each-ref", "--format=%(refname)", "refs/remotes/stable"
    ).text.split():
        git(fixed_clone, "update-ref", "-d", ref)
    git(fixed_clone, "config", "patchpilot.profile", "u-boot")
    async with running(app, (80, 24), Stage.BACKPORTS) as pilot:
        stands = app.session.stage_status(Stage.BACKPORTS)
        assert (stands.state, stands.note) == (
            StageState.NOTHING,
            "u-boot maintains no stable branches: nothing to backport",
        )
        assert app.session.next_stage is not Stage.BACKPORTS
        await keys(pilot, "enter", "a")
        git(fixed_clone, "config", "patchpilot.profile", "linux")
        await keys(pilot, "g")
        stands = app.session.stage_status(Stage.BACKPORTS)
        assert stands.state is StageState.TODO
        assert "setup stable --fetch" in text_of(app)

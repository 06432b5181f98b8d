# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the TUI asks before it runs a repository's command. It continues when the user trusts
the command.
"""

from pathlib import Path

from textual.widgets import Input

from patchpilot.commits.git_command import git
from patchpilot.tui.actions.editing import open_file
from patchpilot.tui.actions.fetch_action import fetch_remotes
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Choose, Confirm
from tests.kit.canaries import Canaries
from tests.kit.walk import keys, opened, running, text_of, until, visible


async def test_preview_requires_trust(
    fixed_clone: Path, app: PatchpilotApp, tmp_path: Path
) -> None:
    canaries = Canaries(tmp_path / "canaries")
    git(
        fixed_clone,
        "config",
        "sendemail.cccmd",
        canaries.command("cccmd", "echo boss@example.org"),
    )
    async with running(app, (120, 36), Stage.PREVIEW) as pilot:
        await opened(pilot, Confirm)
        assert "sendemail.cccmd (.git/config):" in text_of(app)
        await keys(pilot, "escape")
        assert not isinstance(app.screen, Confirm), "asked once"
        assert "Esc cancel" not in text_of(app), "Esc closes the card"
        assert "sendemail.cccmd" in text_of(app)
        assert canaries.executed_names == set()
        await pilot.press("g")
        await opened(pilot, Confirm)
        app.screen.query_one(Input).value = "trust"
        await pilot.press("enter")
        await visible(pilot, "boss@example.org")
        assert canaries.executed_names == {"cccmd"}


async def test_declined_build_leaves_the_checks_as_they_were(app: PatchpilotApp) -> None:
    async with running(app, (100, 30), Stage.CHECKS) as pilot:
        status = app.session.stage_status(Stage.CHECKS)
        await keys(pilot, "o")
        await pilot.press("b")
        await opened(pilot, Confirm)
        await keys(pilot, "escape")
        assert app.session.stage_status(Stage.CHECKS) == status
        assert "Esc c" not in text_of(app), "there is nothing to close or to cancel"
        await keys(pilot, "g")
        assert not isinstance(app.screen, Confirm), "the build was declined"


async def test_editor_and_fetch_require_trust(
    fixed_clone: Path, app: PatchpilotApp, tmp_path: Path
) -> None:
    canaries = Canaries(tmp_path / "canaries")
    names = git(fixed_clone, "show", "--name-only", "--format=", "HEAD").text.split()
    git(fixed_clone, "config", "core.editor", canaries.command("core.editor", "exit 0"))
    git(
        fixed_clone,
        "config",
        "remote.origin.url",
        f"ext::{canaries.command('ext', 'exit 1')}",
    )
    git(fixed_clone, "config", "protocol.ext.allow", "always")
    async with running(app, (120, 36)) as pilot:
        screen = app.stage_screen
        open_file(screen, names[0], 1)  # type: ignore[arg-type]
        await opened(pilot, Confirm)
        assert canaries.executed_names == set()
        app.screen.query_one(Input).value = "trust"
        await pilot.press("enter")
        await until(pilot, lambda: canaries.executed_names, "the editor")
        assert canaries.executed_names == {"core.editor"}
        fetch_remotes(screen)  # type: ignore[arg-type]
        await opened(pilot, Choose)
        await pilot.press("enter")
        await opened(pilot, Confirm)
        assert "remote.origin.url" in text_of(app)
        await keys(pilot, "escape")
        assert canaries.executed_names == {"core.editor"}

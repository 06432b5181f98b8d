# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the dialog for writing tags: typed and pasted text, and the tag of a link in the message."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Checkbox, Input

from patchpilot.commits.git_command import git
from patchpilot.tags.prepare_commits import PrepareRequest
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.write_tags_dialog import WriteTags
from patchpilot.tui.view.stages import Stage
from tests.kit.walk import keys, running, still, text_of, until, visible

On = Callable[[Path], PatchpilotApp]
REPORT = "https://bugs.example.org/7"


async def test_typed_and_pasted_text_goes_to_the_line_for_tags(app: PatchpilotApp) -> None:
    async with running(app, (120, 36), Stage.TAGS, "w") as pilot:
        assert not isinstance(app.focused, Input), "the sign-off is what is missing"
        await keys(pilot, *"wc")
        assert isinstance(app.screen, WriteTags)
        assert isinstance(app.focused, Input)
        assert app.focused.value == "wc"
        await keys(pilot, "up")
        assert (app.focused and app.focused.id) == "signoff"
        await keys(pilot, "down", "down", "down")
        assert (app.focused and app.focused.id) == "answers"
        await keys(pilot, "up", "up")
        assert isinstance(app.focused, Input)
        app.focused.value = ""
        app.screen.query("Tick").first().focus()
        app.screen.post_message(events.Paste(f"{REPORT}\nReported-by: Eve <eve@example.org>\n"))
        await visible(pilot, f"{REPORT} becomes Closes:")
        await visible(pilot, "{+Reported-by: Eve <eve@example.org>+}")
        await visible(pilot, f"{{+Closes: {REPORT}+}}")
        field = app.screen.query_one(Input)
        field.value = "Eve <eve@example.org>"
        await visible(pilot, "not possible: no tag before")


@pytest.mark.parametrize(("is_proposed", "doubt"), [(True, "it is old"), (False, "")])
async def test_tag_that_the_user_ticks_is_no_guess(
    app: PatchpilotApp, fixed_clone: Path, is_proposed: bool, doubt: str
) -> None:
    requests: list[PrepareRequest | None] = []
    async with running(app, (120, 36), Stage.TAGS) as pilot:
        commit = git(fixed_clone, "rev-parse", "HEAD~").text.strip()
        dialog = WriteTags(
            app.session,
            (commit,),
            "Fixes: x",
            is_proposed=is_proposed,
            doubt="it is old",
            signed=True,
        )
        app.push_screen(dialog, requests.append)
        await still(pilot)
        dialog.query_one("#fixes", Checkbox).value = True
        await visible(pilot, "the Fixes: tag is a guess: it is old")
        await keys(pilot, "ctrl+s")
        await until(pilot, lambda: bool(requests))
    assert requests[0]
    assert requests[0].doubt == doubt


@pytest.mark.long
async def test_link_in_the_message_proposes_its_tag(fixed_clone: Path, open_app_on: On) -> None:
    message = git(fixed_clone, "log", "-1", "--format=%B").text
    subject, _, body = message.partition("\n\n")
    text = f"{subject}\n\nSee {REPORT}.\n\n{body}"
    git(fixed_clone, "commit", "-q", "--amend", "-m", text)
    app = open_app_on(fixed_clone)
    async with running(app, (120, 36), Stage.TAGS, "w", "space", "ctrl+s") as pilot:
        await until(pilot, lambda: f"Closes: {REPORT}" in git(fixed_clone, "log", "-1").text)
        await keys(pilot, Stage.TAGS)
        await visible(pilot, "w add tags")
        assert REPORT in text_of(app)

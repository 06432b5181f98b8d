# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a message has a separate row and the right sign, and that a line can be copied."""

import pytest

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Reader
from tests.kit.walk import keys, running, settle, still, text_of, visible


async def test_message_has_its_own_row_and_y_copies_a_line(
    app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with running(app, (80, 24), Stage.CHECKS) as pilot:
        before = text_of(app).split("\n")
        app.notify("mind [this] \x1b[31m, it is shown as it is", severity="warning")
        await still(pilot)
        after = text_of(app).split("\n")
        assert after[-2].strip() == "! mind [this] \\x1b[31m, it is shown as it is"
        assert (after[:-2], after[-1]) == (before[:-2], before[-1])
        app.push_screen(Reader("A text", [f"  git am {number}" for number in range(9)]))
        await pilot.pause()
        await pilot.press("j", "j", "j", "y")
        await pilot.pause()
        assert "y copy command" in text_of(app)
        assert copied == ["git am 3"]
        await pilot.press("escape")
        await settle(pilot)


async def test_message_that_nothing_was_done_has_no_check_mark(app: PatchpilotApp) -> None:
    async with running(app, (80, 24), Stage.CHECKS) as pilot:
        await keys(pilot, "U")
        await visible(pilot, "· nothing to redo: no rewrite of these commits was undone")
        app.notify("notes are written")
        await still(pilot)
        assert text_of(app).split("\n")[-2].strip() == "✓ notes are written"

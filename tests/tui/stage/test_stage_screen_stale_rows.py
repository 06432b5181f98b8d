# SPDX-License-Identifier: GPL-2.0-or-later
"""Test keys that are pressed when a new result exists but is not displayed yet.

The cursor refers to the displayed rows, whatever a job has found since.
"""

from dataclasses import replace

import pytest

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.stages import Stage
from tests.kit.walk import current_screen, keys, running, settle, text_of

pytestmark = pytest.mark.long

FEWER = {
    Stage.TAGS: lambda result: replace(result, candidates=(), present=()),
    Stage.BACKPORTS: lambda result: replace(result, branches=()),
    Stage.PREVIEW: lambda result: replace(result, send=replace(result.send, entries=())),
}


async def test_pending_shorter_result_is_harmless(
    app: PatchpilotApp,
) -> None:
    async with running(app, (120, 36)) as pilot:
        for stage, fewer in FEWER.items():
            await keys(pilot, stage, "j")
            screen = current_screen(app, StageScreen)
            known = app.session.results[stage]
            app.session.results[stage] = known._replace(result=fewer(known.result))
            assert screen.current_result is None
            for key in ("j", "k", "G", "space", "x", "enter"):
                await pilot.press(key)
                await pilot.press("escape")
            await pilot.resize_terminal(100, 30)
            await pilot.resize_terminal(120, 36)
            await settle(pilot)
            assert app.screen is screen
        await keys(pilot, Stage.BACKPORTS)
        known = app.session.results[Stage.BACKPORTS]
        none = replace(known.result, branches=(), rules=("you answered that it is not a fix",))
        app.session.store_result(Stage.BACKPORTS, none, known.status)
        current_screen(app, StageScreen).show_new_result()
        for key in ("k", "up", "G", "pageup", "end"):
            await keys(pilot, key)
        assert "you answered that it is not a fix" in text_of(app)

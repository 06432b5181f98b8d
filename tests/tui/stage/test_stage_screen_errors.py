# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that errors stay on each stage's screen until they are settled, with their commands."""

import pytest

from patchpilot.errors import CancelledError, NetworkError
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.panel import Panel
from tests.kit.walk import keys, running, text_of

pytestmark = pytest.mark.long


async def test_error_of_an_action_stays_on_each_screen(app: PatchpilotApp) -> None:
    async with running(app, (80, 24)) as pilot:
        for stage in Stage:
            await keys(pilot, stage)
            screen = app.screen
            assert isinstance(screen, StageScreen)
            assert not screen.query_one("#error", Panel).display
            screen.show_error(NetworkError("the lookup failed", hint="run `git fetch` to see why"))
            other = Stage.COMMIT if stage is not Stage.COMMIT else Stage.CHECKS
            for pressed in (("question_mark", "escape"), ("down",), (other, stage)):
                await keys(pilot, *pressed)
                assert app.screen is screen
                text = " ".join(text_of(app).replace("│", " ").split())
                assert f"{glyph('blocked')} error" in text, (stage, pressed)
                assert "the lookup failed hint: run git fetch to see why" in text, (stage, pressed)
            await keys(pilot, "escape")
            assert "the lookup failed" not in text_of(app)


async def test_canceled_stage_is_not_blocked(app: PatchpilotApp) -> None:
    async with running(app, (80, 24)) as pilot:
        for stage in Stage:
            await keys(pilot, stage)
            app.jobs.finish_stage(stage, CancelledError("canceled; press g to refresh"))
            await pilot.pause()
            card = app.screen.query_one("#error", Panel)
            assert card.display
            assert "canceled" in card.heading
            assert glyph("blocked") not in card.heading
            assert app.session.stage_status(stage).state is StageState.UNOPENED

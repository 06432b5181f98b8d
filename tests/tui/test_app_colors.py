# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that NO_COLOR is respected."""

from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage
from tests.kit.walk import running

On = Callable[[Path], PatchpilotApp]


@pytest.mark.parametrize(("value", "coloured"), [("1", False), ("", True), (None, True)])
async def test_no_color_is_respected(
    fixed_clone: Path,
    open_app_on: On,
    monkeypatch: pytest.MonkeyPatch,
    value: str | None,
    coloured: bool,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    app = open_app_on(fixed_clone)
    async with running(app, (80, 24), Stage.RECIPIENTS):
        styles = [
            segment.style
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style
        ]
        assert any(style.color or style.bgcolor for style in styles) is coloured
        # even without colors, the row under the cursor must look different
        assert coloured or any(style.reverse for style in styles)

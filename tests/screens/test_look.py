# SPDX-License-Identifier: GPL-2.0-or-later
"""Test texts and their positions. Also test the appearance without colors."""

from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.backports.result import BackportResult
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.backports_rows import (
    BranchTexts,
)
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Reader
from tests.kit.walk import running, settle, still, text_of
from tests.screens.test_backports import make_branch_result

On = Callable[[Path], PatchpilotApp]


def test_search_result_is_shown_for_conflicts() -> None:
    result = BackportResult(None, "x", culprits=("5" * 40,), upstream=True)
    texts = BranchTexts(result, {}, "", is_tagged=False)
    for verdict, search, arguments in (
        (BranchVerdict.CONFLICT, "none", "adapt it manually"),
        (BranchVerdict.CONFLICT, "gave-up", "timed out"),
        (BranchVerdict.FIXED, "none", ""),
        (BranchVerdict.NOT_AFFECTED, "none", ""),
    ):
        known = dict(texts.branch_facts(make_branch_result(verdict, search=search)))
        assert arguments in known.get("search", ""), verdict
        assert ("search" in known) is bool(arguments)


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

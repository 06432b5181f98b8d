# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the stage bar fits every width."""

import pytest

from patchpilot.model.printable import width
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.stage_line import fit_stage_cells
from patchpilot.tui.view.stages import Stage, StageState, StageStatus


def make_status(stage: Stage) -> StageStatus:
    """Return a state for each stage. Two stages have a count."""
    counts = {Stage.CHECKS: "3", Stage.BACKPORTS: "5/6"}
    return StageStatus(
        list(StageState)[stage.number % len(StageState)], count=counts.get(stage, "")
    )


@pytest.mark.parametrize("ascii_only", ["0", "1"])
@pytest.mark.parametrize("current", Stage)
def test_stage_bar_fits_every_width(
    current: Stage, ascii_only: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHPILOT_ASCII", ascii_only)
    for wide in range(44, 200):
        cells = fit_stage_cells(make_status, current, wide)
        line = " " + "".join(cell.text + cell.gap for cell in cells)
        assert width(line) <= wide
        assert all(str(cell.stage.number) in cell.text for cell in cells)
        for cell in cells if wide >= 80 else ():
            sign = glyph(cell.state.sign)
            assert cell.text.startswith(sign)
            name = cell.text.removeprefix(sign).removeprefix(" ")
            assert name.startswith(f"{cell.stage.number} {cell.stage.label}")
            assert not cell.gap or (cell.gap[0] == cell.gap[-1] == " ")
        assert current.label in line
    assert line.isascii() is (ascii_only == "1")
    assert "5/6" in line

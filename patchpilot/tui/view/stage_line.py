# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the stage bar as text, fitted to a width.

Textual is not needed, because the first frame is drawn before Textual is imported.
"""

from collections.abc import Callable
from typing import NamedTuple

from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.stages import Stage, StageState, StageStatus


class StageCell(NamedTuple):
    """A stage in the stage bar.

    `text` contains the glyph, number, name and count; `gap` is the line that joins it to the next
    stage.
    """

    stage: Stage
    state: StageState
    text: str
    gap: str


def stage_cells(
    status: Callable[[Stage], StageStatus], current: Stage, wide: int
) -> list[StageCell]:
    """Return the cells of all stages, in at most `wide` columns if possible.

    If space is short, these are removed in order: the joining lines, the wide gaps, the counts, the
    space after the signs (two columns each in ASCII), and the names of other stages.
    """
    known = {stage: status(stage) for stage in Stage}
    join = glyph("join")
    cells: list[StageCell] = []
    for only, gap, space, counted in (
        (None, f" {join}{join} ", " ", True),
        (None, f" {join} ", " ", True),
        (None, "  ", " ", True),
        (None, " ", " ", True),
        (None, " ", " ", False),
        (None, " ", "", False),
        (current, " ", " ", False),
        (current, " ", "", False),
    ):
        cells = [
            StageCell(stage, one.state, _text(stage, one, only, space, counted), gap)
            for stage, one in known.items()
        ]
        if 1 + sum(len(cell.text) + len(gap) for cell in cells) - len(gap) <= wide:
            break
    cells[-1] = cells[-1]._replace(gap="")
    return cells


def _text(
    stage: Stage, status: StageStatus, only: Stage | None, space: str, counted: bool
) -> str:
    label = f"{stage.number} {stage.label}" if only in (None, stage) else stage.number
    count = f" {status.count}" if counted and status.count else ""
    return f"{glyph(status.state.sign)}{space}{label}{count}"

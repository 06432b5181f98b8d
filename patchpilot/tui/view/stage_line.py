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


def fit_stage_cells(
    status: Callable[[Stage], StageStatus], current: Stage, columns: int
) -> list[StageCell]:
    """Return the cells of all stages, in at most this number of columns if possible.

    If space is short, parts are removed in this order: the joining lines, the wide gaps, the
    counts, the space after the signs (which take two columns in ASCII), and the names of other
    stages.
    """
    statuses = {stage: status(stage) for stage in Stage}
    joint = glyph("join")
    cells = []
    for named_stage, gap, space, has_count in (
        (None, f" {joint}{joint} ", " ", True),
        (None, f" {joint} ", " ", True),
        (None, "  ", " ", True),
        (None, " ", " ", True),
        (None, " ", " ", False),
        (None, " ", "", False),
        (current, " ", " ", False),
        (current, " ", "", False),
    ):
        cells = [
            StageCell(
                stage,
                stage_status.state,
                _cell_text(stage, stage_status, named_stage, space, has_count),
                gap,
            )
            for stage, stage_status in statuses.items()
        ]
        if 1 + sum(len(cell.text) + len(gap) for cell in cells) - len(gap) <= columns:
            break
    cells[-1] = cells[-1]._replace(gap="")
    return cells


def _cell_text(
    stage: Stage,
    status: StageStatus,
    named_stage: Stage | None,
    space: str,
    has_count: bool,
) -> str:
    label = f"{stage.number} {stage.label}" if named_stage in (None, stage) else stage.number
    count = f" {status.count}" if has_count and status.count else ""
    return f"{glyph(status.state.sign)}{space}{label}{count}"

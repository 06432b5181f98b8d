# SPDX-License-Identifier: GPL-2.0-or-later
"""The stage bar as text, fitted to a width.

It does not need Textual, because the first frame is drawn before Textual is imported.
"""

from collections.abc import Callable
from typing import NamedTuple

from patchpilot.tui.view.glyphs import OF_STATE, glyph
from patchpilot.tui.view.stages import Stage, StageState, StageStatus

SHORT = {Stage.RECIPIENTS: "To/Cc", Stage.BACKPORTS: "LTS", Stage.PREVIEW: "Mail"}
"""Names for a narrow terminal."""
SHORTEST = {
    Stage.CHECKS: "Lint",
    Stage.RECIPIENTS: "To",
    Stage.TAGS: "Tag",
    Stage.BACKPORTS: "LTS",
    Stage.PREVIEW: "Mail",
}
"""Names with which all stages fit into 80 columns also if every sign takes two, as in ASCII."""


class StageCell(NamedTuple):
    """A stage in the stage bar.

    `text` has its glyph, number, name and count; `gap` is the joint to the next stage.
    """

    stage: Stage
    state: StageState
    text: str
    gap: str


def stage_cells(
    status: Callable[[Stage], StageStatus], current: Stage, wide: int
) -> list[StageCell]:
    """Return the cells of all stages, in at most `wide` columns if possible.

    If space is short, these are removed in order: the joints, the long names, the wide gaps,
    the counts, and the names of other stages. From 80 columns on, every stage has its name, and
    one space on each side of its number; below 48, the space after the glyphs is removed too.
    """
    known = {stage: status(stage) for stage in Stage}
    join = glyph("join")
    long = {stage: stage.label for stage in Stage}
    short = long | SHORT
    shortest = long | SHORTEST
    only = dict.fromkeys(Stage, "") | {current: short[current]}
    cells: list[StageCell] = []
    for names, gap, space, counted in (
        (long, f" {join}{join} ", " ", True),
        (long, f" {join} ", " ", True),
        (long, "  ", " ", True),
        (short, f" {join} ", " ", True),
        (short, "  ", " ", True),
        (short, " ", " ", True),
        (short, " ", " ", False),
        (shortest, " ", " ", False),
        (only, " ", " ", False),
        (only, " ", "", False),
    ):
        cells = _cells(known, names, gap, space, counted=counted)
        if _width(cells) <= wide:
            break
    return cells


def _cells(
    known: dict[Stage, StageStatus],
    names: dict[Stage, str],
    gap: str,
    space: str,
    *,
    counted: bool,
) -> list[StageCell]:
    cells = []
    for stage, status in known.items():
        label = f"{stage.number} {names[stage]}" if names[stage] else str(stage.number)
        count = f" {status.count}" if counted and status.count else ""
        last = stage is list(Stage)[-1]
        cells.append(
            StageCell(
                stage,
                status.state,
                f"{glyph(OF_STATE[status.state])}{space}{label}{count}",
                "" if last else gap,
            )
        )
    return cells


def _width(cells: list[StageCell]) -> int:
    return 1 + sum(len(cell.text) + len(cell.gap) for cell in cells)

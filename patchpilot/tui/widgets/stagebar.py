# SPDX-License-Identifier: GPL-2.0-or-later
"""Show the stage bar: all stages with their states, connected on one line."""

from rich.text import Text
from textual.widget import Widget

from patchpilot.tui.view.session import Session
from patchpilot.tui.view.stage_line import fit_stage_cells
from patchpilot.tui.view.stages import STYLES, Stage


class StageBar(Widget):
    """The stage bar, for example `✓ 1 Commit ── ● 2 Checks 3`.

    Clicking a stage or pressing its number goes to it. On a narrow terminal, names are shortened
    and then dropped.
    """

    # disable Textual's link style, because the keys have another style
    auto_links = False
    DEFAULT_CSS = "StageBar { height: 1; background: $panel; }"

    def __init__(self, session: Session, current: Stage) -> None:
        super().__init__()
        self.session, self.current = session, current

    def render(self) -> Text:
        """Draw the line, with the first unfinished stage in bold and the current one reversed."""
        line, next_stage = Text(" ", no_wrap=True), self.session.next_stage
        for cell in fit_stage_cells(self.session.stage_status, self.current, self.size.width):
            emphasis = (
                "bold reverse"
                if cell.stage is self.current
                else "bold"
                if cell.stage is next_stage
                else ""
            )
            text = Text(cell.text, f"{STYLES[cell.state]} {emphasis}".strip())
            text.apply_meta({"@click": f"app.stage('{cell.stage}')"})
            line.append(text).append(cell.gap, style="dim")
        return line

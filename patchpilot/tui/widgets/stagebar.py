# SPDX-License-Identifier: GPL-2.0-or-later
"""The stage bar: all stages with their states, connected on one line."""

from rich.text import Text
from textual.events import Click
from textual.widget import Widget

from patchpilot.tui.view.session import Session
from patchpilot.tui.view.stage_line import StageCell, stage_cells
from patchpilot.tui.view.stages import STYLES, Stage


class StageBar(Widget):
    """The stage bar, for example `✓ 1 Commit ── ● 2 Checks 3`.

    A click on a stage goes to it, as does pressing its number. On a narrow terminal, names are
    shortened and then dropped.
    """

    DEFAULT_CSS = "StageBar { height: 1; background: $panel; }"

    def __init__(self, session: Session, current: Stage) -> None:
        super().__init__()
        self.session, self.current = session, current

    def _cells(self) -> list[StageCell]:
        return stage_cells(self.session.status, self.current, self.size.width)

    def render(self) -> Text:
        """Return the line, with the first unfinished stage in bold and the current one reversed."""
        line, following = Text(" ", no_wrap=True), self.session.next_stage
        for cell in self._cells():
            emphasis = (
                "bold reverse"
                if cell.stage is self.current
                else "bold"
                if cell.stage is following
                else ""
            )
            line.append(cell.text, style=f"{STYLES[cell.state]} {emphasis}".strip())
            line.append(cell.gap, style="dim")
        return line

    async def on_click(self, event: Click) -> None:
        at = 1
        for cell in self._cells():
            at += len(cell.text) + len(cell.gap)
            if event.x < at:
                await self.run_action(f"app.stage('{cell.stage}')")
                return

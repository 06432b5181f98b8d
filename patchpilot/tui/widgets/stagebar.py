# SPDX-License-Identifier: GPL-2.0-or-later
"""The bar that says where you stand: eight numbered stages, each with its state as a word."""

from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

from patchpilot.tui.session import Session
from patchpilot.tui.stages import Stage, State, columns

STYLES = {State.DONE: "green", State.TODO: "", State.BLOCKED: "bold red", State.BUSY: "cyan", State.STALE: "yellow"}


class StageBar(Widget):
    """Two lines, 78 columns: `1 commit` over `done`. A click jumps, as the number does."""

    DEFAULT_CSS = "StageBar { height: 2; dock: top; background: $panel; }"

    class Jump(Message):
        """The stage that was clicked."""

        def __init__(self, stage: Stage) -> None:
            super().__init__()
            self.stage = stage

    def __init__(self, session: Session, current: Stage) -> None:
        super().__init__()
        self.session, self.current = session, current

    def render(self) -> Text:
        """The two lines."""
        names, states = Text(), Text()
        for stage in Stage:
            label = f"{stage.number} {stage}"
            standing = self.session.standing(stage)
            wide = columns(stage)
            names.append(label, style="reverse bold" if stage is self.current else "bold")
            names.append(" " * (wide - len(label)))
            states.append(str(standing.state).ljust(wide), style=STYLES[standing.state])
        return names + Text("\n") + states

    def on_click(self, event: Click) -> None:
        """Find the stage under the pointer."""
        at = 0
        for stage in Stage:
            at += columns(stage)
            if event.x < at:
                self.post_message(self.Jump(stage))
                return

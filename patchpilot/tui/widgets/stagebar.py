# SPDX-License-Identifier: GPL-2.0-or-later
"""The stage bar: the numbered stages, each with its state as a word."""

from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

from patchpilot.tui.session import Session
from patchpilot.tui.stages import Stage, StageState, columns

STYLES = {
    StageState.DONE: "green",
    StageState.TODO: "",
    StageState.BLOCKED: "bold red",
    StageState.BUSY: "cyan",
    StageState.STALE: "yellow",
    StageState.WAITING: "cyan",
}


class StageBar(Widget):
    """Two lines, 78 columns: `1 commit` above `done`. A click goes to the stage, as its number does.

    On a narrower terminal: the numbers, the name of the current stage, and below them the stages that are not done.
    """

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
        names, states = Text(no_wrap=True), Text(no_wrap=True)
        for stage, label, wide in self._labels():
            names.append(label, style="reverse bold" if stage is self.current else "bold")
            names.append(" " * (wide - len(label)))
            if not self._is_narrow:
                state = self.session.status(stage).state
                states.append(str(state).ljust(wide), style=STYLES[state])
        return names + Text("\n") + (self._open() if self._is_narrow else states)

    @property
    def _is_narrow(self) -> bool:
        return 0 < self.size.width < sum(columns(stage) for stage in Stage) - 1

    def _labels(self) -> list[tuple[Stage, str, int]]:
        """Each stage, the text of its state, and the columns it takes."""
        if not self._is_narrow:
            return [(stage, f"{stage.number} {stage}", columns(stage)) for stage in Stage]
        labels = [(stage, f"{stage.number} {stage}" if stage is self.current else str(stage.number)) for stage in Stage]
        return [(stage, label, len(label) + 1) for stage, label in labels]

    def _open(self) -> Text:
        """The stages that are not done, by number, each state once."""
        open_stages: dict[StageState, list[str]] = {}
        for stage in Stage:
            open_stages.setdefault(self.session.status(stage).state, []).append(str(stage.number))
        open_stages.pop(StageState.DONE, None)
        text = Text("  ", no_wrap=True).join(Text(f"{state}: {' '.join(numbers)}", STYLES[state]) for state, numbers in open_stages.items())
        return text if open_stages else Text("all done", STYLES[StageState.DONE])

    def on_click(self, event: Click) -> None:
        """Find the stage under the pointer."""
        at = 0
        for stage, _, wide in self._labels():
            at += wide
            if event.x < at:
                self.post_message(self.Jump(stage))
                return

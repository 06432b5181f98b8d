# SPDX-License-Identifier: GPL-2.0-or-later
"""The walk's application: eight screens, and the keys that lead from one to the next."""

from collections.abc import Mapping
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.timer import Timer

from patchpilot.tui.screens.base import StageScreen
from patchpilot.tui.session import Session
from patchpilot.tui.stages import Stage
from patchpilot.tui.widgets.stagebar import StageBar

MINIMUM = (60, 16)


class Walk(App[int]):
    """The walk. `screens` are the stages' screen classes; each gets the session."""

    TITLE = "patchpilot"
    CSS_PATH = "patchpilot.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(stage.number), f"stage('{stage}')", str(stage), show=False) for stage in Stage),
        Binding("n,right_parenthesis", "step(1)", "next stage", key_display="n"),
        Binding("p", "step(-1)", "last stage"),
        Binding("question_mark", "show_help_panel", "keys", key_display="?"),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, session: Session, screens: Mapping[Stage, type[StageScreen]]) -> None:
        super().__init__()
        self.session = session
        self._screens = {stage: made(session) for stage, made in screens.items()}
        self._poll: Timer | None = None

    def on_mount(self) -> None:
        """Open the first stage."""
        for stage, screen in self._screens.items():
            self.install_screen(screen, str(stage))
        self.push_screen(str(Stage.COMMIT))

    @property
    def stage(self) -> Stage:
        """The stage on screen."""
        return self.screen.stage if isinstance(self.screen, StageScreen) else Stage.COMMIT

    def action_stage(self, name: str) -> None:
        """Jump to a stage."""
        if isinstance(self.screen, StageScreen) and self.screen.stage != name:
            self.switch_screen(name)

    def action_step(self, by: int) -> None:
        """Forward or back."""
        stages = list(Stage)
        at = stages.index(self.stage) + by
        if 0 <= at < len(stages):
            self.action_stage(str(stages[at]))

    def on_stage_bar_jump(self, message: StageBar.Jump) -> None:
        """A click on the bar."""
        self.action_stage(str(message.stage))

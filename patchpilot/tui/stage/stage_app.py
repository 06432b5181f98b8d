# SPDX-License-Identifier: GPL-2.0-or-later
"""The interface of the application for screens and jobs, which need not import it."""

from typing import TYPE_CHECKING, Protocol

from textual.app import App

from patchpilot.tui.view.stages import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from patchpilot.errors import PatchpilotError
    from patchpilot.tui.stage.saved_state import SavedState
    from patchpilot.tui.view.session import Session
    from patchpilot.tui.widgets.panel import Panel


class JobControl(Protocol):
    """The interface of the stages' jobs; a screen starts and stops its own."""

    is_open: bool

    def begin(self, stage: Stage, *, visited: bool = True, again: bool = False) -> None:
        """Start a stage's job."""

    def cancel(self, stage: Stage) -> None:
        """Stop a stage's job."""

    def ended(self, stage: Stage) -> None:
        """A stage's work ended: start the job that waited for it."""

    def refresh_stale(self) -> None:
        """Run the quick stages again that a change made stale."""

    def read_topic(self) -> None:
        """Read the topic again."""


class ShownStage(Protocol):
    """The interface of the current stage's screen, as used by jobs."""

    @property
    def stage(self) -> Stage:
        """Its stage."""

    @property
    def main_panel(self) -> "Panel | None":
        """The panel that shows the stage's note."""

    def renew(self) -> None:
        """Show the latest result."""

    def place(self) -> None:
        """Draw the title line, the stage bar and the stage's note again."""

    def show_error(self, error: "PatchpilotError") -> None:
        """Show an error as a card."""

    def close_error(self) -> None:
        """Close the error card."""


class StageApp(App[int]):
    """The interface of the application as used by its parts.

    `place` is the key of the topic's saved state.
    """

    session: "Session"
    memory: "SavedState"
    jobs: JobControl
    place: str
    sending: bool

    @property
    def stage_screen(self) -> ShownStage | None:
        """The stage's screen, also below a dialog."""
        raise NotImplementedError

    @property
    def stage(self) -> Stage:
        """The stage on screen."""
        raise NotImplementedError

    def action_stage(self, name: str) -> None:
        """Jump to a stage."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw the title line, the stage bar and the stage's note again."""
        raise NotImplementedError

    def report(self, error: "PatchpilotError") -> None:
        """Show an error that the user can fix."""
        raise NotImplementedError

    def without_topic(self, error: "PatchpilotError") -> None:
        """There is no topic to open: show all topics instead, where there are some."""
        raise NotImplementedError

    def open_topic(
        self,
        directory: "Path | None",
        stage: Stage,
        *,
        target: str | None = None,
        series: int = 0,
    ) -> None:
        """Open another topic at a stage: that of a directory, or the TARGET there.

        At Follow with this series shown.
        """
        raise NotImplementedError

    def go_back(self, stage: Stage | None = None) -> None:
        """Leave Home for the topic that is open, at this stage or where it was left."""
        raise NotImplementedError

    def arrived(self, place: str) -> None:
        """The topic was read: restore its saved state."""
        raise NotImplementedError

    def remember(self) -> None:
        """Save the states of the stages for the next start."""
        raise NotImplementedError

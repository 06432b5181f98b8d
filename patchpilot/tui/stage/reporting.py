# SPDX-License-Identifier: GPL-2.0-or-later
"""Show errors that the user can fix instead of exiting, whether a key, an event or a dialog's
answer caused them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from textual.events import Event
from textual.message_pump import MessagePump

from patchpilot.errors import PatchpilotError


class ReportsErrors(MessagePump):
    """A mixin that shows PatchpilotErrors, because Textual exits on any exception."""

    @property
    def tui(self) -> Any:
        return self.app

    @contextmanager
    def report_exceptions(self) -> Iterator[None]:
        """Report exceptions raised within the context; a bug ends the application."""
        try:
            yield
        except PatchpilotError as error:
            self.tui.report_error(error)
        except Exception as error:
            if self.tui.is_headless:
                raise
            self.tui.bug = self.tui.bug or error
            self.tui.exit()

    async def on_event(self, event: Event) -> None:
        with self.report_exceptions():
            await super().on_event(event)

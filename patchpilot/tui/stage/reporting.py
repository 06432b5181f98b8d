# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows errors that the user can fix instead of exiting.

These are errors raised while a key or a message is handled.
"""

from typing import TYPE_CHECKING, cast

from textual.message import Message
from textual.message_pump import MessagePump

from patchpilot.errors import PatchpilotError

if TYPE_CHECKING:
    from patchpilot.tui.stage.stage_app import StageApp


class ReportsErrors(MessagePump):
    """A mixin that shows a PatchpilotError instead of ending the application.

    Textual ends the application on any exception.
    """

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except PatchpilotError as error:
            cast("StageApp", self.app).report(error)

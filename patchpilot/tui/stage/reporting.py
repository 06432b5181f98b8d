# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors that the user can fix, raised where a key or a message is handled: they are shown, and the
TUI goes on.
"""

from typing import TYPE_CHECKING, cast

from textual.message import Message
from textual.message_pump import MessagePump

from patchpilot.errors import PatchpilotError

if TYPE_CHECKING:
    from patchpilot.tui.stage.stage_app import StageApp


class ReportsErrors(MessagePump):
    """Shows such an error instead of ending the application, as Textual does for any exception."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except PatchpilotError as error:
            cast("StageApp", self.app).report(error)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends the messages in a thread, which posts each step to the screen."""

from typing import TYPE_CHECKING, Any

from textual.message import Message

from patchpilot.errors import PatchpilotError
from patchpilot.tui.stage.job_errors import as_error

if TYPE_CHECKING:
    from patchpilot.services.send.after_send import SendReport
    from patchpilot.services.send.sending import Sending
    from patchpilot.tui.screens.send_base import SendBase


class MailStep(Message):
    """A step in sending a message: its index, its state, and the server's reply.

    Without an index it is a line of progress.
    """

    def __init__(self, place: int | None, state: str, detail: str) -> None:
        super().__init__()
        self.place, self.state, self.detail = place, state, detail


class SendEnded(Message):
    """Posted when sending ends, with the result and its report, or an error."""

    def __init__(
        self,
        sending: "Sending | None" = None,
        report: "SendReport | None" = None,
        error: PatchpilotError | None = None,
    ) -> None:
        super().__init__()
        self.sending, self.report, self.error = sending, report, error


def deliver_mails(screen: "SendBase", planned: "Sending", *, terminal: bool) -> None:
    """Send the messages in a thread, posting each step to the screen.

    With `terminal`, for when git asks for a password, they are sent in the foreground on the
    terminal.
    """
    from patchpilot.services.send.after_send import send_report
    from patchpilot.services.send.send_mails import deliver

    def progress(what: str, done: int = 0, total: int | None = None) -> None:
        line = f"{done}/{total} {what}" if total else what
        if terminal:
            print(line)
        elif not total:
            screen.post_message(MailStep(None, "", line))

    def on_mail(place: int, outcome: Any) -> None:
        screen.post_message(MailStep(place, str(outcome.state), outcome.detail))

    try:
        with screen.session.repository() as repository:
            sent = deliver(
                repository,
                planned,
                terminal=terminal,
                stopping=lambda: screen.is_stopping,
                progress=progress,
                on_mail=on_mail,
            )
            report = send_report(repository, sent)
    # shown in the card; the outbox records what was sent
    except BaseException as error:  # noqa: BLE001
        screen.post_message(SendEnded(error=as_error(error)))
    else:
        screen.post_message(SendEnded(sent, report))

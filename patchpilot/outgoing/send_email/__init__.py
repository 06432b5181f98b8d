# SPDX-License-Identifier: GPL-2.0-or-later
"""The transport git send-email."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patchpilot.outgoing.transport import Transport

NAME = "git-send-email"


def transport() -> "Transport":
    """The transport."""
    from patchpilot.outgoing.send_email.send_email_transport import SendEmailTransport

    return SendEmailTransport()

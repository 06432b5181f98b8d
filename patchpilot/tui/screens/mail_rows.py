# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows that Preview and Send share.

They show the size of a message, its recipients, and the results of the pre-send checks.
"""

from typing import TYPE_CHECKING

from patchpilot.model.counted import counted

if TYPE_CHECKING:
    from patchpilot.model.message import Message
    from patchpilot.model.send_problem import CheckLine
    from patchpilot.services.send.sending import Sending

CHECK_SIGNS = {
    "problem": ("blocked", "bold red"),
    "overridden": ("warning", "yellow"),
    "note": ("warning", "yellow"),
    "ok": ("done", "green"),
}
"""State of a check → its glyph and its color."""
NO_SERVER = "no-server"
"""The check whose help are commands for the sender's mail provider."""


def mail_size(mail: "Message") -> str:
    """Return the size of a message and the number of its recipients, as text."""
    return f"{kilobytes(mail)}, {counted(len(mail.recipients), 'recipient')}"


def kilobytes(mail: "Message") -> str:
    """Return the size of a message in kB, as text."""
    return f"{len(mail.raw) / 1024:.1f} kB"


def is_blocking(check: "CheckLine") -> bool:
    """Whether a check blocks sending until its problem is fixed."""
    return check.state == "problem" or check.name == NO_SERVER


def open_questions(plan: "Sending") -> "list[CheckLine]":
    """Return the checks about pre-send questions that nobody has answered."""
    prefix = "unanswered-"
    return [check for check in plan.checks if check.name.startswith(prefix)]


def headline(plan: "Sending") -> str:
    """Return the worst open item as a sentence: a problem, an open question, or the verdict."""
    count = len(open_questions(plan))
    if plan.blocked and not plan.refused:
        return f"not ready: {plan.blocked.message}"
    if plan.refused or not count:
        return plan.verdict
    return (
        f"not ready: {counted(count, 'question')} {'is' if count == 1 else 'are'} open"
    )

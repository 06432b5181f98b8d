# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the preview of a reply, and the list of drafts, as text."""

from collections.abc import Sequence

from patchpilot.cli.output.send_text import format_mail_text, format_title
from patchpilot.model.printable import make_one_line
from patchpilot.tracking.reply.plan import ReplyPlan
from patchpilot.tracking.reply.session import ReplyDraft


def format_reply(plan: ReplyPlan, after: str = "") -> str:
    """Format a complete reply with its recipients and notes.

    `after` is printed last if the reply will not be sent.
    """
    lines = [
        format_title("reply"),
        format_mail_text(plan.mail.raw),
        "",
        format_title("delivery"),
    ]
    lines += [f"To: {', '.join(make_one_line(str(address)) for address in plan.mail.to)}"]
    lines += (
        [f"Cc: {', '.join(make_one_line(str(address)) for address in plan.mail.cc)}"]
        if plan.mail.cc
        else []
    )
    lines += [f"Bcc: {make_one_line(address)} (sendemail.bcc)" for address in plan.bcc]
    lines += [f"by {plan.transport.name}, {plan.account.label}"]
    notes = (*plan.warnings, *(() if plan.refused else plan.blockers))
    lines += [
        "note: "
        + "; ".join(make_one_line(str(part)) for part in (problem.message, problem.hint) if part)
        for problem in notes
    ]
    return "\n".join([*lines, *([after] if after else [])]) + "\n"


def format_reply_drafts(drafts: Sequence[ReplyDraft]) -> str:
    """List the drafts of replies, one per line."""
    if not drafts:
        return "no drafts of replies\n"
    return "".join(
        f"{draft.updated[:16].replace('T', ' ')}  {draft.template:12} <{draft.answers}> "
        f" {make_one_line(draft.subject)}\n"
        for draft in drafts
    )

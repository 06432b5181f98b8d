# SPDX-License-Identifier: GPL-2.0-or-later
"""A reply as text and JSON: its preview, what became of it, and the drafts of replies."""

from collections.abc import Sequence

from patchpilot.cli.output.json_document import document
from patchpilot.cli.output.send_text import mail_text, title
from patchpilot.model.printable import one_line
from patchpilot.services.reply.plan_reply import ReplyPlan
from patchpilot.services.reply.reply_session import ReplyDraft
from patchpilot.topic.mail_result import MailResult


def reply_text(plan: ReplyPlan, after: str = "") -> str:
    """The mail in full as it is sent, its recipients, and the notes.

    `after` is the last word on a plan that is not carried out.
    """
    lines = [title("reply"), mail_text(plan.mail.raw), "", title("delivery")]
    lines += [f"To: {', '.join(one_line(str(address)) for address in plan.mail.to)}"]
    lines += (
        [f"Cc: {', '.join(one_line(str(address)) for address in plan.mail.cc)}"]
        if plan.mail.cc
        else []
    )
    lines += [f"Bcc: {one_line(address)} (sendemail.bcc)" for address in plan.bcc]
    lines += [f"by {plan.transport.name}, {plan.account.label}"]
    notes = (*plan.warnings, *(plan.refusals if plan.force else ()))
    lines += [
        "note: " + "; ".join(one_line(str(part)) for part in (note.message, note.hint) if part)
        for note in notes
    ]
    return "\n".join([*lines, *([after] if after else [])]) + "\n"


def reply_json(plan: ReplyPlan, sent: MailResult | None = None) -> str:
    """The plan of a reply, or what became of it."""
    state = str(sent.state) if sent else "refused" if plan.refused else "planned"
    problems = [
        {
            "name": problem.name,
            "blocks": blocks,
            "message": problem.message,
            "hint": str(problem.hint),
        }
        for blocks, group in ((True, plan.refusals), (False, plan.warnings))
        for problem in group
    ]
    values = {
        "state": state,
        "detail": sent.detail if sent else "",
        "message_id": plan.mail.message_id,
        "subject": plan.mail.subject,
        "in_reply_to": plan.draft.answers,
        "references": list(plan.outgoing.references),
        "to": [str(address) for address in plan.mail.to],
        "cc": [str(address) for address in plan.mail.cc],
        "text": plan.draft.text,
        "template": plan.draft.template,
        "transport": plan.transport.name,
        "problems": problems,
        "drafts": [],
    }
    return document("reply", values)


def drafts_text(drafts: Sequence[ReplyDraft]) -> str:
    """The drafts of replies, one line each."""
    if not drafts:
        return "no drafts of replies\n"
    return "".join(
        f"{draft.updated[:16].replace('T', ' ')}  {draft.template:12} <{draft.answers}> "
        f" {one_line(draft.subject)}\n"
        for draft in drafts
    )


def drafts_json(drafts: Sequence[ReplyDraft]) -> str:
    """The drafts of replies as JSON."""
    rows = [
        {
            "in_reply_to": draft.answers,
            "template": draft.template,
            "subject": draft.subject,
            "text": draft.text,
            "updated": draft.updated,
        }
        for draft in drafts
    ]
    return document("reply", {"state": "drafts", "drafts": rows})

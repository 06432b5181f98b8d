# SPDX-License-Identifier: GPL-2.0-or-later
"""Reply to a message.

The user chooses a template, edits the text, reviews the whole message, and types a confirmation to
send it.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from patchpilot.model.address import Address
from patchpilot.model.printable import format_count, join_words, make_printable
from patchpilot.sending.readable_mail import format_readable_mail
from patchpilot.topic.edit_commits import REPLY_FILE, discard_edit
from patchpilot.tracking.reply.plan import ReplyPlan
from patchpilot.tracking.reply.send import send_reply
from patchpilot.tracking.reply.session import (
    ReplyRequest,
    plan_requested_reply,
    read_draft_text,
)
from patchpilot.tui.actions.editing import edit_text, report_edit
from patchpilot.tui.stage.trust_dialog import run_with_trust
from patchpilot.tui.widgets.choose import Choose, Confirm, ask_for_answer

if TYPE_CHECKING:
    from patchpilot.model.message import Message
    from patchpilot.tui.stage.stage_screen import AnyScreen

_WORDS = {
    "reply": "Reply",
    "ping": "Ping",
    "withdraw": "Withdraw the patch",
    "objection": "Object",
    "prerequisite": "Name a prerequisite",
    "thanks": "Thank",
}

NAMED = 3
"""Number of the patch's recipients that the confirmation names if the reply excludes them."""


def reply_to_message(
    screen: "AnyScreen",
    message_id: str,
    templates: tuple[str, ...],
    description: str,
    recipients: "Sequence[Address]",
) -> None:
    """Reply to a message with one of these templates, asking the user to choose if there are
    several.

    `description` names the message; `recipients` are the patch's recipients.
    """
    if len(templates) == 1:
        _write_reply(screen, message_id, templates[0], recipients)
        return
    answers = [(name, _WORDS[name]) for name in templates]
    ask_for_answer(
        screen,
        Choose(f"What is the reply?\n\nTo {description}", answers, title="Reply"),
        lambda choice: _write_reply(screen, message_id, choice, recipients),
    )


def _write_reply(
    screen: "AnyScreen",
    message_id: str,
    template: str,
    recipients: "Sequence[Address]",
) -> None:
    directory = screen.session.directory

    def edit_and_plan(draft: "tuple[ReplyRequest, str]") -> None:
        request, text = draft
        edited = edit_text(screen, text, REPLY_FILE)
        if edited is None:
            report_edit(screen, None, text, "the reply")
            return

        def plan_edited_reply(repository: Any, _: object) -> "ReplyPlan":
            planned = plan_requested_reply(repository, directory, request.with_text(edited), None)
            discard_edit(text, REPLY_FILE)
            return planned

        screen.run_in_thread(
            "preparing the reply",
            plan_edited_reply,
            lambda planned: _confirm_reply(screen, planned, recipients),
        )

    def create_draft(repository: object, _: object) -> "tuple[ReplyRequest, str]":
        transport = screen.session.read_settings(repository).get("via")  # type: ignore[arg-type]
        request = ReplyRequest(f"<{message_id}>", template, via=transport)
        return request, read_draft_text(repository, directory, request)  # type: ignore[arg-type]

    screen.run_in_thread(
        "reading the message",
        create_draft,
        lambda draft: run_with_trust(screen, partial(edit_and_plan, draft)),
    )


def _confirm_reply(
    screen: "AnyScreen", planned: "ReplyPlan", recipients: "Sequence[Address]"
) -> None:
    planned = replace(planned, is_confirmed=True)
    if planned.refused:
        problem = planned.blockers[0]
        screen.notify(
            make_printable(f"not sent: {problem.message}; press r to edit the reply"),
            severity="warning",
        )
        return

    def handle_agreement(answer: str | None) -> None:
        if answer:
            screen.run_in_thread(
                "sending the reply",
                lambda repository, _: send_reply(repository, planned),
                lambda sent: _report_sent_reply(screen, sent),
            )
        else:
            screen.notify("nothing was sent; press r to continue with the draft")

    problems = (*planned.warnings, *planned.blockers)
    notes = "".join(f"note: {problem.message}\n" for problem in problems)
    mail = planned.mail
    if missing_names := planned.list_missing(recipients):
        if len(missing_names) > NAMED:
            missing_names[NAMED:] = [f"{len(missing_names) - NAMED} more"]
        notes += f"note: not to {join_words(missing_names)}, who received the patch\n"
    text = (
        f"Send this reply with {planned.transport.name} to {_format_recipient_count(planned)}?"
        f"\n{notes}"
    ).rstrip("\n")
    lines = format_readable_mail(mail)
    body = lines[lines.index("") + 1 :]
    own_lines = [line for line in body if line[:1] != ">" and line[-6:] != "wrote:"]
    preview_lines = ["You write:", *own_lines, "", "The whole message:", "", *lines]
    screen.app.push_screen(
        Confirm(text, "send", title="Reply", mail_lines=preview_lines), handle_agreement
    )


def _format_recipient_count(planned: "ReplyPlan") -> str:
    """Describe how many contacts and lists get a reply, because the dialog may not show all of
    them.
    """
    people, lists = planned.recipient_counts
    parts = [format_count(people, "person", "people")] if people else []
    parts += [format_count(lists, "list")] if lists else []
    hidden = f", and to {len(planned.bcc)} in Bcc" if planned.bcc else ""
    return f"{' and '.join(parts) or 'nobody'}{hidden}"


def _report_sent_reply(screen: "AnyScreen", message: "Message") -> None:
    if message.state == "accepted":
        screen.notify("the reply was sent")
    else:
        screen.notify(
            make_printable(f"{message.state}: {message.detail}; the draft is still saved"),
            severity="error",
        )
    screen.action_reload()

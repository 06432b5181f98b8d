# SPDX-License-Identifier: GPL-2.0-or-later
"""Reply to a message.

The user chooses a template, edits the text, reviews the whole message, and types a confirmation to
send it.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from patchpilot.model.address import parse_addresses
from patchpilot.model.printable import format_count, join_words, make_printable
from patchpilot.tui.actions.editing import edit_text, report_edit
from patchpilot.tui.stage.trust_dialog import run_with_trust
from patchpilot.tui.widgets.choose import Choose, Confirm, ask_answer

if TYPE_CHECKING:
    from patchpilot.model.address import Address
    from patchpilot.model.message import Message
    from patchpilot.services.reply.plan_reply import ReplyPlan
    from patchpilot.services.reply.reply_session import ReplyRequest
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


def reply_to(
    screen: "AnyScreen",
    message_id: str,
    templates: tuple[str, ...],
    whom: str,
    recipients: "Sequence[Address]",
) -> None:
    """Reply to a message with one of these templates, asking the user to choose if there are
    several.

    `whom` names the message; `recipients` are the patch's recipients.
    """
    if len(templates) == 1:
        _write(screen, message_id, templates[0], recipients)
        return
    answers = [(name, _WORDS[name]) for name in templates]
    ask_answer(
        screen.app,
        Choose(f"What is the reply?\n\nTo {whom}", answers, title="Reply"),
        lambda choice: _write(screen, message_id, choice, recipients),
    )


def _write(
    screen: "AnyScreen",
    message_id: str,
    template: str,
    recipients: "Sequence[Address]",
) -> None:
    from patchpilot.services.reply.reply_session import (
        ReplyRequest,
        plan_requested_reply,
        read_draft_text,
    )

    where = screen.session.directory

    def edit(found: "tuple[ReplyRequest, str]") -> None:
        run_with_trust(screen.app, partial(edit_and_plan, found))

    def edit_and_plan(found: "tuple[ReplyRequest, str]") -> None:
        wishes, text = found
        edited = edit_text(screen, text, "REPLY.txt")
        if edited is None:
            report_edit(screen, None, text, "the reply")
            return
        screen.in_thread(
            "preparing the reply",
            lambda repository, _: plan_requested_reply(
                repository, where, wishes.with_text(edited), None
            ),
            lambda planned: _confirm(screen, planned, recipients),
        )

    def begin(repository: object, _: object) -> "tuple[ReplyRequest, str]":
        via = screen.session.settings(repository).get("via")  # type: ignore[arg-type]
        wishes = ReplyRequest(f"<{message_id}>", template, via=via)
        return wishes, read_draft_text(repository, where, wishes)  # type: ignore[arg-type]

    screen.in_thread("reading the message", begin, edit)


def _confirm(
    screen: "AnyScreen", planned: "ReplyPlan", recipients: "Sequence[Address]"
) -> None:
    from patchpilot.services.reply.send_reply import send_reply
    from patchpilot.services.send.readable_mail import format_readable_mail

    if planned.refused:
        problem = planned.blockers[0]
        screen.notify(
            make_printable(f"not sent: {problem.message}; press r to edit the reply"),
            severity="warning",
        )
        return

    def handle_agreement(answer: str | None) -> None:
        if answer:
            screen.in_thread(
                "sending the reply",
                lambda repository, _: send_reply(repository, planned),
                lambda sent: _sent(screen, sent),
            )
        else:
            screen.notify("nothing was sent; press r to continue with the draft")

    notes = "".join(f"note: {note.message}\n" for note in planned.warnings)
    mail = planned.mail
    bcc = parse_addresses(", ".join(planned.bcc))
    reached = {address.key for address in (mail.sender, *mail.to, *mail.cc, *bcc)}
    left = [one.called for one in recipients if one.key not in reached]
    if left:
        if len(left) > NAMED:
            left[NAMED:] = [f"{len(left) - NAMED} more"]
        notes += f"note: not to {join_words(left)}, who received the patch\n"
    text = (
        f"Send this reply with {planned.transport.name} to {_audience(planned)}?"
        f"\n{notes}"
    ).rstrip("\n")
    lines = format_readable_mail(mail)
    body = lines[lines.index("") + 1 :]
    own = [line for line in body if line[:1] != ">" and line[-6:] != "wrote:"]
    shown = ["You write:", *own, "", "The whole message:", "", *lines]
    screen.app.push_screen(
        Confirm(text, "send", title="Reply", mail=shown), handle_agreement
    )


def _audience(planned: "ReplyPlan") -> str:
    """Return the number of recipients in words, because the dialog may not show all of them."""
    people, lists = planned.recipient_counts
    parts = [format_count(people, "person", "people")] if people else []
    parts += [format_count(lists, "list")] if lists else []
    hidden = f", and to {len(planned.bcc)} in Bcc" if planned.bcc else ""
    return f"{' and '.join(parts) or 'nobody'}{hidden}"


def _sent(screen: "AnyScreen", sent: "Message") -> None:
    if sent.state == "accepted":
        screen.notify("the reply was sent")
    else:
        screen.notify(
            make_printable(f"{sent.state}: {sent.detail}; the draft is still saved"),
            severity="error",
        )
    screen.action_reload()

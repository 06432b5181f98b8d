# SPDX-License-Identifier: GPL-2.0-or-later
"""The texts of the send stage.

They describe the messages and their recipients, the question before a send, and what happens
after it.
"""

from typing import TYPE_CHECKING

from rich.text import Text
from textual.geometry import Size

from patchpilot.model.counted import counted
from patchpilot.model.printable import crop_middle, one_line
from patchpilot.tui.screens.mail_rows import (
    headline,
    kilobytes,
)
from patchpilot.tui.view.action_keys import in_keys
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    HEADING,
    QUIET,
    STRONG,
    hanging,
    lines,
    plain,
    with_code,
    wrapped,
)
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.panel import BROAD, TALL, WIDE

if TYPE_CHECKING:
    from patchpilot.services.send.sending import Sending

WARNINGS = 4
"""Warnings that the question before the send has at most."""


def mails_text(plan: "Sending", size: Size, columns: int) -> Text:
    """Return how the messages are sent, the recipients, subjects and notes as text.

    Subjects are wrapped for so many columns.
    """
    small = size.height < TALL and size.width < WIDE
    rows = [
        Text.assemble(plain(f"{label.title()} ", HEADING), plain(str(value)))
        for label, value, style in plan.delivery
        if style == "main" and not (small and label != "transport")
    ]
    rows += everybody(plan, size)
    rows += [plain("")] if not small else []
    for at, mail in enumerate(plan.send.entries, 1):
        number, weight = f"{at:>2}   ", "" if small else f"{kilobytes(mail)}  "
        subject = hanging(one_line(mail.subject), columns, len(number) + len(weight))
        rows.append(
            Text.assemble(
                plain(number, HEADING),
                plain(weight, QUIET),
                plain("\n".join(subject)),
            )
        )
    rows += [
        with_code(f"{label}: {in_keys(value, Stage.SEND)}", QUIET)
        for label, value, style in plan.delivery
        if style == "note"
    ]
    return lines(rows)


def everybody(plan: "Sending", size: Size) -> list[Text]:
    """Return the recipients in To and Cc with their roles.

    There is one line per recipient if there is room, otherwise one text per header. A small
    terminal gets only the first two of each.
    """
    is_tall, is_wide = size.height >= TALL, size.width >= WIDE
    rows = []
    for header in ("to", "cc"):
        named = [
            f"{one_line(recipient.address.called)} ({recipient.role})"
            for recipient in plan.recipients
            if recipient.header == header
        ]
        most = len(named) if is_tall or is_wide else 2
        if len(named) > most:
            named[most:] = [f"+{len(named) - most}"]
        texts = named if is_tall and is_wide else [f" {glyph('dot')} ".join(named)]
        rows += [
            Text.assemble(
                plain(f"{'' if at else header.title():4} ", HEADING), plain(text)
            )
            for at, text in enumerate(texts)
            if text
        ]
    return rows


def now_rows(sending: "Sending", size: Size, columns: int) -> list[Text]:
    """Return what happens after a send, in so many columns: the archive link and each sentence."""
    now = (
        [
            Text.assemble(
                plain("Archive: ", HEADING),
                plain(crop_middle(sending.link, columns - len("Archive: "))),
            )
        ]
        if sending.link
        else []
    )
    for sentence in sending.now:
        # where there is room, a blank line between them
        gap = "\n" if size.width >= BROAD and size.height >= TALL else ""
        words = "\n  ".join(wrapped(in_keys(sentence, Stage.SEND), columns - 2))
        now.append(Text.assemble(f"{gap}{glyph('folded')} ", with_code(words)))
    return now


def why_not_now(known: "Sending") -> str:
    """Return why the messages cannot be sent now, with the key to press first, or ""."""
    if known.unfinished:
        return "the last send was interrupted; press R to resume it first"
    if known.is_sent:
        return (
            f"this version was sent; stage {Stage.FOLLOW.number} shows the replies, and v"
            f" there starts the next version"
        )
    if known.refused:
        return f"{headline(known)}; press a to fix the selected problem"
    return ""


def question(planned: "Sending") -> tuple[Text, list[str]]:
    """Return the question before a send, and the lines below it.

    The question has the subject, the number of people and public lists, and the warnings; below
    it are the names and the mail server.
    """
    from patchpilot.services.send.send_state import lists_and_contacts
    from patchpilot.settings.read_settings import in_demo

    lists_, contacts = lists_and_contacts(planned)
    where = (
        "In the demo no message leaves this machine."
        if in_demo()
        else "A message cannot be recalled."
    )
    mails = planned.send.entries
    more = f" (and {counted(len(mails) - 1, 'more message')})" if len(mails) > 1 else ""
    people = counted(len(contacts), "person", "people")
    public = (
        f" and {counted(len(lists_), 'public list')}" if lists_ else ", no public list"
    )
    rows = [
        plain(f"{mails[0].subject}{more}", STRONG),
        plain(f"to {people}{public}", STRONG if lists_ else ""),
    ]
    if planned.draft.is_undisclosed:
        words = "undisclosed: sent to the maintainers and the security team only"
        rows.append(plain(words, "yellow"))
    rows += [
        plain(f"{glyph('warning')} {one_line(warning.message)}", "yellow")
        for warning in planned.warnings[:WARNINGS]
    ]
    below = [
        "Public lists: "
        + (", ".join(recipient.address.email for recipient in lists_) or "none"),
        "Maintainers and others: "
        + (", ".join(contact.address.called for contact in contacts) or "none"),
        "",
        f"Transport: {planned.account.label}. {where}",
    ]
    return lines(rows), below

# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows of the recipients stage: a heading per group, and a line per recipient."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.address import AddressState, check_email_address
from patchpilot.model.printable import format_count
from patchpilot.model.recipient import Recipient, RecipientPlan
from patchpilot.model.rule import Severity
from patchpilot.tui.screens.follow_rows import named_fact_rows
from patchpilot.tui.view.glyphs import STYLE_OF, glyph, join_with_dots
from patchpilot.tui.view.rich_text import (
    KEY,
    QUIET,
    STRONG,
    fit_text,
    highlight_code,
    join_lines,
    plain_text,
    wrap_with_indent,
)
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.lists import Row

if TYPE_CHECKING:
    from patchpilot.recipients.contact_history import FileHistory
    from patchpilot.recipients.groups import Placed
    from patchpilot.sending.counted_recipients import CountedRecipients
    from patchpilot.sending.recipient_advice import RecipientAdvice


OUT = "out"


def display_role(recipient: Recipient) -> str:
    return (
        "added" if recipient.role == "by hand" else recipient.role.removeprefix("culprit").strip()
    )


def explain_recipient(
    plan: RecipientPlan,
    header: str,
    recipient: Recipient,
    history: "FileHistory | None",
    columns: int,
) -> Text:
    """Return the reasons for including a recipient.

    These are the role and header, the MAINTAINERS section and the pattern that matched, and the
    recipient's commits to the files. Any problem with the address is included.
    """
    section = next(
        (candidate for candidate in plan.sections if candidate.name == recipient.section),
        None,
    )
    facts = []
    if section:
        status = f" ({section.status})" if section.status else ""
        facts.append(("Section", f"{section.name}{status}"))
        facts += [("Tree", tree.removeprefix("git ")) for tree in section.trees[:1]]
    facts += [("Reason", reason) for reason in recipient.reasons]
    if "list" not in recipient.role:
        facts += _history_facts(recipient, history)
    verdict = check_email_address(recipient.address.email)
    if verdict.state is not AddressState.GOOD:
        text = f"{glyph('warning')} {verdict.state}: {verdict.reason}"
        facts.append(("Address", text))
    if recipient.by_hand:
        facts.append(("*", "changed by you; u undoes that"))
    header_text, style = ("excluded", QUIET) if header == OUT else (header, "bold blue")
    return join_lines(
        (
            plain_text(recipient.address.header(), STRONG),
            Text.assemble(
                (f"{header_text} {glyph('dot')} ", style),
                plain_text(f"{display_role(recipient)}{recipient.which}"),
            ),
            Text(),
            *named_fact_rows(facts, columns),
        )
    )


def _history_facts(recipient: Recipient, history: "FileHistory | None") -> list[tuple[str, str]]:
    if history is None:
        return [("History", "reading the history of the files …")]
    if not history.complete:
        return [("History", "git timed out")]
    more_count = len(history.paths) - 2
    more_text = f" and {more_count} more" if more_count > 0 else ""
    scope = f"in the last three years to {', '.join(history.paths[:2])}{more_text}"
    contact = history.contacts.get(recipient.address.key)
    if contact is None:
        return [("History", f"none of {format_count(history.total, 'commit')} {scope}")]
    share = f"{contact.percent}%, {contact.commits} of {format_count(contact.total, 'commit')}"
    last_commit = f"{contact.last} {contact.last_id[:12]} {contact.last_subject}"
    return [("History", f"{share} {scope}"), ("Last", last_commit)]


def load_stage(request: JobRequest) -> "tuple[CountedRecipients, StageStatus]":
    """Return the recipients that `send` would use.

    These are the recipients that `patchpilot maintainers` lists, and the recipients added by the
    configuration and the answers.
    """
    from patchpilot.sending.counted_recipients import (
        find_topic_recipients,
        is_sendable_address,
    )
    from patchpilot.sending.mail_recipients import describe_recipient_changes

    request.progress("looking up recipients")
    patch = request.session.position if request.session.view == "patch" else None
    result = find_topic_recipients(
        request.repository, request.session.make_send_request(request.repository), patch
    )
    recipients, excluded = result.planned.plan.recipients, result.planned.left_out
    old_result: CountedRecipients | None = request.session.last_result(Stage.RECIPIENTS)
    headers = Counter(recipient.header for recipient in recipients)
    note = f"{headers['to']} in To, {headers['cc']} in Cc"
    note += f", {len(excluded)} excluded" if excluded else ""
    if old_result and old_result.patch == result.patch:
        difference = describe_recipient_changes(old_result.planned.plan.recipients, recipients)
        note = f"{difference}; now {note}" if difference else note
    emails = (recipient.address.email for recipient in recipients)
    unsendable = next((email for email in emails if not is_sendable_address(email)), None)
    state, count = StageState.TODO, 1
    if unsendable:
        note = f"cannot send to {unsendable}; press Space on it to exclude it"
    elif not recipients:
        note = "no recipients; press w to add one"
    elif count := sum(advice.remedy is not None for advice in result.advice):
        note = f"{format_count(count, 'open note')}; {note}"
    else:
        state = StageState.DONE
    return result, StageStatus(state, note, str(count or ""))


HEADER, ROLE = 6, 14
"""Columns of the tick and the header, and of a role."""


def recipient_rows(groups: "Mapping[str, Sequence[Placed]]", columns: int) -> list[Row]:
    name_columns = max(24, columns - HEADER - 1 - ROLE)
    rows = []
    for title, members in groups.items():
        rows.append(Row(plain_text(join_with_dots(title, str(len(members))), STRONG)))
        for header, recipient in members:
            line = _recipient_row(header, recipient, name_columns)
            rows.append(Row(line, (header, recipient), recipient.address.key))
    return rows


def _recipient_row(header: str, recipient: Recipient, name_columns: int) -> Text:
    is_excluded = header == OUT
    style = QUIET if is_excluded else ""
    star = " *" if recipient.by_hand else ""
    name = f"{recipient.address.trailer()}{recipient.which}{star}"
    role = "excluded" if is_excluded else display_role(recipient)
    return Text.assemble(
        (f"{glyph('nothing' if is_excluded else 'ticked'):<2}", style),
        (
            "--  " if is_excluded else f"{header:<4}",
            STRONG if header == "To" else style,
        ),
        plain_text(fit_text(name, name_columns), style),
        " ",
        plain_text(fit_text(role, ROLE), QUIET),
        no_wrap=True,
    )


def note_symbol(note: "RecipientAdvice") -> str:
    """Return the name of the symbol that shows whether a note needs an answer."""
    if note.severity == Severity.ERROR:
        return "blocked"
    if note.remedy:
        return "todo"
    return "warning" if note.severity == Severity.WARNING else "dot"


def note_rows(notes: "Sequence[RecipientAdvice]", columns: int) -> list[Row]:
    rows = []
    for note in notes:
        sign = note_symbol(note)
        head = Text.assemble((f"{glyph(sign):<2}", STYLE_OF[sign]), plain_text(note.title, STRONG))
        if note.remedy:
            head.append("  a ", KEY).append(plain_text(note.words))
        texts = [wrap_with_indent(line, columns, 2) for line in note.text.split("\n")]
        body = highlight_code("\n".join(texts), QUIET)
        rows.append(Row(join_lines((head, body)), note, note.title))
    return rows

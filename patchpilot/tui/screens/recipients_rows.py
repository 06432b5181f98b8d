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
from patchpilot.tui.screens.follow_rows import fact_rows
from patchpilot.tui.view.glyphs import STYLE_OF, glyph
from patchpilot.tui.view.rich_text import (
    KEY,
    QUIET,
    STRONG,
    fit_text,
    highlight_code,
    lines,
    plain,
    wrap_hanging,
)
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.lists import Row

if TYPE_CHECKING:
    from patchpilot.services.maintainers.recipient_history import FileHistory
    from patchpilot.services.send.counted_recipients import CountedRecipients
    from patchpilot.services.send.recipient_advice import RecipientAdvice


OUT = "out"
INTRODUCED, TAGS, HISTORY, COVER, ANSWERS, SETTINGS, BY_YOU = (
    "Commit that introduced the bug",
    "Tags in the message",
    "Recent contributors (git history)",
    "b4's cover letter",
    "Your answers",
    "Your settings",
    "Added by you",
)
_ORDER = (INTRODUCED, TAGS, HISTORY, COVER, ANSWERS, SETTINGS, BY_YOU)
_OF_ROLE = {
    "by hand": BY_YOU,
    "added": BY_YOU,
    "recent contributor": HISTORY,
    "named in file": HISTORY,
    "in the cover letter": COVER,
    "security team": ANSWERS,
    "regressions list": ANSWERS,
}


Placed = tuple[str, Recipient]
"""A recipient together with its header, or "out"."""


def group_recipients(
    rows: Sequence[Placed], plan: RecipientPlan
) -> dict[str, list[Placed]]:
    """Group the recipients by why they were added: sections in the plan's order, then other
    reasons.

    Within a group, recipients in To come first, then other included ones; people come before lists.
    """
    status = {section.name: section.status for section in plan.sections}
    order = [*status, *_ORDER]
    found: dict[str, list[Placed]] = {title: [] for title in order}
    for row in sorted(rows, key=_rank):
        found.setdefault(_title(row[1]), []).append(row)
    return {
        f"{title} ({status[title]})" if status.get(title) else title: members
        for title, members in found.items()
        if members
    }


def _title(recipient: Recipient) -> str:
    if recipient.section:
        return recipient.section
    if recipient.role in _OF_ROLE:
        return _OF_ROLE[recipient.role]
    if recipient.role.startswith("culprit"):
        return INTRODUCED
    return (
        TAGS
        if any(reason.endswith("in the message") for reason in recipient.reasons)
        else SETTINGS
    )


def _rank(row: Placed) -> tuple[bool, bool]:
    _, recipient = row
    # keep an excluded recipient in its place
    return recipient.header == "cc", recipient.role.endswith("list")


def role_of(recipient: Recipient) -> str:
    return (
        "added"
        if recipient.role == "by hand"
        else recipient.role.removeprefix("culprit").strip()
    )


def why_text(
    plan: RecipientPlan,
    header: str,
    recipient: Recipient,
    history: "FileHistory | None",
    columns: int,
) -> Text:
    """Return the reasons for including a recipient: the role and header, the section and what
    matched in it, and the recipient's commits to the files.

    Include any problem with the address.
    """
    section = next(
        (known for known in plan.sections if known.name == recipient.section), None
    )
    facts: list[tuple[str, str]] = []
    if section:
        status = f" ({section.status})" if section.status else ""
        facts.append(("Section", f"{section.name}{status}"))
        facts += [("Tree", tree.removeprefix("git ")) for tree in section.trees[:1]]
    facts += [("Reason", reason) for reason in recipient.reasons]
    if "list" not in recipient.role:
        facts += _activity(recipient, history)
    verdict = check_email_address(recipient.address.email)
    if verdict.state is not AddressState.GOOD:
        words = f"{glyph('warning')} {verdict.state}: {verdict.reason}"
        facts.append(("Address", words))
    if recipient.by_hand:
        facts.append(("*", "changed by you; u undoes that"))
    word, style = ("excluded", QUIET) if header == OUT else (header, "bold blue")
    return lines(
        (
            plain(recipient.address.header(), STRONG),
            Text.assemble(
                (f"{word} {glyph('dot')} ", style),
                plain(f"{role_of(recipient)}{recipient.which}"),
            ),
            Text(),
            *fact_rows(facts, columns),
        )
    )


def _activity(
    recipient: Recipient, history: "FileHistory | None"
) -> list[tuple[str, str]]:
    if history is None:
        return [("History", "reading the history of the files …")]
    if not history.complete:
        return [("History", "git timed out")]
    more = len(history.paths) - 2
    others = f" and {more} more" if more > 0 else ""
    where = f"in the last three years to {', '.join(history.paths[:2])}{others}"
    known = history.contacts.get(recipient.address.key)
    if known is None:
        return [("History", f"none of {format_count(history.total, 'commit')} {where}")]
    share = (
        f"{known.percent}%, {known.commits} of {format_count(known.total, 'commit')}"
    )
    last = f"{known.last} {known.last_id[:12]} {known.last_subject}"
    return [("History", f"{share} {where}"), ("Last", last)]


def load(ask: JobRequest) -> "tuple[CountedRecipients, StageStatus]":
    """Return the recipients that `send` would use: the recipients of `patchpilot maintainers`, and
    those added by the configuration and the answers.
    """
    from patchpilot.services.send.counted_recipients import (
        find_topic_recipients,
        is_sendable_address,
    )
    from patchpilot.services.send.mail_recipients import describe_recipient_changes

    ask.progress("looking up recipients")
    patch = ask.session.at if ask.session.view == "patch" else None
    result = find_topic_recipients(
        ask.repository, ask.session.request(ask.repository), patch
    )
    kept, out = result.planned.plan.recipients, result.planned.left_out
    before: CountedRecipients | None = ask.session.last(Stage.RECIPIENTS)
    headers = Counter(recipient.header for recipient in kept)
    note = f"{headers['to']} in To, {headers['cc']} in Cc"
    note += f", {len(out)} excluded" if out else ""
    if before and before.patch == result.patch:
        changed = describe_recipient_changes(before.planned.plan.recipients, kept)
        note += f"; {changed}" if changed else ""
    emails = (recipient.address.email for recipient in kept)
    stuck = next((email for email in emails if not is_sendable_address(email)), None)
    state, count = StageState.TODO, 1
    if stuck:
        note = f"cannot send to {stuck}; press Space on it to exclude it"
    elif not kept:
        note = "no recipients; press w to add one"
    elif count := sum(advice.remedy is not None for advice in result.advice):
        note = f"{format_count(count, 'open note')}; {note}"
    else:
        state = StageState.DONE
    return result, StageStatus(state, note, str(count or ""))


HEADER, ROLE = 6, 14
"""Columns of the tick and the header, and of a role."""


def recipient_rows(groups: Mapping[str, Sequence[Placed]], room: int) -> list[Row]:
    who = max(24, room - HEADER - 1 - ROLE)
    rows: list[Row] = []
    for title, members in groups.items():
        rows.append(Row(plain(f"{title} {glyph('dot')} {len(members)}", STRONG)))
        for header, recipient in members:
            line = _line(header, recipient, who)
            rows.append(Row(line, (header, recipient), recipient.address.key))
    return rows


def _line(header: str, recipient: Recipient, who: int) -> Text:
    out = header == OUT
    style = QUIET if out else ""
    star = " *" if recipient.by_hand else ""
    name = f"{recipient.address.trailer()}{recipient.which}{star}"
    role = "excluded" if out else role_of(recipient)
    return Text.assemble(
        (f"{glyph('nothing' if out else 'ticked'):<2}", style),
        ("--  " if out else f"{header:<4}", STRONG if header == "To" else style),
        plain(fit_text(name, who), style),
        " ",
        plain(fit_text(role, ROLE), QUIET),
        no_wrap=True,
    )


def note_sign(note: "RecipientAdvice") -> str:
    """Return the name of the symbol that shows whether a note needs an answer."""
    if note.severity == Severity.ERROR:
        return "blocked"
    if note.remedy:
        return "todo"
    return "warning" if note.severity == Severity.WARNING else "dot"


def note_rows(notes: "Sequence[RecipientAdvice]", columns: int) -> list[Row]:
    rows = []
    for note in notes:
        sign = note_sign(note)
        head = Text.assemble(
            (f"{glyph(sign):<2}", STYLE_OF[sign]), plain(note.title, STRONG)
        )
        if note.remedy:
            head.append("  a ", KEY).append(plain(note.words))
        texts = [wrap_hanging(line, columns, 2) for line in note.text.split("\n")]
        body = highlight_code("\n".join(texts), QUIET)
        rows.append(Row(lines((head, body)), note, note.title))
    return rows

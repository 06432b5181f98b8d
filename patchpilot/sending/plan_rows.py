# SPDX-License-Identifier: GPL-2.0-or-later
"""Describe the plan of a send as rows. Each fact is worded only here.

The preview, the question before sending and the TUI choose rows by their keys and draw them. The
checks are `Sending.checks`.
"""

import re
from collections.abc import Iterator, Sequence

from patchpilot.model.fact_row import FactRow, Tone
from patchpilot.model.printable import format_count, make_one_line
from patchpilot.model.recipient import Recipient
from patchpilot.model.send_problem import CheckState
from patchpilot.outgoing.preflight import is_mailing_list
from patchpilot.outgoing.transport import Sending

MESSAGE_KEYS = ("count", "message")
RECIPIENT_KEYS = ("recipient", "nobody", "bcc")
DELIVERY_KEYS = (
    "topic",
    "base",
    "transport",
    "sender",
    "envelope",
    "password",
    "test",
    "note",
    "recorded",
    "content",
)
QUESTION_KEYS = ("reach", "undisclosed", "warning")
"""The keys of the rows that a question before sending shows first."""
HEADER_KEYS = ("to", "cc")
"""The keys of the rows with all recipients of a header; their lines are the short names."""
KEYS = (
    *MESSAGE_KEYS,
    *QUESTION_KEYS,
    *HEADER_KEYS,
    "lists",
    "people",
    *RECIPIENT_KEYS,
    *DELIVERY_KEYS,
)
"""The keys of all rows, in order."""


def format_plan_rows(plan: Sending, keys: Sequence[str] = KEYS) -> tuple[FactRow, ...]:
    """Return the rows about a plan that have these keys, in the order of `KEYS`.

    Their texts are printable: they quote messages, addresses and settings.
    """
    rows = [
        row._replace(
            text=make_one_line(row.text),
            detail=make_one_line(row.detail),
            lines=tuple(map(make_one_line, row.lines)),
        )
        for row in _list_rows(plan)
        if row.key in keys
    ]
    return tuple(sorted(rows, key=lambda row: KEYS.index(row.key)))


def _list_rows(plan: Sending) -> Iterator[FactRow]:
    yield FactRow("count", "", f"v{plan.send.version}: {plan.counts_text}")
    for mail in plan.send.entries:
        label = str(mail.state) if plan.send.id else ""
        yield FactRow("message", label, mail.subject)
    yield from _list_question_rows(plan)
    for recipient in plan.recipients:
        yield FactRow(
            "recipient",
            f"{recipient.header.capitalize()}:",
            str(recipient.address),
            detail=_explain_recipient(recipient),
        )
    if not plan.recipients:
        yield FactRow("nobody", "", "no recipients yet: add them with --to and --cc")
    for address in plan.send.bcc:
        yield FactRow("bcc", "Bcc:", address, detail="sendemail.bcc")
    yield from _list_delivery_rows(plan)


def _list_question_rows(plan: Sending) -> Iterator[FactRow]:
    lists = [recipient for recipient in plan.recipients if is_mailing_list(recipient)]
    people = dict.fromkeys(
        recipient.address.called for recipient in plan.recipients if not is_mailing_list(recipient)
    )
    counted_lists = f" and {format_count(len(lists), 'public list')}" if lists else ""
    yield FactRow(
        "reach",
        "",
        f"to {format_count(len(people), 'person', 'people')}{counted_lists or ', no public list'}",
        Tone.BAD if lists else Tone.PLAIN,
    )
    if plan.draft.is_undisclosed:
        text = "undisclosed: sent to the maintainers and the security team only"
        yield FactRow("undisclosed", "", text, Tone.UNKNOWN)
    # first show what is not sent, and what reviewers are waiting for
    first_names = ("uncommitted", "untracked", "open-review")
    for check in sorted(plan.checks, key=lambda check: check.name not in first_names):
        if check.state is CheckState.NOTE:
            yield FactRow("warning", "", check.message, Tone.UNKNOWN, check.hint)
    for header in HEADER_KEYS:
        chosen = [recipient for recipient in plan.recipients if recipient.header == header]
        if chosen:
            addresses = (str(recipient.address) for recipient in chosen)
            names = tuple(f"{recipient.address.called} ({recipient.role})" for recipient in chosen)
            yield FactRow(header, header.capitalize(), ", ".join(addresses), lines=names)
    list_addresses = ", ".join(recipient.address.email for recipient in lists)
    yield FactRow("lists", "Public lists", list_addresses or "none")
    yield FactRow("people", "Maintainers and others", ", ".join(people) or "none")


def _list_delivery_rows(plan: Sending) -> Iterator[FactRow]:
    account, is_test = plan.account, plan.request.to_self
    tag = (
        f", and the tag sent/{plan.draft.change_id}-v{plan.send.version}" if plan.send.head else ""
    )
    facts = {
        "topic": plan.draft.change_id,
        "base": (plan.send.base or "")[:12],
        "transport": f"{plan.request.via}, {account.label}",
        "sender": plan.sender or "",
        "envelope": account.envelope or "",
        "password": f"from {account.password_from}" if account.password_from else "",
        "test": "only you receive these messages; nothing is recorded as sent" if is_test else "",
        "recorded": "" if is_test else f"Message-ID and state of each message in the outbox{tag}",
        "content": "sent exactly as shown",
    }
    for key, text in facts.items():
        if text:
            yield FactRow(key, key, text)
    for remark in plan.remarks:
        yield FactRow("note", "note", str(remark), Tone.QUIET, remark)


def _explain_recipient(recipient: Recipient) -> str:
    """Return the recipient's role and the reasons for it."""
    role = f"{recipient.role} of {recipient.section}" if recipient.section else recipient.role
    reasons = "; ".join(merge_reasons(recipient.reasons))
    return f"{role}{recipient.which}{': ' if reasons else ''}{reasons}"


_MATCH = re.compile(r"(?P<path>\S+) matches (?P<pattern>.+)", re.DOTALL)
_MAX_FILES = 3
"""Maximum number of files listed per pattern."""


def merge_reasons(reasons: Sequence[str]) -> tuple[str, ...]:
    """Merge a recipient's reasons.

    Files that match the same pattern in MAINTAINERS are merged into one reason.
    """
    paths: dict[str, list[str]] = {}
    merged_reasons: dict[str, None] = {}
    for reason in reasons:
        match = _MATCH.fullmatch(reason)
        key = f"\0{match['pattern']}" if match else reason
        merged_reasons.setdefault(key)
        if match:
            paths.setdefault(key, []).append(match["path"])
    return tuple(
        _join_paths(paths[key], key[1:]) if key in paths else key for key in merged_reasons
    )


def _join_paths(paths: Sequence[str], pattern: str) -> str:
    if len(paths) == 1:
        return f"{paths[0]} matches {pattern}"
    more_note = f" and {len(paths) - _MAX_FILES} more" if len(paths) > _MAX_FILES else ""
    return f"{', '.join(paths[:_MAX_FILES])}{more_note} match {pattern}"

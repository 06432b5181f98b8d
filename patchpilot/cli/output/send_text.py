# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the plan and the result of a send as text."""

from collections.abc import Iterator

from patchpilot.cli.output.stream import result_width, wrap_labeled
from patchpilot.model.fact_row import FactRow
from patchpilot.model.printable import join_words, make_one_line, make_printable, width
from patchpilot.model.send_problem import CheckState
from patchpilot.outgoing.transport import Sending
from patchpilot.sending.plan_rows import (
    DELIVERY_KEYS,
    HEADER_KEYS,
    MESSAGE_KEYS,
    RECIPIENT_KEYS,
    format_plan_rows,
)

_BLOCKING = (CheckState.PROBLEM, CheckState.OVERRIDDEN)
_LABEL_WIDTH = 12
"""Column at which the text after a label starts."""


def format_verdict(plan: Sending, after: str = "") -> str:
    """Format the verdict and the problems, each with a command that fixes it."""
    return "\n".join([_format_last_line(plan, after), *_format_checks(plan, *_BLOCKING)]) + "\n"


def format_notes(plan: Sending) -> str:
    """Format the notes, which do not block sending, or return ""."""
    return "".join(f"{line}\n" for line in _format_checks(plan, CheckState.NOTE))


def format_preflight(plan: Sending, after: str = "") -> str:
    """Format the pre-flight card: passed checks, notes, problems and, last, the verdict."""
    return (
        "\n".join(
            [
                *_format_checks(plan, CheckState.OK, CheckState.NOTE, *_BLOCKING),
                _format_last_line(plan, after),
            ]
        )
        + "\n"
    )


def _format_last_line(plan: Sending, after: str) -> str:
    """Return the verdict, how to answer the open questions, and `after`: why nothing is sent."""
    if plan.refused:
        return plan.verdict
    options = join_words([f"--{line.name.partition('-')[2]}" for line in plan.open_questions])
    answer_note = f"answer with {options}" if options and not plan.request.to_self else ""
    return "; ".join(part for part in (plan.verdict, answer_note, after) if part)


def format_mails(plan: Sending) -> str:
    """Format each message to send in full."""
    lines: list[str] = []
    pending_messages = plan.send.waiting_messages
    for number, mail in enumerate(pending_messages, 1):
        lines += [
            format_title(f"mail {number} of {len(pending_messages)}"),
            format_mail_text(mail.raw),
            "",
        ]
    return "".join(f"{line}\n" for line in lines)


def format_summary(plan: Sending) -> str:
    """Summarize the messages, the recipients (with reasons), and the transport."""
    recipients = "recipients of the real send" if plan.request.to_self else "recipients"
    parts = (
        ("summary", MESSAGE_KEYS),
        (recipients, RECIPIENT_KEYS),
        ("delivery", DELIVERY_KEYS),
    )
    return "\n".join(
        "".join(
            f"{line}\n"
            for line in (
                format_title(title),
                *(
                    line
                    for row in format_plan_rows(plan, keys)
                    for line in _format_row(row, result_width())
                ),
            )
        )
        for title, keys in parts
    )


def format_title(text: str) -> str:
    return f"━━━ {text} ━━━"


def format_mail_text(raw: bytes) -> str:
    """Decode a message, and make it safe to print on a terminal."""
    return make_printable(raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n")).rstrip("\n")


def format_addresses(plan: Sending) -> str:
    """Format the To and Cc addresses for the confirmation."""
    return "".join(
        f"{line}\n"
        for row in format_plan_rows(plan, HEADER_KEYS)
        for line in wrap_labeled(f"{row.label}: ", row.text, result_width())
    )


def _format_row(row: FactRow, text_width: int) -> Iterator[str]:
    """Yield the lines of a row, in the form of its part of the preview."""
    if row.key == "message":
        label = f"{row.label:9} " if row.label else ""
        yield from wrap_labeled(f"  {label}", row.text, text_width)
    elif row.key in DELIVERY_KEYS:
        yield from wrap_labeled(f"{row.label + ':':{_LABEL_WIDTH}}", row.text, text_width)
    else:
        yield f"{row.label:4} {row.text}" if row.label else row.text
        if row.detail:
            yield from wrap_labeled("       ", row.detail, text_width)


def _format_checks(plan: Sending, *states: CheckState) -> Iterator[str]:
    """Yield a line for each check with one of these states, in the order of the states."""
    for state in states:
        for check in (check for check in plan.checks if check.state is state):
            name = "" if state is CheckState.OK else f" [{check.name}]"
            yield from wrap_labeled(
                f"{state}: ",
                f"{make_one_line(check.message)}{name}",
                result_width(),
                indent=2,
            )
            if check.hint:
                yield from wrap_labeled("  help: ", make_one_line(str(check.hint)), result_width())


def format_outcome(sending: Sending) -> str:
    """Report the state of each message after sending, and the next step."""
    text_width = result_width()
    lines: list[str] = []
    for message in sending.send.entries:
        heading = f"{message.state:9} {make_one_line(message.subject)}"
        message_id = f"<{make_printable(message.message_id)}>"
        lines += (
            [f"{heading}  {message_id}"]
            if width(heading) + width(message_id) + 2 <= text_width
            else [
                *wrap_labeled("", heading, text_width, indent=10),
                f"{'':10}{message_id}",
            ]
        )
        if message.detail and message.state != "accepted":
            lines += wrap_labeled(" " * 10, make_one_line(message.detail), text_width)
    lines += wrap_labeled("", make_one_line(sending.outcome_line), text_width, indent=2)
    for line in sending.advice:
        lines += wrap_labeled("  ", make_one_line(str(line)), text_width, indent=4)
    return "\n".join(lines) + "\n"

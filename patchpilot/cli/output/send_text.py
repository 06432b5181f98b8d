# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the plan and the result of a send as text."""

import re
from collections.abc import Iterator, Sequence

from patchpilot.cli.output.stream import result_width, wrap_labeled
from patchpilot.model.printable import join_words, make_one_line, make_printable, width
from patchpilot.model.send_problem import CheckState
from patchpilot.sending.record import Sending

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
    """Return the verdict; if the plan is not sent, it is followed by `after`, the reason."""
    if not after or plan.refused:
        return plan.verdict
    options = join_words([f"--{line.name.partition('-')[2]}" for line in plan.open_questions])
    if options and not plan.blocking_problem:
        return f"{plan.readiness}: answer with {options}; {after}"
    return f"{plan.verdict}; {after}"


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
    text_width = result_width()
    lines = [format_title("summary"), *_format_message_lines(plan, text_width), ""]
    lines += [
        format_title("recipients of the real send" if plan.request.to_self else "recipients"),
        *_format_recipient_lines(plan, text_width),
        "",
    ]
    lines += [format_title("delivery"), *_format_delivery(plan, text_width)]
    return "\n".join(lines) + "\n"


def format_title(text: str) -> str:
    return f"━━━ {text} ━━━"


def format_mail_text(raw: bytes) -> str:
    """Decode a message, and make it safe to print on a terminal."""
    return make_printable(raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n")).rstrip("\n")


def _format_message_lines(plan: Sending, text_width: int) -> Iterator[str]:
    yield f"v{plan.send.version}: {plan.counts_text}"
    for mail in plan.send.entries:
        state = f"{mail.state:9} " if plan.send.id else ""
        yield from wrap_labeled(f"  {state}", make_one_line(mail.subject), text_width)


def _format_recipient_lines(plan: Sending, text_width: int) -> Iterator[str]:
    for recipient in plan.recipients:
        yield f"{recipient.header.capitalize() + ':':4} {make_one_line(str(recipient.address))}"
        role = f"{recipient.role} of {recipient.section}" if recipient.section else recipient.role
        role += recipient.which
        reasons = merge_reasons(recipient.reasons)
        yield from wrap_labeled(
            "       ",
            make_one_line(f"{role}: {'; '.join(reasons)}" if reasons else role),
            text_width,
        )
    if not plan.recipients:
        yield "no recipients yet: add them with --to and --cc"
    for address in plan.send.bcc:
        yield f"Bcc: {make_printable(address)}"
        yield "       sendemail.bcc"


def format_addresses(plan: Sending) -> str:
    """Format the To and Cc addresses for the confirmation."""
    return "".join(
        f"{line}\n"
        for header in ("to", "cc")
        if (
            addresses := [
                make_one_line(str(recipient.address))
                for recipient in plan.recipients
                if recipient.header == header
            ]
        )
        for line in wrap_labeled(f"{header.capitalize()}: ", ", ".join(addresses), result_width())
    )


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


def _format_delivery(plan: Sending, text_width: int) -> Iterator[str]:
    for label, value, _ in plan.delivery:
        yield from wrap_labeled(
            f"{label + ':':{_LABEL_WIDTH}}", make_one_line(str(value)), text_width
        )


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

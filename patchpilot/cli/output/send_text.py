# SPDX-License-Identifier: GPL-2.0-or-later
"""Format a send's plan and result as text."""

import re
from collections.abc import Iterator, Sequence

from patchpilot.cli.output.stream import columns, wrap_labeled
from patchpilot.model.printable import one_line, printable, width
from patchpilot.model.send_problem import CheckState
from patchpilot.services.send.sending import Sending

_BLOCKING = (CheckState.PROBLEM, CheckState.OVERRIDDEN)
_LABEL = 12
"""Column at which labeled text starts."""


def head(plan: Sending, after: str = "") -> str:
    """Format the verdict and the problems, each with a command that fixes it."""
    return "\n".join([_last_line(plan, after), *_checks(plan, *_BLOCKING)]) + "\n"


def notes(plan: Sending) -> str:
    """Return the notes that do not block sending, or "" if there are none."""
    return "".join(f"{line}\n" for line in _checks(plan, CheckState.NOTE))


def preflight_text(plan: Sending, after: str = "") -> str:
    """Format the pre-flight card: passed checks, notes, problems, and the verdict last."""
    return (
        "\n".join(
            [
                *_checks(plan, CheckState.OK, CheckState.NOTE, *_BLOCKING),
                _last_line(plan, after),
            ]
        )
        + "\n"
    )


def _last_line(plan: Sending, after: str) -> str:
    """Return the verdict, with `after` appended if the plan can be sent."""
    return f"{plan.verdict}; {after}" if after and not plan.refused else plan.verdict


def format_mails(plan: Sending) -> str:
    """Format each message to send in full."""
    lines: list[str] = []
    waiting = plan.send.waiting_messages
    for number, mail in enumerate(waiting, 1):
        lines += [title(f"mail {number} of {len(waiting)}"), mail_text(mail.raw), ""]
    return "".join(f"{line}\n" for line in lines)


def summary(plan: Sending) -> str:
    """Summarize the messages, the recipients with reasons, and the transport."""
    room = columns()
    lines = [title("summary"), *_short(plan, room), ""]
    lines += [
        title("recipients of the real send" if plan.request.to_self else "recipients"),
        *_recipients(plan, room),
        "",
    ]
    lines += [title("delivery"), *_delivery(plan, room)]
    return "\n".join(lines) + "\n"


def title(text: str) -> str:
    return f"━━━ {text} ━━━"


def mail_text(raw: bytes) -> str:
    """Decode a message to text that is safe for a terminal."""
    return printable(
        raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    ).rstrip("\n")


def _short(plan: Sending, room: int) -> Iterator[str]:
    yield f"v{plan.send.version}: {plan.format_counts}"
    for mail in plan.send.entries:
        state = f"{mail.state:9} " if plan.send.id else ""
        yield from wrap_labeled(f"  {state}", one_line(mail.subject), room)


def _recipients(plan: Sending, room: int) -> Iterator[str]:
    for recipient in plan.recipients:
        yield f"{recipient.header.capitalize() + ':':4} {one_line(str(recipient.address))}"
        role = (
            f"{recipient.role} of {recipient.section}"
            if recipient.section
            else recipient.role
        )
        role += recipient.which
        reasons = merge_reasons(recipient.reasons)
        yield from wrap_labeled(
            "       ",
            one_line(f"{role}: {'; '.join(reasons)}" if reasons else role),
            room,
        )
    if not plan.recipients:
        yield "no recipients yet: add them with --to and --cc"
    for address in plan.send.bcc:
        yield f"Bcc: {printable(address)}"
        yield "       sendemail.bcc"


def addressees(plan: Sending) -> str:
    """Return the wrapped To and Cc addresses, to show before the confirmation."""
    return "".join(
        f"{line}\n"
        for header in ("to", "cc")
        if (
            named := [
                one_line(str(recipient.address))
                for recipient in plan.recipients
                if recipient.header == header
            ]
        )
        for line in wrap_labeled(
            f"{header.capitalize()}: ", ", ".join(named), columns()
        )
    )


_MATCH = re.compile(r"(?P<path>\S+) matches (?P<pattern>.+)", re.DOTALL)
_FILES = 3
"""Maximum files listed per pattern."""


def merge_reasons(reasons: Sequence[str]) -> tuple[str, ...]:
    """Merge a recipient's reasons.

    Files that match the same pattern in MAINTAINERS become one reason.
    """
    paths: dict[str, list[str]] = {}
    kept: dict[str, None] = {}
    for reason in reasons:
        match = _MATCH.fullmatch(reason)
        key = f"\0{match['pattern']}" if match else reason
        kept.setdefault(key)
        if match:
            paths.setdefault(key, []).append(match["path"])
    return tuple(
        _join_paths(paths[key], key[1:]) if key in paths else key for key in kept
    )


def _join_paths(paths: Sequence[str], pattern: str) -> str:
    if len(paths) == 1:
        return f"{paths[0]} matches {pattern}"
    more = f" and {len(paths) - _FILES} more" if len(paths) > _FILES else ""
    return f"{', '.join(paths[:_FILES])}{more} match {pattern}"


def _delivery(plan: Sending, room: int) -> Iterator[str]:
    for label, value, _ in plan.delivery:
        yield from wrap_labeled(f"{label + ':':{_LABEL}}", one_line(str(value)), room)


def _checks(plan: Sending, *states: CheckState) -> Iterator[str]:
    """Yield the lines for checks with these states, in the order of the states."""
    for state in states:
        for check in (check for check in plan.checks if check.state is state):
            name = "" if state is CheckState.OK else f" [{check.name}]"
            yield from wrap_labeled(
                f"{state}: ", f"{one_line(check.message)}{name}", columns(), indent=2
            )
            if check.hint:
                yield from wrap_labeled(
                    "  help: ", one_line(str(check.hint)), columns()
                )


def outcome(result: Sending) -> str:
    """Report the state of each message after sending, and the next step."""
    room = columns()
    lines: list[str] = []
    for message in result.send.entries:
        head = f"{message.state:9} {one_line(message.subject)}"
        name = f"<{printable(message.message_id)}>"
        lines += (
            [f"{head}  {name}"]
            if width(head) + width(name) + 2 <= room
            else [*wrap_labeled("", head, room, indent=10), f"{'':10}{name}"]
        )
        if message.detail and message.state != "accepted":
            lines += wrap_labeled(" " * 10, one_line(message.detail), room)
    lines += wrap_labeled(
        "",
        one_line(
            f"{result.state}: v{result.send.version} via {result.send.transport},"
            f" {result.account.label}"
        ),
        room,
        indent=2,
    )
    for line in result.advice:
        lines += wrap_labeled("  ", one_line(str(line)), room, indent=4)
    return "\n".join(lines) + "\n"

# SPDX-License-Identifier: GPL-2.0-or-later
"""Find a tracked series by its ID, which is its number or one of its messages."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.cli import ask
from patchpilot.cli.command import NUMBER, Argument, convert_argument
from patchpilot.cli.output.stream import print_message
from patchpilot.errors import UsageError
from patchpilot.model.action import Action

if TYPE_CHECKING:
    from patchpilot.topic.state import TopicState


def find_series_number(text: str) -> int:
    """Return the number of a tracked series, given its number, a Message-ID or an archive URL.

    Raise UsageError if no tracked series contains the message.
    """
    if "@" not in text:
        return int(convert_argument(Argument("ID", kind=NUMBER), text))
    from patchpilot.model.mail import parse_message_id
    from patchpilot.threads.known_series import find_series_with_mail, open_store

    message_id = parse_message_id(text)
    with open_store() as store:
        entry = find_series_with_mail(message_id, store) if message_id else None
    if entry is None:
        raise UsageError(
            f"no tracked series has the message {text}",
            hint=Action("track", ("add", text), "to track it: {}"),
        )
    return entry.id


def choose_series(entries: Sequence[tuple[int, str]], topic: "TopicState | None") -> int:
    """Return the number of the topic's series or of the only series, or ask the user to choose.

    Raise UsageError if there is no terminal.
    """
    from patchpilot.errors import MissingError
    from patchpilot.model.printable import make_printable

    if topic and topic.series:
        return topic.series.entry.id
    if not entries:
        raise MissingError(
            "no series is tracked",
            hint="run `patchpilot track add '<message-id>'`",
        )
    if len(entries) == 1:
        return entries[0][0]
    rows = [f"{number:>3}  {make_printable(subject)}" for number, subject in entries]
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            f"ID is missing: {len(entries)} series are tracked",
            hint=f"`patchpilot track show {entries[0][0]}`, or the number of another series:\n"
            + "\n".join(rows),
        )
    print_message("\n".join(rows))
    numbers = [str(number) for number, _ in entries]
    return int(ask.ask_choice("Which series?", numbers))

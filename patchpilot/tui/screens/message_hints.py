# SPDX-License-Identifier: GPL-2.0-or-later
"""Hints about overlong lines in a commit message, as a reviewer would give them.

The message is shown as in the patch email, with each hint below its line.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patchpilot.model.printable import width
from patchpilot.model.trailer import is_trailer

SUBJECT = BODY = 75
"""Columns of the subject and of the lines of the body, as
Documentation/process/submitting-patches.rst asks for.
"""
_SUBJECT = "Subject: "
_PREFIX = re.compile(r"Subject: \[PATCH( \d+/\d+)?\]")


class MessageHint(NamedTuple):
    """A hint about a line of the displayed commit; lines are counted from 0."""

    line: int
    text: str


def message_hints(rows: Sequence[str], title: str) -> Iterator[MessageHint]:
    """Yield a hint for each overlong line in the message of a displayed commit.

    Quoted and indented text, tags and URLs may be longer.
    """
    end = next((at for at, row in enumerate(rows) if row == "---"), len(rows))
    subject = next(
        (at for at, row in enumerate(rows[:end]) if row.startswith(_SUBJECT)), None
    )
    while (
        subject is not None
        and rows[subject + 1 : subject + 2]
        and rows[subject + 1].startswith(" ")
    ):
        # a long one is folded
        subject += 1
    if subject is not None and width(title) > SUBJECT:
        yield MessageHint(
            subject, f"subject of {width(title)} columns; at most {SUBJECT}"
        )
    for at in range((subject or 0) + 1, end):
        if width(rows[at]) > BODY and _is_prose(rows[at]):
            yield MessageHint(at, f"line of {width(rows[at])} columns; wrap at {BODY}")


def _is_prose(row: str) -> bool:
    return (
        not is_trailer(row)
        and row[:1] not in (" ", "\t", ">", "|")
        and "://" not in row
        and " " in row[:BODY]
    )


def with_prefix(rows: Sequence[str], mark: str) -> list[str]:
    """Return the lines of a commit with its subject prefix, such as `PATCH net v2`.

    The number in the series is kept.
    """
    return [
        _PREFIX.sub(lambda found: f"{_SUBJECT}[{mark}{found[1] or ''}]", row)
        if row.startswith(_SUBJECT)
        else row
        for row in rows
    ]

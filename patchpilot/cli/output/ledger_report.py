# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the review comments on a series as text."""

from collections import Counter
from collections.abc import Container, Iterator

from patchpilot.cli.output.stream import result_width, wrap_labeled
from patchpilot.model.printable import make_one_line, make_printable
from patchpilot.reading.requests import PointState
from patchpilot.threads.review_ledger import LedgerItem, SeriesLedger

_MOST_LINES = 8
"""Maximum lines shown of a hunk."""


def format_ledger(ledger: SeriesLedger, numbered_versions: Container[int]) -> str:
    """Format the review comments by message.

    Each has its state, the lines that it refers to, and the evidence for its state.
    `numbered_versions` are the versions with several patches, whose numbers are named.
    """
    if not ledger.points:
        return "no requests\n"
    lines: list[str] = []
    mail = None
    for item in ledger.points:
        if item.point.message_id != mail:
            mail = item.point.message_id
            target = _describe_target(item, numbered_versions)
            lines += [
                *([""] if lines else []),
                make_one_line(f"{item.point.asker} on {target}  <{mail}>"),
            ]
        lines += _format_item(item)
    counts = Counter(item.state for item in ledger.points)
    lines += [
        "",
        ", ".join(f"{counts[state]} {state}" for state in PointState if counts[state]),
    ]
    return "\n".join(lines) + "\n"


def _describe_target(item: LedgerItem, numbered_versions: Container[int]) -> str:
    version = f"v{item.point.version}" if item.point.version else "the series"
    is_numbered = item.point.patch and item.point.version in numbered_versions
    return f"{version}, patch {item.point.patch}" if is_numbered else version


def _format_item(item: LedgerItem) -> Iterator[str]:
    yield from wrap_labeled(
        f"  {item.number:>3}  {item.state:9}  ",
        make_one_line(item.point.text),
        result_width(),
    )
    quoted = [line for line in item.point.quoted if line.strip()][-2:]
    indent = " " * 18
    if item.position:
        yield f"{indent}at {make_printable(item.position)}"
    yield from (f"{indent}> {make_one_line(line)}" for line in quoted)
    if item.marked:
        yield f"{indent}marked by you"
    elif item.state is PointState.ADDRESSED and item.hunk:
        yield f"{indent}by {make_one_line(item.hunk.place)}"
        yield from (
            f"{indent}  {make_printable(line).rstrip()}" for line in item.hunk.lines[:_MOST_LINES]
        )
    elif item.state is PointState.ANSWERED:
        yield f"{indent}by <{item.reply}>"

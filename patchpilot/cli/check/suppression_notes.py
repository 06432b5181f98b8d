# SPDX-License-Identifier: GPL-2.0-or-later
"""Print notes about waivers and baselines on stderr.

Imported only if there are waivers or baselines.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchpilot.cli.error_exit import print_notice
from patchpilot.cli.output.stream import print_message
from patchpilot.model.printable import (
    crop_text,
    format_count,
    make_one_line,
    make_printable,
)

if TYPE_CHECKING:
    from patchpilot.checking.result import CheckResult
    from patchpilot.cli.common import Common

QUOTE_WIDTH = 72
"""Width to which quoted lines are cropped."""


def print_suppression_notes(common: "Common", result: "CheckResult") -> None:
    """Print the notes on stderr.

    Print none in the checkpatch format, because its users treat any output as a failure.
    """
    if common.format != "checkpatch":
        for line in _format_suppression_notes(result, verbose=common.verbose, quiet=common.quiet):
            if line.startswith(" "):
                print_message(make_printable(line))
            else:
                print_notice("note", line)


def _format_suppression_notes(
    result: "CheckResult", *, verbose: bool, quiet: bool
) -> Iterator[str]:
    """Yield the lines of the notes; continuation lines start with a space."""
    waivers, baseline = result.waivers, result.baseline
    for waiver in waivers.expired if waivers else ():
        yield (
            f"{waiver.origin}: the waiver for {waiver.title} expired on {waiver.until}; its"
            " findings count again"
        )
    for waiver in waivers.without_files if waivers else ():
        paths = ", ".join(make_one_line(repr(path)) for path in waiver.paths)
        yield (
            f"{waiver.origin}: {paths} in the waiver for {waiver.rule} matches no file (a directory"
            " ends in '/')"
        )
    if verbose and waivers:
        for unused_waiver in waivers.unused:
            yield f"{unused_waiver.origin}: unused waiver for {unused_waiver.title}"
    if baseline is None or quiet:
        return
    if update := baseline.written:
        yield (
            f"{baseline.file}: {format_count(update.recorded, 'finding')} recorded,"
            f" {update.new} new, {update.dropped} removed"
        )
    if baseline.stale:
        count = sum(entry.times for entry in baseline.stale)
        count_text = "1 finding is" if count == 1 else f"{count} findings are"
        details = "" if verbose else "; -v lists them"
        yield f"{baseline.file}: {count_text} gone (--write-baseline removes them{details})"
        if verbose:
            for stale in baseline.stale:
                repetitions = f" ({stale.times} times)" if stale.times > 1 else ""
                yield (
                    crop_text(
                        make_one_line(
                            f"  {stale.path or 'the message'}: {stale.name}: {stale.text}"
                        ),
                        QUOTE_WIDTH,
                    )
                    + repetitions
                )

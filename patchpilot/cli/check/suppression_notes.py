# SPDX-License-Identifier: GPL-2.0-or-later
"""Print check's notes on waivers and baselines on stderr; imported only if there are any."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchpilot.cli.error_exit import notice
from patchpilot.cli.output.stream import tell
from patchpilot.model.printable import counted, crop, one_line, printable

if TYPE_CHECKING:
    from patchpilot.checking.check_result import CheckResult
    from patchpilot.cli.common import Common

SHOWN = 72
"""Width of a quoted line."""


def print_notes(common: "Common", result: "CheckResult") -> None:
    """Print the notes on stderr, except in the checkpatch format, because its readers treat any
    output as a failure.
    """
    if common.format != "checkpatch":
        for line in _note_lines(result, verbose=common.verbose, quiet=common.quiet):
            if line.startswith(" "):
                tell(printable(line))
            else:
                notice("note", line)


def _note_lines(result: "CheckResult", *, verbose: bool, quiet: bool) -> Iterator[str]:
    """Yield the lines of the notes; a continuation line starts with a space."""
    waivers, baseline = result.waivers, result.baseline
    for expired in waivers.expired if waivers else ():
        yield (
            f"{expired.origin}: the waiver for {expired.title} expired on {expired.until}; its"
            " findings count again"
        )
    if verbose and waivers:
        for unused in waivers.unused:
            yield f"{unused.origin}: unused waiver for {unused.title}"
    if baseline is None or quiet:
        return
    if written := baseline.written:
        yield (
            f"{baseline.file}: {counted(written.recorded, 'finding')} recorded, {written.new} new,"
            f" {written.dropped} removed"
        )
    if baseline.stale:
        count = sum(entry.times for entry in baseline.stale)
        gone = "1 finding is" if count == 1 else f"{count} findings are"
        details = "" if verbose else "; -v lists them"
        yield f"{baseline.file}: {gone} gone (--write-baseline removes them{details})"
        if verbose:
            for stale in baseline.stale:
                times = f" ({stale.times} times)" if stale.times > 1 else ""
                yield (
                    crop(
                        one_line(
                            f"  {stale.path or 'the message'}: {stale.name}: {stale.text}"
                        ),
                        SHOWN,
                    )
                    + times
                )

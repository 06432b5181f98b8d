# SPDX-License-Identifier: GPL-2.0-or-later
"""What `check` says on stderr of waivers and baselines. Loaded only where one of them is there."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchpilot.model.counted import counted
from patchpilot.model.printable import crop, one_line, printable

if TYPE_CHECKING:
    from patchpilot.cli.common import Common
    from patchpilot.services.check.check_result import CheckResult

SHOWN = 72
"""Columns of a line that is quoted on stderr."""


def remark(common: "Common", result: "CheckResult") -> None:
    """Say on stderr what a person should know; nothing in the checkpatch form, whose readers take it for a failure."""
    if common.format != "checkpatch":
        for line in _remarks(result, verbose=common.verbose, quiet=common.quiet):
            print(printable(line), file=sys.stderr)


def _remarks(result: "CheckResult", *, verbose: bool, quiet: bool) -> Iterator[str]:
    verdict = result.verdict
    if verdict is None:
        return
    for expired in verdict.ended:
        yield f"{expired.origin}: the waiver of {expired.title} ended on {expired.until}: its findings count again"
    if verbose:
        for unused in verdict.unused:
            yield f"{unused.origin}: the waiver of {unused.title} was for nothing this time"
    if verdict.written and not quiet:
        total, fresh, dropped = verdict.written
        yield f"{verdict.baseline}: {counted(total, 'finding')} recorded, {fresh} of them new, {dropped} dropped"
    if verdict.stale and not quiet:
        count = sum(entry.count for entry in verdict.stale)
        gone = "1 finding is" if count == 1 else f"{count} findings are"
        way = "" if verbose else ", -v shows them"
        yield f"{verdict.baseline}: {gone} no longer there (--write-baseline drops them{way})"
        if verbose:
            for stale in verdict.stale:
                times = f" ({stale.count} times)" if stale.count > 1 else ""
                yield crop(one_line(f"  {stale.path or 'the message'}: {stale.name}: {stale.text}"), SHOWN) + times

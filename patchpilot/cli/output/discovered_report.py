# SPDX-License-Identifier: GPL-2.0-or-later
"""The series that `track add --mine` found, as text."""

import shutil
import sys

from patchpilot.model.counted import counted
from patchpilot.model.printable import crop, printable
from patchpilot.services.track.discover_series import Discovered


def discovered_text(found: Discovered, *, numbered: bool = False) -> str:
    """Return one line per series, latest first: date, version, patches, title, and whether
    tracked.

    The Message-ID is below it unless the series is tracked. With `numbered`, the series are
    numbered from 1, for a choice.
    """
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else 400
    authors = printable(", ".join(found.authors))
    if not found.series and not found.without_original:
        return f"no series from {authors} since {found.since:%Y-%m-%d}"
    lines = []
    for at, series in enumerate(found.series, 1):
        sent = f"{series.sent:%Y-%m-%d}" if series.sent else "????-??-??"
        patches = counted(series.patches, "patch", "patches")
        known = (
            f"; {'now ' if series.is_new else ''}followed as {series.number}"
            if series.number is not None
            else ""
        )
        place = f"{at:>3}  " if numbered else ""
        lines.append(
            crop(
                f"{place}{sent}  v{series.version:<3} {printable(series.subject)}"
                f" ({patches}{known})",
                columns,
            )
        )
        indent = " " * (17 + len(place))
        lines += [
            crop(f"{indent}stable: {printable(mail.subject)}", columns)
            for mail in series.stable[-1:]
        ]
        if series.number is None and not numbered:
            lines.append(crop(f"{indent}<{printable(series.message_id)}>", columns))
    lines += [
        crop(
            f"original not found: {printable(mail.subject)} <{printable(mail.message_id)}>",
            columns,
        )
        for mail in found.without_original
    ]
    still = sum(series.number is None for series in found.series)
    if still and not numbered:
        lines.append(
            f"{counted(still, 'series', 'series')} not tracked: `patchpilot track add --mine"
            " --all`, or `patchpilot track add '<message-id>'`"
        )
    return "\n".join(lines)

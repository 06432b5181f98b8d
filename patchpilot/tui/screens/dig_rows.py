# SPDX-License-Identifier: GPL-2.0-or-later
"""The thread in which a commit was posted, as lines."""

from typing import TYPE_CHECKING

from patchpilot.model.printable import one_line, printable

if TYPE_CHECKING:
    from patchpilot.services.track.dig_commit import DugCommit


def dig_rows(found: "DugCommit") -> list[str]:
    """Return the posted message, the five header rows of its series, its tags and its history.

    Each event of the history has its evidence.
    """
    from patchpilot.services.track.series_head import head_rows
    from patchpilot.topic.followed.story import story

    label = f"{found.revision.label}, " if found.revision else ""
    lines = [
        f"posted    {label}{found.url or f'<{found.mail.message_id}>'}",
        f"author    {found.series.author or ''}",
    ]
    lines += [f"{row.name:<9} {row.says}" for row in head_rows(found.tracked)]
    lines += [f"tag v{tag.version:<4} {tag.trailer}" for tag in found.series.trailers]
    lines += ["", "History"]
    for event in story(found.tracked):
        day = f"{event.when:%Y-%m-%d}" if event.when else "now"
        proof = f"  {event.proof}" if event.proof else ""
        lines.append(f"{day:<10}  {event.text}{proof}")
    return [one_line(printable(line)) for line in lines]

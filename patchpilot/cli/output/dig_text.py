# SPDX-License-Identifier: GPL-2.0-or-later
"""The posted series of a commit as text."""

from patchpilot.cli.output.track_report import series_text
from patchpilot.model.action import Action
from patchpilot.model.printable import printable
from patchpilot.services.track.dig_commit import DugCommit


def dig_text(
    found: DugCommit, *, room: int | None = None, with_mails: bool = False
) -> str:
    """Return the commit, its posted message, and the series in the form of `track show`."""
    label = f"{found.revision.label}, " if found.revision else ""
    follow = Action("track", ("add", f"<{found.mail.message_id}>"), "{}")
    lines = [f"commit {found.asked.reference}"]
    if found.upstream:
        lines.append(f"  upstream  {found.commit.reference}")
    lines += [
        f"  posted    {label}found {found.how}",
        f"            {found.url or f'<{found.mail.message_id}>'}",
    ]
    thread = series_text(found.tracked, room=room, with_mails=with_mails)
    return "\n".join(
        [printable("\n".join(lines)), "", thread, printable(f"  follow it {follow}")]
    )

# SPDX-License-Identifier: GPL-2.0-or-later
"""What reviewers of the last version asked, for the changelog of the next one; nothing where the series is not followed."""

from patchpilot.errors import PatchpilotError
from patchpilot.model.trailer import is_trailer
from patchpilot.outgoing.outbox import Send

ASKING = ("review", "question", "nack", "trailers")
MAX_LINES = 12


def asked(last: Send) -> tuple[str, ...]:
    """Who replied to the last version with a review comment or a question, and how it begins."""
    from patchpilot.services.track.follow_series import listed
    from patchpilot.threads.track_store import Store

    ids = {entry.mail.message_id for entry in last.entries}
    lines = []
    try:
        followed = listed(store=Store())
    except PatchpilotError:
        return ()
    for series in followed:
        if series.status is None or not ids & series.status.message_ids:
            continue
        for reply in series.status.replies:
            mail = reply.mail
            if mail.by_author or mail.bot or str(mail.kind) not in ASKING:
                continue
            beginning = _beginning(mail.body.text)
            if beginning:
                lines.append(f"{mail.sender.name or mail.sender.email} ({mail.kind}): {beginning}")
    return tuple(lines[:MAX_LINES])


def _beginning(body: str) -> str:
    """The first line of a reply's own words that is no attribution, greeting or tag."""
    for line in body.splitlines():
        clean = line.strip()
        if clean and not is_trailer(clean) and not clean.endswith((":", ",")) and len(clean.split()) > 2:
            return clean[:100]
    return ""

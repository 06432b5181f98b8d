# SPDX-License-Identifier: GPL-2.0-or-later
"""Group recipients by the reason why they were added."""

import re
from collections.abc import Sequence

from patchpilot.model.recipient import COMMENTED, Recipient, RecipientPlan

INTRODUCED, TAGS, HISTORY, COVER, ANSWERS, THREADS, PROJECT, SETTINGS, BY_YOU = _ORDER = (
    "Commit that introduced the bug",
    "Tags in the message",
    "Recent contributors (git history)",
    "b4's cover letter",
    "Your answers",
    "Earlier versions and replies",
    "List of the project",
    "Your settings",
    "Added by you",
)
_OF_ROLE = {
    "by hand": BY_YOU,
    "added": BY_YOU,
    "recent contributor": HISTORY,
    "named in file": HISTORY,
    "in the cover letter": COVER,
    "security team": ANSWERS,
    "answered": THREADS,
    COMMENTED: THREADS,
    "earlier recipient": THREADS,
}
_OF_REASON = (
    (re.compile("^answered: "), ANSWERS),
    (re.compile("in the message$"), TAGS),
    (re.compile("^received "), THREADS),
    (re.compile("'s list$"), PROJECT),
)
"""The reasons that decide the group if the role does not."""


Placed = tuple[str, Recipient]
"""A recipient together with its header, or "out"."""


def group_recipients(rows: Sequence[Placed], plan: RecipientPlan) -> dict[str, list[Placed]]:
    """Group the recipients by the reason why they were added.

    Sections come first, in the plan's order, and then other reasons. A group lists recipients in To
    first, then other included recipients. People come before lists.
    """
    status = {section.name: section.status for section in plan.sections}
    order = [*status, *_ORDER]
    groups: dict[str, list[Placed]] = {title: [] for title in order}
    # an excluded recipient keeps its position, which its own header decides
    for row in sorted(rows, key=lambda row: (row[1].header == "cc", row[1].role.endswith("list"))):
        groups.setdefault(_find_title(row[1]), []).append(row)
    return {
        f"{title} ({status[title]})" if status.get(title) else title: members
        for title, members in groups.items()
        if members
    }


def _find_title(recipient: Recipient) -> str:
    if recipient.section:
        return recipient.section
    if recipient.role in _OF_ROLE:
        return _OF_ROLE[recipient.role]
    if recipient.role.startswith("culprit"):
        return INTRODUCED
    reasons = recipient.reasons
    titles = (title for pattern, title in _OF_REASON if any(map(pattern.search, reasons)))
    return next(titles, SETTINGS)

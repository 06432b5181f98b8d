# SPDX-License-Identifier: GPL-2.0-or-later
"""Groups recipients by the reason for including them.

The reasons are sections of MAINTAINERS, the commit that introduced the bug, tags, history,
settings, and the user.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.model.recipient import Recipient, RecipientPlan

OUT = "out"
INTRODUCED, TAGS, HISTORY, COVER, ANSWERS, SETTINGS, BY_YOU = (
    "Commit that introduced the bug",
    "Tags in the message",
    "Recent contributors (git history)",
    "b4's cover letter",
    "Your answers",
    "Your settings",
    "Added by you",
)
_ORDER = (INTRODUCED, TAGS, HISTORY, COVER, ANSWERS, SETTINGS, BY_YOU)
_OF_ROLE = {
    "by hand": BY_YOU,
    "added": BY_YOU,
    "recent contributor": HISTORY,
    "named in file": HISTORY,
    "in the cover letter": COVER,
    "security team": ANSWERS,
    "regressions list": ANSWERS,
}


@dataclass(frozen=True, slots=True)
class RecipientGroup:
    """A reason, and the recipients that it adds as (header or "out", recipient) pairs."""

    title: str
    rows: tuple[tuple[str, Recipient], ...]


def grouped(
    rows: Sequence[tuple[str, Recipient]], plan: RecipientPlan
) -> tuple[RecipientGroup, ...]:
    """Return the recipients in groups: the sections in the plan's order, then the others.

    Within a group, recipients in To come first, then the other included ones; people come before
    lists.
    """
    status = {section.name: section.status for section in plan.sections}
    found: dict[str, list[tuple[str, Recipient]]] = {name: [] for name in status}
    for header, recipient in rows:
        found.setdefault(_title(recipient), []).append((header, recipient))
    order = [*status, *_ORDER]
    titles = sorted(
        (title for title, members in found.items() if members),
        key=lambda title: order.index(title) if title in order else len(status),
    )
    return tuple(
        RecipientGroup(
            f"{title} ({status[title]})" if status.get(title) else title,
            tuple(sorted(found[title], key=_rank)),
        )
        for title in titles
    )


def _title(recipient: Recipient) -> str:
    if recipient.section:
        return recipient.section
    if recipient.role in _OF_ROLE:
        return _OF_ROLE[recipient.role]
    if recipient.role.startswith("culprit"):
        return INTRODUCED
    return (
        TAGS
        if any(reason.endswith("in the message") for reason in recipient.reasons)
        else SETTINGS
    )


def _rank(row: tuple[str, Recipient]) -> tuple[bool, bool]:
    _, recipient = row
    # an excluded one stays in its place
    return recipient.header == "cc", recipient.role.endswith("list")


def role_of(recipient: Recipient) -> str:
    """Return the recipient's role as displayed in its group."""
    return (
        "added"
        if recipient.role == "by hand"
        else recipient.role.removeprefix("culprit").strip()
    )

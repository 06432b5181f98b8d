# SPDX-License-Identifier: GPL-2.0-or-later
"""The section of the HTML page with the messages of a series as a collapsed tree."""

import re
from collections.abc import Sequence
from itertools import groupby

from patchpilot.model.counted import counted
from patchpilot.services.track.conversation import ConversationMail, conversation
from patchpilot.services.track.page.markup import Markup, element, joined, link
from patchpilot.services.track.page.sources import Sources
from patchpilot.services.track.page.timeline_lanes import tone_of
from patchpilot.topic.followed.known_series import Tracked

_DEEPEST = 6
_MOST_LINES = 400
_DIFF = re.compile(r"^(?:diff --git |Index: \S|--- (?:a/|/dev/null))")


def mails_section(series: Tracked, sources: Sources) -> Markup:
    """Returns the section with the messages of a series as a tree, empty if there are none."""
    mails = conversation(series)
    if not mails:
        return Markup()
    summary = element(
        "summary", element("h3", "Mails ", element("small", str(len(mails))))
    )
    return element(
        "details",
        summary,
        *(_mail(mail, mail.message_id in series.unread, sources) for mail in mails),
        class_="mails",
    )


def _mail(shown: ConversationMail, unread: bool, sources: Sources) -> Markup:
    mail = shown.mail
    kind = (
        str(mail.kind).replace("-", " ")
        if shown.reply
        else "patch"
        if mail.kind != "cover"
        else "cover letter"
    )
    about = shown.label or (
        shown.reply.revision.label if shown.reply and shown.reply.revision else ""
    )
    first = (
        next(
            (line.text.strip() for line in mail.body.own if len(line.text.split()) > 2),
            "",
        )
        if shown.reply
        else mail.subject.title
    )
    notes = (
        about,
        "bot" if mail.bot else "",
        "new" if unread else "",
        mail.mail.date_note,
    )
    summary = element(
        "summary",
        element(
            "span", kind, class_=f"pill {tone_of(mail) if shown.reply else 'sent'}"
        ),
        element("span", mail.who, class_="who"),
        element("span", ", ".join(filter(None, notes)), class_="about"),
        element(
            "span",
            f"{mail.mail.date:%Y-%m-%d}" if mail.mail.date else "no date",
            class_="day",
        ),
        element("span", first, class_="begins"),
    )
    address = sources.mail(shown.message_id)
    head = element(
        "p", f"{mail.mail.subject} ",
        link(address, address), class_="address",
    )  # fmt: skip
    return element(
        "details",
        summary,
        head,
        _text(mail.mail.body.split("\n"), address),
        class_=f"mail d{min(len(shown.more), _DEEPEST)}",
    )


def _text(lines: Sequence[str], address: str) -> Markup:
    """The text of a mail with its quotes set off.

    A diff that nobody quotes, and what is very long, is left to the archive.
    """
    diff = next((at for at, line in enumerate(lines) if _DIFF.match(line)), len(lines))
    end = min(diff, _MOST_LINES)
    kept = lines[:end]
    parts = [
        element("span", "\n".join(some) + "\n", class_="quote")
        if quoted
        else joined("\n".join(some) + "\n")
        for quoted, group in groupby(kept, key=lambda line: line.startswith(">"))
        if (some := list(group))
    ]
    left = len(lines) - end
    what = "diff" if diff <= _MOST_LINES else "text"
    more = (
        element(
            "p",
            link(address, f"{counted(left, 'more line')} of {what} in the archive"),
            class_="more",
        )
        if left > 1
        else Markup()
    )
    return joined(element("pre", *parts), more)

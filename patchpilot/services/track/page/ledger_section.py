# SPDX-License-Identifier: GPL-2.0-or-later
"""What reviewers asked for, and what became of it."""

from patchpilot.services.track.follow_series import Tracked
from patchpilot.services.track.page.markup import Markup, element, link
from patchpilot.services.track.page.sources import Sources
from patchpilot.threads.review_points import review_points
from patchpilot.threads.status import Status


def ledger_section(series: Tracked, status: Status, sources: Sources) -> Markup:
    """A list of what the reviews of the newest version ask for; nothing where none asks."""
    points = review_points(status)
    if not points:
        return Markup()
    answered = {reply.mail.mail.in_reply_to for reply in status.replies if reply.mail.by_author}
    rows = []
    for point in points:
        state = "addressed" if point.key in series.ticked else "answered" if point.message_id in answered else "open"
        pill = element("span", state, class_=f"pill {'asks' if state == 'open' else 'good'}")
        by = link(sources.mail(point.message_id), point.asker)
        rows.append(element("li", pill, element("div", element("p", point.text), element("p", by, class_="by"))))
    return element("section", element("h3", "Review"), element("ul", *rows, class_="ledger"))

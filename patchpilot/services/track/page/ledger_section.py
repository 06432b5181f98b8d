# SPDX-License-Identifier: GPL-2.0-or-later
"""What reviewers asked for, and what became of it."""

from patchpilot.services.track.follow_series import Tracked
from patchpilot.services.track.page.markup import Markup, element, link
from patchpilot.services.track.page.sources import Sources
from patchpilot.services.track.review_ledger import PointState, ledger_of
from patchpilot.threads.status import Status


def ledger_section(series: Tracked, status: Status, sources: Sources) -> Markup:
    """A list of what the reviews of all versions ask for; nothing where none asks."""
    rows = []
    for item in ledger_of(status, series.marks):
        pill = element("span", str(item.state), class_=f"pill {'asks' if item.state is PointState.OPEN else 'good'}")
        by = link(sources.mail(item.point.message_id), item.point.asker)
        rows.append(element("li", pill, element("div", element("p", item.point.text), element("p", by, class_="by"))))
    return element("section", element("h3", "Review"), element("ul", *rows, class_="ledger")) if rows else Markup()
